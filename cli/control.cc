#include "cli/control.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace mongoelector::cli {

void ControlCommand::add_election(Flags& flags, Needed needed) {
  flags.add_option("ELECTION", name_, "the election").required(needed == Needed::yes);
}

void ControlCommand::add_reason(Flags& flags) {
  flags.add_option("--reason", reason_, "why, for others to read").type_name("TEXT");
}

void ControlCommand::prepare() {
  constexpr std::size_t kLongestReason = 1024;
  internal::check_text("--reason", reason_, kLongestReason);
  if (name_) key_ = Key::election(parse_target(*name_, Kind::election).name);
}

std::vector<Electorate> ControlCommand::elections(Context&, LeaseStore& store) {
  return {Electorate(store, *key_)};
}

void ControlCommand::look(Context& context, LeaseStore& store) {
  for (Electorate& seen : elections(context, store)) {
    ControlRow row = seen.control();
    requests_.push_back({.seen = std::move(seen), .row = std::move(row)});
  }
  judge(context);
}

void ControlCommand::rehearse() {
  for (Request& request : requests_)
    if (needed(request.seen)) edit(request.seen, request.row, request.seen.now());
}

void ControlCommand::act(Context&, LeaseStore& store) {
  for (Request& request : requests_) {
    if (!needed(request.seen)) continue;
    const Key& key = request.seen.key();
    const ReleaseReply reply = change_control(store, key, [&](ControlRow& row, WallTime now) {
      edit(request.seen, row, now);
      request.row = row;
    });
    require_answer(reply.outcome, reply.detail, "asking " + internal::show_key(key));
    request.changed = true;
  }
}

std::string ControlCommand::done(std::string_view past, std::string_view conditional) const {
  return std::string(dry_run() ? conditional : past);
}

void ControlCommand::overtaken(const Electorate& seen, const std::string& by) {
  throw Failure(Exit::busy, fmt::format("{} was asked something else meanwhile, by {}; nothing was "
                                        "done",
                                        internal::show_key(seen.key()),
                                        asker(by)));
}

void ControlCommand::tell(Context& context) const {
  for (const Request& request : requests_) context.out.note(told(request));
}

void ControlCommand::fill(Json& document) const {
  document["action"] = about().name;
  document["reason"] = reason_.empty() ? Json(nullptr) : Json(reason_);
  document["elections"] = Json::array();
  for (const Request& request : requests_) {
    const auto& leader = request.seen.leader();
    Json election{{"name", request.seen.key().name()},
                  {"changed", request.changed},
                  {"leader", leader ? holder_json(leader->holder) : Json(nullptr)},
                  {"next_leader", request.next_leader ? holder_json(request.next_leader->holder)
                                                      : Json(nullptr)}};
    add_control(election, request.row, request.seen.now());
    document["elections"].push_back(std::move(election));
  }
}

}  // namespace mongoelector::cli
