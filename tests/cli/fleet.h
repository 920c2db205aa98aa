// Candidates of one election, each a `mongoelector run` of its own.
#pragma once

#include <signal.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/stores.h"

namespace mongoelector::test {

class Fleet {
 public:
  // The first of `labels` leads; all have their status rows.
  Fleet(const std::string& store, const std::vector<std::string>& labels)
      : at(store), ttl_(store == "mongodb" ? "4s" : "2s") {
    for (const std::string& label : labels) {
      add(label);
      if (label == labels.front()) await_leader(label);
      if (!eventually([&] { return rows_of(label) == 1; }))
        throw std::runtime_error(label + " never reported");
    }
  }

  void add(const std::string& label) {
    processes[label] = std::make_unique<Process>(
        tool_command({"--uri", at.uri(), "run", "billing", "--as", label, "--ttl", ttl_, "--grace",
                      "100ms"}));
  }

  // Who leads, by label; empty: nobody.
  std::string leader() const {
    const auto record = at.store().read(key).record;
    return record && record->remaining > Duration::zero() && !record->claimable
               ? record->holder.label
               : "";
  }
  void await_leader(const std::string& label) const {
    if (!eventually([&] { return leader() == label; }))
      throw std::runtime_error(label + " never led; " + leader() + " does");
  }
  // The term of the leader before, once it is known how it ended.
  TermRow ended_term() const {
    TermRow ended{.key = key};
    eventually([&] {
      for (const TermRow& row : at.store().history(key, {}, 8).rows) {
        // A successor's guess is replaced by the word of who ended.
        if (row.ended_by == EndedBy::open || row.ended_by == EndedBy::expired) continue;
        ended = row;
        return true;
      }
      return false;
    });
    return ended;
  }
  // When the present term began.
  TermRow present_term() const {
    const auto holder = at.store().read(key).record.value().holder.uuid;
    TermRow present{.key = key};
    eventually([&] {
      for (const TermRow& row : at.store().history(key, {}, 8).rows)
        if (row.holder.uuid == holder && row.ended_by == EndedBy::open) present = row;
      return present.token.known();
    });
    return present;
  }
  WallTime store_time() const {
    return at.store().info().time.value_or(make_machine_clock()->wall());
  }
  ControlRow control() const { return at.store().read_control(key).row.value_or(ControlRow{key}); }
  // Until this member has read what is asked for now: it does so after each of its reports.
  void await_read(const std::string& label) const {
    const auto reported = [&] {
      for (const NodeStatus& member : at.store().members(key).members)
        if (member.label == label) return member.timestamp;
      return WallTime{};
    };
    for (int reports = 0; reports < 2; ++reports) {
      const WallTime before = reported();
      if (!eventually([&] { return reported() != before; }))
        throw std::runtime_error(label + " reports no more");
    }
  }
  Finished tool(const std::vector<std::string>& words) const { return at.tool(words); }
  void stop(const std::string& label) {
    processes.at(label)->signal(SIGTERM);
    processes.at(label)->wait();
  }

  const StoreUnderTest at;
  const Key key = Key::election("billing");
  std::map<std::string, std::unique_ptr<Process>> processes;

 private:
  std::size_t rows_of(const std::string& label) const {
    std::size_t count = 0;
    for (const NodeStatus& member : at.store().members(key).members)
      count += member.label == label && member.elector_running;
    return count;
  }

  const std::string ttl_;
};

}  // namespace mongoelector::test
