// watch [NAME...]: a line for whatever happens.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/deadline.h"
#include "cli/hints.h"
#include "cli/observed.h"
#include "cli/session.h"
#include "cli/supervision.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

// Between two looks at a store that says nothing by itself.
constexpr Duration kPoll = std::chrono::seconds(1);
constexpr Duration kPollUnsettled = std::chrono::milliseconds(100);

enum class Until { signal, leader, no_leader, change };

class WatchRun {
 public:
  WatchRun(Context& context, const Connection& connection, std::vector<Target> targets,
           Until until)
      : context_(context),
        store_(connection.session->store()),
        clock_(connection.session->clock()),
        targets_(std::move(targets)),
        until_(until) {}

  void look() {
    if (targets_.empty()) {
      look_at_all();
    } else {
      for (const Target& target : targets_) look_at(target);
    }
    first_ = false;
  }

  bool over() const { return over_; }

  Instant next_look() const {
    bool unsettled = false;
    for (const auto& [key, observed] : observed_) unsettled = unsettled || observed.unsettled();
    return clock_.now() + (unsettled ? kPollUnsettled : kPoll);
  }

 private:
  void look_at(const Target& target) {
    Found found = find_records(store_, target);
    const bool lock = observed_.contains(Key::lock(target.name));
    const bool election = observed_.contains(Key::election(target.name));
    // A bare name that means nothing yet may turn out as either.
    const bool neither = !found.lock && !found.election && !lock && !election;
    if (found.lock || lock || target.kind == Kind::lock || (neither && !target.kind))
      look_at(Key::lock(target.name), found.lock);
    if (found.election || election || target.kind == Kind::election || (neither && !target.kind))
      look_at(Key::election(target.name), found.election);
  }

  void look_at_all() {
    std::map<Key, Record> present;
    for (const Kind kind : {Kind::election, Kind::lock}) {
      ListReply reply = store_.list(kind, "");
      require_answer(reply.outcome, reply.detail, fmt::format("listing {}s", to_string(kind)));
      for (Record& record : reply.records) present.emplace(record.key, std::move(record));
    }
    for (const auto& [key, record] : present) look_at(key, record);
    std::vector<Key> absent;
    for (const auto& [key, observed] : observed_)
      if (!present.contains(key)) absent.push_back(key);
    for (const Key& key : absent) look_at(key, std::nullopt);
    // Names that come and go must not pile up.
    std::erase_if(observed_, [&](const auto& one) {
      return !present.contains(one.first) && !one.second.held() && !one.second.unsettled();
    });
  }

  void look_at(const Key& key, const std::optional<Record>& record) {
    Observed& observed = observed_.try_emplace(key, store_, key, first_ || !targets_.empty())
                             .first->second;
    for (const Occurrence& one : observed.look(record, clock_.now(), clock_.wall())) {
      context_.out.answer(context_.out.json() ? to_line(one.json()) : one.text());
      over_ = over_ || (until_ == Until::change && one.event != "state");
    }
    if (observed.unsettled()) return;
    over_ = over_ || (until_ == Until::leader && observed.held()) ||
            (until_ == Until::no_leader && !observed.held());
  }

  Context& context_;
  LeaseStore& store_;
  Clock& clock_;
  const std::vector<Target> targets_;
  const Until until_;
  std::map<Key, Observed> observed_;
  bool first_ = true;
  bool over_ = false;
};

class WatchCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "watch",
        .group = "Look",
        .summary = "a line for each change of leaders and holders",
        .usage = "[NAME...] [--until WHAT]",
        .examples = {{"mongoelector watch billing", "how it stands, then each change"},
                     {"mongoelector watch --json", "everything, as JSON Lines"},
                     {"mongoelector watch billing --until change", "ends with the first change"}},
        .details =
            "NAME is a lock or an election; lock/NAME and election/NAME say which.\n"
            "Runs until Ctrl-C. While the store is away it says so, and goes on afterwards; what\n"
            "came and went in between is in the history. A term shorter than a second may be\n"
            "left out.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", names_, "locks and elections; without any: all");
    add_choice<Until>(flags, "--until", until_,
                      {{"leader", Until::leader},
                       {"no-leader", Until::no_leader},
                       {"change", Until::change}},
                      "end with 0 when one has a leader (or holder), has none, or has changed");
  }

  int run(Context& context) override {
    std::vector<Target> targets;
    for (const std::string& name : names_) targets.push_back(parse_target(name));
    std::optional<Connection> connection;
    {
      const Deadline deadline(context);
      connection = open_connection(context);
    }
    WatchRun watching(context, *connection, std::move(targets), until_);
    Hints hints(connection->session);
    bool away = false;
    for (;;) {
      try {
        watching.look();
        if (std::exchange(away, false)) context.out.note("the store is back");
      } catch (const StoreError& error) {
        if (error.outcome() == Outcome::denied || error.outcome() == Outcome::damaged) throw;
        if (!std::exchange(away, true)) context.out.note(error.what());
      }
      if (watching.over()) return 0;
      hints.wait(watching.next_look());
    }
  }

 private:
  std::vector<std::string> names_;
  Until until_ = Until::signal;
};

}  // namespace

std::unique_ptr<Command> make_watch() { return std::make_unique<WatchCommand>(); }

}  // namespace mongoelector::cli
