#include "cli/handover.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/poll.h"
#include "base/text.h"

namespace mongoelector::cli {

namespace {

WallTime::duration wall(Duration length) {
  return std::chrono::duration_cast<WallTime::duration>(length);
}

const Holder& leader_of(const Electorate& seen) { return seen.leader()->holder; }

}  // namespace

std::vector<std::string> verdicts(const Electorate& seen) {
  std::vector<std::string> lines;
  for (const NodeStatus& member : seen.members()) {
    const std::string unfit = seen.unfit(member);
    const std::string verdict = seen.leads(member)  ? "leads"
                                : !unfit.empty()    ? unfit
                                : seen.paused()     ? "fit, but the election is paused"
                                                    : "could take over";
    lines.push_back(fmt::format("{}: {}", describe_member(member), verdict));
  }
  if (lines.empty()) lines.emplace_back("it has no members");
  return lines;
}

void HandoverCommand::add_handover(Flags& flags, const std::string& out_for) {
  add_duration(flags, "--for", out_for_, "how long the leader stays out; default: " + out_for);
  add_reason(flags);
  flags.add_flag("--wait", wait_, "stay until the next leader is there");
}

void HandoverCommand::prepare() {
  ControlCommand::prepare();
  if (out_for_ && *out_for_ <= Duration::zero())
    throw Failure(Exit::usage, "--for has to be longer than nothing");
}

std::optional<StepDown> HandoverCommand::pending(const Electorate& seen) {
  const auto& asked = seen.control().stepdown;
  if (!asked || asked->until <= seen.now() || !seen.leader()) return std::nullopt;
  return asked->uuid == leader_of(seen).uuid ? asked : std::nullopt;
}

bool HandoverCommand::successor_leads(const Electorate& seen) const {
  return !plan_.to.empty() && means(plan_.to, leader_of(seen));
}

void HandoverCommand::judge(Context& context) {
  const Electorate& seen = requests().front().seen;
  const std::string key = internal::show_key(seen.key());
  if (!seen.leader()) throw Failure(Exit::no, "nobody leads " + key);
  const Record& leader = *seen.leader();
  if (leader.lease_id.empty()) {
    throw Failure(Exit::busy,
                  fmt::format("{} is led by {}, a Python client, which takes no requests", key,
                              describe_holder(leader)),
                  "stop it there", holder_json(leader.holder));
  }
  plan_ = plan(seen);
  if (!seems_alive(leader)) {
    context.out.warn(fmt::format("{} may be silent: {}", describe_holder(leader),
                                 last_sign(leader)));
  }
}

std::optional<Question> HandoverCommand::question() const {
  const Electorate& seen = requests().front().seen;
  if (!needed(seen) || plan_.cancel) return std::nullopt;
  std::string all = stakes(seen, plan_);
  if (const auto asked = pending(seen)) {
    all += fmt::format("This replaces what {} asked: {} hands over at {}.\n",
                       asker(asked->by),
                       describe_holder(leader_of(seen)), internal::rfc3339(asked->at));
  }
  if (all.empty()) return std::nullopt;
  return Question{.risk = Risk::moderate,
                  .name = seen.key().name(),
                  .stakes = all,
                  .action = fmt::format("{} of {}", about().name, internal::show_key(seen.key()))};
}

bool HandoverCommand::needed(const Electorate& seen) const {
  return plan_.cancel ? pending(seen).has_value() : !successor_leads(seen);
}

void HandoverCommand::edit(const Electorate& seen, ControlRow& row, WallTime now) const {
  if (row.stepdown != seen.control().stepdown)
    overtaken(seen, row.stepdown ? row.stepdown->by : "");
  if (plan_.cancel) return row.stepdown.reset();
  const Duration shortest = shortest_absence(seen);
  const WallTime at = plan_.at.value_or(now + wall(plan_.notice));
  row.stepdown = StepDown{.uuid = leader_of(seen).uuid,
                          .to = plan_.to,
                          .at = at,
                          .until = at + wall(std::max(out_for_.value_or(shortest), shortest)),
                          .reason = reason(),
                          .by = by()};
}

void HandoverCommand::act(Context& context, LeaseStore& store) {
  const Electorate& seen = requests().front().seen;
  // Whoever was asked may have taken long. A request is for one leader, so this is only for people.
  const auto now = find_record(store, {seen.key().kind(), seen.key().name()});
  if (!now || now->lease_id != seen.leader()->lease_id) {
    throw Failure(Exit::busy, internal::show_key(seen.key()) +
                                  " changed hands meanwhile; nothing was done");
  }
  ControlCommand::act(context, store);
}

std::string HandoverCommand::told(const Request& request) const {
  const Electorate& seen = request.seen;
  const std::string key = internal::show_key(seen.key());
  const std::string leader = describe_holder(leader_of(seen));
  if (plan_.cancel) {
    return needed(seen) ? fmt::format("{}: {} what was asked of {}", key,
                                      done("called off", "would call off"), leader)
                        : fmt::format("{}: nothing was asked of {}", key, leader);
  }
  if (!needed(seen)) return fmt::format("{}: {} leads already", key, leader);
  std::string text = fmt::format("{}: {} {} to hand over", key, done("asked", "would ask"), leader);
  if (!plan_.to.empty()) text += " to " + plan_.successor;
  if (plan_.at) text += fmt::format(" at {}, if it leads then", internal::rfc3339(*plan_.at));
  if (request.next_leader)
    text += fmt::format("; {} leads now", describe_holder(*request.next_leader));
  return text;
}

void HandoverCommand::follow(Context& context, LeaseStore& store) {
  Request& request = requests().front();
  const Electorate& seen = request.seen;
  if (!wait_ || plan_.cancel || !needed(seen)) return;
  const auto clock = make_machine_clock();
  // A successor that is gone costs the others two ttls, and then they have to notice.
  Duration patience = 3 * seen.leader()->ttl + context.globals.timeout.value_or(kDefaultTimeout);
  if (plan_.at) patience += *plan_.at - seen.now();
  const Instant until = clock->now() + patience;
  constexpr std::chrono::milliseconds kPause{50};
  while (!request.next_leader) {
    ReadReply read = store.read(seen.key());
    const bool another = read.record && live(*read.record) &&
                         read.record->lease_id != seen.leader()->lease_id;
    if (another) {
      request.next_leader = std::move(read.record);
    } else if (clock->now() >= until) {
      throw Failure(Exit::busy, fmt::format("{} was asked to hand over, but nobody else leads {}",
                                            describe_holder(leader_of(seen)),
                                            internal::show_key(seen.key())));
    } else {
      internal::poll_until(*clock, {}, std::min(until, clock->now() + kPause));
    }
  }
  const Holder& next = request.next_leader->holder;
  if (plan_.to.empty() || means(plan_.to, next)) return;
  throw Failure(Exit::busy,
                fmt::format("{} leads {}, not {}", describe_holder(next),
                            internal::show_key(seen.key()), plan_.successor),
                {}, holder_json(next));
}

}  // namespace mongoelector::cli
