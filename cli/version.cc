#include "mongoelector/version.h"

#include <fmt/format.h>

#include <CLI/Version.hpp>

#include "cli/command.h"

namespace mongoelector::cli {

namespace {

class VersionCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{.name = "version",
                              .group = "Operate",
                              .summary = "show the version",
                              .usage = "[--json]",
                              .examples = {}};
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
    document["compiler"] = fmt::format("g++ {}", __VERSION__);
    document["libraries"] = {
        {"CLI11", CLI11_VERSION},
        {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                            FMT_VERSION % 100)},
        {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}};
    context.out.answer(to_text(document));
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_version() { return std::make_unique<VersionCommand>(); }

}  // namespace mongoelector::cli
