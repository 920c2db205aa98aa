// Who wants to be called when. Not thread-safe: lives under the lock of its owner.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "session/participant.h"

namespace mongoelector::internal {

class Timetable {
 public:
  // Replaces an earlier entry; Instant::max() removes it. `slack`: how much earlier it may be taken
  // along with others.
  void set(const std::shared_ptr<Participant>& who, Instant at, Duration slack = Duration::zero()) {
    remove(who.get());
    if (at == Instant::max()) return;
    where_[who.get()] = queue_.emplace(at, Entry{who, at - slack});
    if (slack > widest_slack_) widest_slack_ = slack;
  }

  Instant earliest() const { return queue_.empty() ? Instant::max() : queue_.begin()->first; }

  // Until when the owner's thread rests now. It is not woken when an entry goes, nor for one that
  // is later than that: leases that come and go quickly would wake it each time.
  Instant rest() { return rests_until_ = earliest(); }
  bool disturbs_rest() const { return earliest() < rests_until_; }

  // Takes out everybody who is due and, if there is one, those whose slack allows to go along.
  std::vector<std::shared_ptr<Participant>> take_due(Instant now) {
    std::vector<std::shared_ptr<Participant>> due;
    if (earliest() > now) return due;
    for (auto entry = queue_.begin();
         entry != queue_.end() && entry->first <= now + widest_slack_;) {
      if (entry->second.earliest <= now) {
        where_.erase(entry->second.who.get());
        due.push_back(std::move(entry->second.who));
        entry = queue_.erase(entry);
      } else {
        ++entry;
      }
    }
    return due;
  }

 private:
  struct Entry {
    std::shared_ptr<Participant> who;
    Instant earliest;
  };

  void remove(Participant* who) {
    const auto found = where_.find(who);
    if (found == where_.end()) return;
    queue_.erase(found->second);
    where_.erase(found);
  }

  std::multimap<Instant, Entry> queue_;
  std::unordered_map<Participant*, std::multimap<Instant, Entry>::iterator> where_;
  Duration widest_slack_{};
  Instant rests_until_ = Instant::max();
};

}  // namespace mongoelector::internal
