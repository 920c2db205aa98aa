// init: make what a store needs, or say what that would be.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/deadline.h"
#include "cli/preparation.h"
#include "cli/records.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

class InitCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "init",
        .group = "Operate",
        .summary = "make the file or the indexes a store needs; print the role it needs",
        .usage = "[--dry-run] [--print-role]",
        .examples = {{"mongoelector init", "once, as a user who may make indexes"},
                     {"mongoelector init --print-role", "for the administrator of a MongoDB"}},
        .details =
            "Every command makes by itself what is missing and what its user may make; this one\n"
            "does nothing else. Run it as often as you like. Neither --dry-run nor --print-role\n"
            "connects.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_flag("--dry-run", dry_run_, "only say what would be made");
    flags.add_flag("--print-role", print_role_, "the least role, as commands for mongosh");
  }

  int run(Context& context) override {
    if (dry_run_ && print_role_)
      throw Failure(Exit::usage, "--dry-run and --print-role contradict each other");
    const StoreChoice choice = choose_store(context.globals, true);
    if (print_role_) {
      print_role(context, database_of(choice), choice.collection_prefix.value);
    } else {
      answer(context, dry_run_ ? planned(choice) : made(context, choice));
    }
    return 0;
  }

 private:
  struct Part {
    std::string text;
    std::string place;  // as the store's warnings name it
  };
  struct Answer {
    std::string store;
    std::vector<Part> parts;            // what is made where it is missing
    std::vector<std::string> warnings;  // what could not be made, or is not as it should be
  };

  static void print_role(Context& context, const std::string& database,
                         const std::string& prefix) {
    const std::string commands = role_commands(database, prefix);
    if (!context.out.json()) {
      context.out.answer(commands);
      return;
    }
    Json document = new_document("mongoelector.role_commands/1");
    document["database"] = database;
    document["mongosh"] = commands;
    context.out.answer_document(document);
  }

  static std::vector<Part> parts_of(const StoreChoice& choice) {
    if (const auto path = sqlite_path(choice)) return {{"file " + shown(*path), *path}};
    if (choice.uri == "memory:") return {};
    std::vector<Part> parts;
    const std::string database = database_of(choice);
    for (const Broom& broom : brooms(choice.collection_prefix.value)) {
      const std::string place = database + "." + broom.collection;
      parts.push_back({fmt::format("index on {} of {}, expireAfterSeconds {}", broom.field,
                                   shown(place), broom.after.count()),
                       place});
    }
    return parts;
  }

  static Answer planned(const StoreChoice& choice) {
    refuse_names(choice);
    Answer answer{.store = choice.origin.empty() ? "sqlite:" + default_sqlite_path()
                                                 : redact_uri(choice.uri),
                  .parts = parts_of(choice)};
    const auto path = sqlite_path(choice);
    if (path && std::filesystem::exists(*path)) answer.parts.clear();
    return answer;
  }

  static Answer made(Context& context, const StoreChoice& choice) {
    const Deadline deadline(context, "; some of it may be made all the same");
    const Connection connection = open_connection(context, choice);
    connection.session->store().maintain({});
    Answer answer{.store = connection.uri,
                  .parts = parts_of(choice),
                  .warnings = ask_moment(connection).info.warnings};
    // What the store warns of is not as it should be.
    std::erase_if(answer.parts, [&](const Part& part) {
      return std::any_of(answer.warnings.begin(), answer.warnings.end(),
                         [&](const std::string& warning) {
                           return warning.find(" of " + part.place + " ") != std::string::npos;
                         });
    });
    return answer;
  }

  void answer(Context& context, const Answer& answer) const {
    if (context.out.json()) {
      Json document = new_document("mongoelector.init/1");
      document["store"] = answer.store;
      document["dry_run"] = dry_run_;
      document["parts"] = Json::array();
      for (const Part& part : answer.parts) document["parts"].push_back(part.text);
      document["warnings"] = answer.warnings;
      context.out.answer_document(document);
      return;
    }
    std::string text = fmt::format("store  {}\n", shown(answer.store));
    for (const Part& part : answer.parts)
      text += fmt::format("{}  {}\n", dry_run_ ? "if missing" : "ok  ", part.text);
    for (const std::string& warning : answer.warnings) text += fmt::format("warn  {}\n", warning);
    if (dry_run_ && answer.parts.empty()) text += "nothing to make\n";
    context.out.answer(text);
  }

  bool dry_run_ = false;
  bool print_role_ = false;
};

}  // namespace

std::unique_ptr<Command> make_init() { return std::make_unique<InitCommand>(); }

}  // namespace mongoelector::cli
