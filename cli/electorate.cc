#include "cli/electorate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mongoelector::cli {

namespace {

Election read_election(LeaseStore& store, const Key& key, const StoreInfo& info) {
  require_answer(info.outcome, info.detail, "asking the store about itself");
  ReadReply read = store.read(key);
  require_answer(read.outcome, read.detail, "reading " + internal::show_key(key));
  if (read.record && !live(*read.record)) read.record.reset();
  return ask_election(store, key, std::move(read.record),
                      info.time.value_or(make_machine_clock()->wall()), 1);
}

}  // namespace

Electorate::Electorate(LeaseStore& store, const Key& key) : Electorate(store, key, store.info()) {}

Electorate::Electorate(LeaseStore& store, const Key& key, const StoreInfo& info)
    : election_(read_election(store, key, info)), wakes_members_(info.topology != "standalone") {}

std::string Electorate::unfit(const NodeStatus& member) const {
  if (election_.stale(member))
    return fmt::format("not heard of for {}", brief(election_.age(member)));
  if (!member.elector_running) return "no candidate";
  if (election_.cordoned(member)) return "cordoned";
  const auto& asked = control().stepdown;
  if (asked && asked->uuid == member.uuid && asked->at <= now() && asked->until > now())
    return fmt::format("asked to stay out for {} more", brief(asked->until - now()));
  return "";
}

bool Electorate::has_standby() const {
  const auto stands_by = [&](const NodeStatus& member) {
    return !leads(member) && unfit(member).empty();
  };
  return !paused() && std::any_of(members().begin(), members().end(), stands_by);
}

std::vector<NodeStatus> Electorate::find(const std::string& word) const {
  std::vector<NodeStatus> found;
  const auto take = [&](const auto& meant) {
    std::copy_if(members().begin(), members().end(), std::back_inserter(found), meant);
  };
  take([&](const NodeStatus& member) { return means(word, holder_of(member)); });
  constexpr std::size_t kShownId = 4;
  if (found.empty() && word.size() >= kShownId)
    take([&](const NodeStatus& member) { return member.uuid.starts_with(word); });
  return found;
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
  const bool paused = row.pause && row.pause->until > now;
  object["paused"] = pause_json(paused ? &*row.pause : nullptr);
  object["stepdown"] = nullptr;
  if (row.stepdown && row.stepdown->until > now) {
    const StepDown& asked = *row.stepdown;
    object["stepdown"] = {{"of", asked.uuid},
                          {"to", text_json(asked.to)},
                          {"at", time_json(asked.at)},
                          {"until", time_json(asked.until)},
                          {"reason", text_json(asked.reason)},
                          {"by", text_json(asked.by)}};
  }
  object["cordoned"] = row.cordoned;
}

std::string asker(const std::string& by) { return by.empty() ? "somebody" : shown(by); }

}  // namespace mongoelector::cli
