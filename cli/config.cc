// config show, config path: what the tool is told, and by whom.
#include <fmt/format.h>

#include <filesystem>

#include "base/text.h"
#include "cli/command.h"
#include "cli/session.h"

namespace mongoelector::cli {

namespace {

class ConfigCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "config",
        .group = "Operate",
        .summary = "show what this tool is told, and by whom",
        .usage = "show|path [flags]",
        .examples = {{"mongoelector config show", "each setting, its value and its source"},
                     {"mongoelector config path", "the configuration file in use; 3 if there is "
                                                  "none"}},
        .details =
            "A configuration file is TOML with any of these keys, each as the flag of that name:\n"
            "uri, uri_file, password_file, database, collection_prefix (texts), require_shared\n"
            "(true or false). Of several files the first counts; --config /dev/null: none.\n"
            "Flags win over the environment, the environment over the file.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("WHAT", what_, "what to show").type_name("show|path");
  }

  int run(Context& context) override {
    if (what_ == "show") return show(context);
    if (what_ == "path") return path(context);
    const std::string mistake =
        what_.empty() ? "config needs a word: show or path"
                      : fmt::format("config {} is not one of show, path", internal::quoted(what_));
    throw Failure(Exit::usage, mistake, "see: mongoelector help config");
  }

 private:
  static std::string absolute(const ConfigPlace& place) {
    return std::filesystem::absolute(place.path).lexically_normal().string();
  }

  static int show(Context& context) {
    const StoreChoice store = choose_store(context.globals, true);
    // A text that nobody gave is null, and shown as "-".
    const std::vector<std::pair<const char*, const Setting*>> texts{
        {"password_file", &store.password_file},
        {"database", &store.database},
        {"collection_prefix", &store.collection_prefix}};
    if (context.out.json()) {
      const auto setting = [](std::string_view name, Json value, const std::string& source) {
        return Json{{"name", name},
                    {"value", std::move(value)},
                    {"source", source.empty() ? "default" : source}};
      };
      Json document = new_document("mongoelector.config/1");
      const auto place = find_config(context.globals);
      document["path"] = place ? Json(absolute(*place)) : Json(nullptr);
      document["settings"] = Json::array();
      document["settings"].push_back(setting("uri", store.shown_uri(), store.origin));
      for (const auto& [name, text] : texts) {
        document["settings"].push_back(setting(
            name, text->value.empty() ? Json(nullptr) : Json(text->value), text->origin));
      }
      document["settings"].push_back(
          setting("require_shared", store.require_shared, store.require_shared_origin));
      context.out.answer_document(document);
      return 0;
    }
    Table table({"SETTING", "VALUE", "SOURCE"});
    const auto add = [&](const char* name, const std::string& value, const std::string& source) {
      table.add({name, value, source.empty() ? "default" : shown(source)});
    };
    add("uri", shown(store.shown_uri()), store.origin);
    for (const auto& [name, text] : texts)
      add(name, text->value.empty() ? "-" : shown(text->value), text->origin);
    add("require_shared", store.require_shared ? "yes" : "no", store.require_shared_origin);
    context.out.answer(table.text(true));
    return 0;
  }

  // Also of a file that cannot be understood.
  static int path(Context& context) {
    const auto place = find_config(context.globals);
    std::vector<std::string> places;
    for (const ConfigPlace& one : config_places()) places.push_back(one.path);
    if (context.out.json()) {
      Json document = new_document("mongoelector.config_path/1");
      document["path"] = place ? Json(absolute(*place)) : Json(nullptr);
      document["source"] = place ? Json(place->origin) : Json(nullptr);
      document["places"] = places;
      context.out.answer_document(document);
    } else if (place) {
      context.out.answer(absolute(*place) + "\n");
    } else {
      context.out.note(
          fmt::format("no configuration file; looked for {}", fmt::join(places, ", ")));
    }
    return static_cast<int>(place ? Exit::done : Exit::no);
  }

  std::string what_;
};

}  // namespace

std::unique_ptr<Command> make_config() { return std::make_unique<ConfigCommand>(); }

}  // namespace mongoelector::cli
