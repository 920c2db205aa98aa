#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <optional>
#include <string>

#include "base/text.h"
#include "cli/command.h"
#include "cli/deadline.h"
#include "cli/records.h"

namespace mongoelector::cli {

namespace {

class ReleaseCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "release",
        .group = "Steer",
        .summary = "give up a lease by its token, or break it by force",
        .usage = "NAME (--token N | --force) [flags]",
        .examples =
            {{"mongoelector release nightly --token 42", "give up what is held under this token"},
             {"mongoelector release nightly --force", "break it; shows the holder and asks first"},
             {"mongoelector release nightly --force --confirm nightly --no-input", "in a script"}},
        .details =
            "NAME is a lock or an election; lock/NAME and election/NAME say which.\n"
            "Breaking a lease does not stop its holder's work: the holder finds out at its next\n"
            "renewal, and until then two may work at a time.\n"
            "On MongoDB the store knows a token from the lease's first renewal on.\n"
            "Exits 3 if nobody holds NAME, 75 if another lease than the one meant is in force.\n"};
    return kAbout;
  }

  void add_flags(CLI::App& app) override {
    app.add_option("NAME", name_, "a lock or an election")->required();
    add_token(app, "--token", token_, "release the lease that has this token");
    app.add_flag("--force", force_, "release it whoever holds it");
    add_token(app, "--if-token", if_token_, "with --force: only if the lease has this token");
    app.add_flag("--even-if-live", even_if_live_, "with --force: also if its holder renews it");
    app.add_flag("--dry-run", dry_run_, "say what would be done, and do nothing");
  }

  int run(Context& context) override {
    check_flags();
    const Target target = parse_target(name_);
    std::optional<Deadline> deadline(context);
    const Connection connection = open_connection(context);
    LeaseStore& store = connection.session->store();
    const auto record = find_record(store, target);
    if (!record || !live(*record)) {
      const std::string what = record ? internal::show_key(record->key) : internal::quoted(name_);
      throw Failure(Exit::no, fmt::format("nobody holds {}", what));
    }
    check_token(*record);
    if (force_) {
      check_alive(*record);
      deadline.reset();
      if (!dry_run_) confirm(context, *record);
      deadline.emplace(context, "; it may be released all the same");
    }
    if (!dry_run_) give_up(store, *record);
    deadline.reset();
    report(context, connection, *record);
    return 0;
  }

 private:
  static void add_token(CLI::App& app, const std::string& name, std::optional<Token>& token,
                        const std::string& description) {
    const auto set = [name, &token](const std::string& text) {
      std::size_t used = 0;
      std::uint64_t value = 0;
      try {
        if (!text.empty() && text[0] >= '0' && text[0] <= '9') value = std::stoull(text, &used);
      } catch (const std::out_of_range&) {
        used = 0;
      }
      if (used == 0 || used != text.size() || value == 0) {
        throw Failure(Exit::usage,
                      fmt::format("{} {} is not a token", name, internal::quoted(text)));
      }
      token = Token(value);
    };
    app.add_option_function<std::string>(name, set, description)->type_name("N");
  }

  void check_flags() const {
    if (token_.has_value() == force_) {
      throw Failure(Exit::usage, "release takes --token N or --force, one of them",
                    "see: mongoelector help release");
    }
    if (!force_ && (if_token_ || even_if_live_))
      throw Failure(Exit::usage, "--if-token and --even-if-live belong to --force");
  }

  void check_token(const Record& record) const {
    const auto wanted = force_ ? if_token_ : token_;
    if (!wanted || record.token == *wanted) return;
    const std::string why =
        record.token.known()
            ? fmt::format("its token is {}, not {}", to_string(record.token), to_string(*wanted))
            : "its token is not at the store before its first renewal";
    throw Failure(Exit::busy,
                  fmt::format("{} is held by {}; {}", internal::show_key(record.key),
                              describe_holder(record), why),
                  {}, holder_json(record.holder));
  }

  void check_alive(const Record& record) const {
    if (even_if_live_ || !seems_alive(record)) return;
    throw Failure(Exit::busy,
                  fmt::format("{} is held by {}, which seems alive: {}",
                              internal::show_key(record.key), describe_holder(record),
                              last_sign(record)),
                  "stop it there, or say --even-if-live", holder_json(record.holder));
  }

  static std::string last_sign(const Record& record) {
    const auto renewed = since_renewal(record);
    return fmt::format("renewed {} ago, lease ends in {}",
                       renewed ? brief(*renewed) : "an unknown time", brief(record.remaining));
  }

  static void confirm(const Context& context, const Record& record) {
    const std::string& name = record.key.name();
    const std::string& given = context.globals.confirm;
    if (given == name) return;
    if (!given.empty()) {
      throw Failure(Exit::usage, fmt::format("--confirm says {}, but the name is {}",
                                             internal::quoted(given), internal::quoted(name)));
    }
    if (context.globals.no_input || isatty(STDIN_FILENO) == 0) {
      throw Failure(Exit::usage,
                    fmt::format("breaking {} needs a confirmation", internal::show_key(record.key)),
                    fmt::format("add --confirm {}", shown(name)));
    }
    std::cerr << fmt::format(
        "{} is held by {}, token {}, for {}; {}\n"
        "Its work may still be running, and goes on until its next renewal fails.\n"
        "Type the name to break it: ",
        internal::show_key(record.key), describe_holder(record), show_token(record.token),
        brief(held_for(record)), last_sign(record));
    std::string typed;
    std::getline(std::cin, typed);
    if (typed != name) throw Failure(Exit::usage, "that is not the name; nothing was done");
  }

  static void give_up(LeaseStore& store, const Record& record) {
    const ReleaseReply reply = store.break_lease(record);
    if (reply.outcome == Outcome::lost) {
      throw Failure(Exit::busy, fmt::format("{} changed hands meanwhile; nothing was done",
                                            internal::show_key(record.key)));
    }
    require_answer(reply.outcome, reply.detail, "releasing " + internal::show_key(record.key));
  }

  void report(Context& context, const Connection& connection, const Record& record) const {
    if (!context.out.json()) {
      context.out.note(fmt::format("{} {}, held by {}, token {}",
                                   dry_run_ ? "would release" : "released",
                                   internal::show_key(record.key), describe_holder(record),
                                   show_token(record.token)));
      return;
    }
    Json document = new_document("mongoelector.release/1");
    document["store"] = {{"uri", connection.uri}};
    document["kind"] = to_string(record.key.kind());
    document["name"] = record.key.name();
    document["released"] = !dry_run_;
    document["forced"] = force_;
    document["dry_run"] = dry_run_;
    document["holder"] = holder_json(record.holder);
    document["token"] = token_json(record.token);
    context.out.answer(to_text(document));
  }

  std::string name_;
  std::optional<Token> token_;
  bool force_ = false;
  std::optional<Token> if_token_;
  bool even_if_live_ = false;
  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Command> make_release() { return std::make_unique<ReleaseCommand>(); }

}  // namespace mongoelector::cli
