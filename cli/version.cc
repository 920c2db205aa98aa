#include "mongoelector/version.h"

#include <fmt/format.h>

#include <CLI/Version.hpp>

#include "base/commit.h"
#include "cli/command.h"
#include "cli/schemas.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

class VersionCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{.name = "version",
                              .group = "Operate",
                              .summary = "show the version",
                              .usage = "",
                              .examples = {{"mongoelector version --json",
                                            "commit, compiler, libraries and schemas too"}}};
    return kAbout;
  }

  void add_flags(Flags&) override {}

  int run(Context& context) override {
    if (!context.out.json()) {
      context.out.answer(fmt::format("mongoelector {}\n", kVersion));
      return 0;
    }
    Json document = new_document("mongoelector.version/1");
    document["version"] = kVersion;
    document["commit"] = MONGOELECTOR_COMMIT;
    document["compiler"] = fmt::format("g++ {}", __VERSION__);
    document["libraries"] = {
        {"CLI11", CLI11_VERSION},
        {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                            FMT_VERSION % 100)},
        {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}};
    for (const auto& [name, version] : store_libraries()) document["libraries"][name] = version;
    document["schemas"] = kSchemas;
    context.out.answer_document(document);
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_version() { return std::make_unique<VersionCommand>(); }

}  // namespace mongoelector::cli
