#include "cli/electorate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mongoelector::cli {

Electorate::Electorate(LeaseStore& store, Key key)
    : key_(std::move(key)), control_{.key = key_} {
  const std::string shown_key = internal::show_key(key_);
  ReadReply read = store.read(key_);
  require_answer(read.outcome, read.detail, "reading " + shown_key);
  if (read.record && live(*read.record)) leader_ = std::move(read.record);
  MembersReply reply = store.members(key_);
  require_answer(reply.outcome, reply.detail, "members of " + shown_key);
  members_ = std::move(reply.members);
  const ControlReply control = store.read_control(key_);
  require_answer(control.outcome, control.detail, "control of " + shown_key);
  if (control.row) control_ = *control.row;
  const StoreInfo info = store.info();
  require_answer(info.outcome, info.detail, "asking the store about itself");
  now_ = info.time.value_or(make_machine_clock()->wall());
  wakes_members_ = info.topology != "standalone";
}

bool Electorate::leads(const NodeStatus& member) const {
  return leader_ && member.uuid == leader_->holder.uuid;
}

bool Electorate::paused() const { return control_.pause && control_.pause->until > now_; }

std::string Electorate::unfit(const NodeStatus& member) const {
  // Rows come every ttl/2 while a member lives, so two are missing.
  if (now_ - member.timestamp > member.ttl)
    return fmt::format("not heard of for {}", brief(now_ - member.timestamp));
  if (!member.elector_running) return "no candidate";
  const Holder self = holder_of(member);
  if (std::any_of(control_.cordoned.begin(), control_.cordoned.end(),
                  [&](const std::string& word) { return means(word, self); })) {
    return "cordoned";
  }
  const auto& asked = control_.stepdown;
  if (asked && asked->uuid == member.uuid && asked->at <= now_ && asked->until > now_)
    return fmt::format("asked to stay out for {} more", brief(asked->until - now_));
  return "";
}

bool Electorate::has_standby() const {
  return !paused() && std::any_of(members_.begin(), members_.end(), [&](const NodeStatus& member) {
    return !leads(member) && unfit(member).empty();
  });
}

std::vector<NodeStatus> Electorate::find(const std::string& word) const {
  std::vector<NodeStatus> found;
  const auto take = [&](const auto& meant) {
    std::copy_if(members_.begin(), members_.end(), std::back_inserter(found), meant);
  };
  take([&](const NodeStatus& member) { return means(word, holder_of(member)); });
  constexpr std::size_t kShownId = 4;
  if (found.empty() && word.size() >= kShownId)
    take([&](const NodeStatus& member) { return member.uuid.starts_with(word); });
  return found;
}

Holder holder_of(const NodeStatus& member) {
  return {member.uuid, member.host, member.pid, member.label};
}

std::string describe_member(const NodeStatus& member) {
  return describe_holder(holder_of(member));
}

std::string control_word(const std::string& word, const std::vector<NodeStatus>& found) {
  // A name stays a name, for it outlives the process; the beginning of a uuid is none.
  if (found.empty() || means(word, holder_of(found.front()))) return word;
  return found.front().uuid;
}

void add_control(Json& object, const ControlRow& row, WallTime now) {
  const auto text = [](const std::string& said) {
    return said.empty() ? Json(nullptr) : Json(said);
  };
  object["paused"] = nullptr;
  if (row.pause && row.pause->until > now) {
    const Pause& pause = *row.pause;
    object["paused"] = {{"until", pause.indefinite() ? Json(nullptr) : time_json(pause.until)},
                        {"reason", text(pause.reason)},
                        {"by", text(pause.by)}};
  }
  object["stepdown"] = nullptr;
  if (row.stepdown && row.stepdown->until > now) {
    const StepDown& asked = *row.stepdown;
    object["stepdown"] = {{"of", asked.uuid},
                          {"to", text(asked.to)},
                          {"at", time_json(asked.at)},
                          {"until", time_json(asked.until)},
                          {"reason", text(asked.reason)},
                          {"by", text(asked.by)}};
  }
  object["cordoned"] = row.cordoned;
}

std::string asker(const std::string& by) { return by.empty() ? "somebody" : shown(by); }

std::string pause_length(const Pause& pause, WallTime now) {
  return pause.indefinite() ? "until somebody resumes it" : "for " + brief(pause.until - now);
}

}  // namespace mongoelector::cli
