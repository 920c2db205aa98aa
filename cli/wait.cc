// wait NAME --for WHAT: returns when it is so.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/deadline.h"
#include "cli/election.h"
#include "cli/hints.h"
#include "cli/session.h"
#include "cli/supervision.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

// Between two looks at a store that says nothing by itself.
constexpr Duration kPoll = std::chrono::milliseconds(250);
// What a look under way at the end of the waiting may take.
constexpr Duration kLastLook = std::chrono::seconds(1);

enum class Wanted { leader, no_leader, free, me };

class WaitCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "wait",
        .group = "Look",
        .summary = "wait until a lock or an election is as wanted",
        .usage = "NAME --for WHAT [--timeout DUR]",
        .examples = {{"mongoelector wait billing --for leader --timeout 30s", "75 if none comes"},
                     {"mongoelector wait nightly --for free", "for as long as it takes"},
                     {"mongoelector wait billing --for me", "until this machine leads"}},
        .details =
            "leader and no-leader are about an election, free is about a lock, unless NAME says\n"
            "otherwise (lock/NAME, election/NAME). me: a process of this machine leads or holds\n"
            "it; in a command that lock or run started, just that one.\n"
            "--timeout bounds the waiting; without it there is no end. It may be otherwise\n"
            "again as soon as this returns: to keep others out, use lock or run.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "a lock or an election").required();
    add_choice<std::optional<Wanted>>(flags, "--for", wanted_,
                                      {{"leader", Wanted::leader},
                                       {"no-leader", Wanted::no_leader},
                                       {"free", Wanted::free},
                                       {"me", Wanted::me}},
                                      "leader, no-leader, free or me");
  }

  int run(Context& context) override {
    if (!wanted_) {
      throw Failure(Exit::usage, "wait needs --for", "it may be leader, no-leader, free or me");
    }
    Target target = parse_target(name_);
    if (!target.kind && *wanted_ != Wanted::me)
      target.kind = *wanted_ == Wanted::free ? Kind::lock : Kind::election;
    const auto own_clock = make_machine_clock();
    const Instant began = own_clock->now();
    std::optional<Connection> connection;
    std::optional<Record> record;
    {
      // A short wait is no reason to give the store up.
      const Deadline deadline(
          context, "", std::max(context.globals.timeout.value_or(Duration{}), kDefaultTimeout));
      connection = open_connection(context);
      record = find_record(connection->session->store(), target);
    }
    if (!met(record)) {
      const Instant end =
          context.globals.timeout ? began + *context.globals.timeout : Instant::max();
      record = keep_looking(context, *connection, target, *own_clock, end, std::move(record));
    }
    report(context, *connection, target, record, own_clock->now() - began);
    return 0;
  }

 private:
  bool met(const std::optional<Record>& record) const {
    const bool held = record && live(*record);
    switch (*wanted_) {
      case Wanted::leader: return held;
      case Wanted::no_leader:
      case Wanted::free: return !held;
      case Wanted::me: return held && is_me(record->holder);
    }
    return false;
  }

  // The record that is as wanted. Throws Failure when the time is over.
  std::optional<Record> keep_looking(Context& context, const Connection& connection,
                                     const Target& target, const Clock& clock, Instant end,
                                     std::optional<Record> last) const {
    Hints hints(connection.session);
    std::optional<StoreError> trouble;
    while (clock.now() < end) {
      hints.wait(std::min(end, clock.now() + kPoll));
      try {
        std::optional<Deadline> deadline;
        if (end != Instant::max()) {
          deadline.emplace(context, "",
                           std::max(end - clock.now(), Duration::zero()) + kLastLook);
        }
        last = find_record(connection.session->store(), target);
        trouble.reset();
        if (met(last)) return last;
      } catch (const StoreError& error) {
        if (error.outcome() == Outcome::denied || error.outcome() == Outcome::damaged) throw;
        trouble = error;
      }
    }
    if (trouble) throw *trouble;
    throw given_up(context, target, last);
  }

  Failure given_up(const Context& context, const Target& target,
                   const std::optional<Record>& last) const {
    const std::string after = internal::show_duration(*context.globals.timeout);
    const std::string name = target.kind ? internal::show_key(Key(*target.kind, target.name))
                                         : internal::quoted(target.name);
    if (!last || !live(*last))
      return {Exit::busy, fmt::format("nobody holds {} after {}", name, after)};
    return {Exit::busy,
            fmt::format("{} is held by {} after {}", name, describe_holder(*last), after),
            {}, holder_json(last->holder)};
  }

  void report(Context& context, const Connection& connection, const Target& target,
              const std::optional<Record>& record, Duration waited) const {
    if (!context.out.json()) return;
    const bool held = record && live(*record);
    const auto kind = record ? record->key.kind() : target.kind;
    Json document = new_document("mongoelector.wait/1");
    document["store"] = {{"uri", connection.uri}};
    document["name"] = target.name;
    document["kind"] = kind ? Json(to_string(*kind)) : Json(nullptr);
    document["waited_seconds"] = seconds_json(waited);
    document["holder"] = held ? holder_json(record->holder) : Json(nullptr);
    document["token"] = held ? token_json(record->token) : Json(nullptr);
    context.out.answer_document(document);
  }

  std::string name_;
  std::optional<Wanted> wanted_;
};

}  // namespace

std::unique_ptr<Command> make_wait() { return std::make_unique<WaitCommand>(); }

}  // namespace mongoelector::cli
