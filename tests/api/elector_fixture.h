// Candidates on the memory store, with a clock that only the test moves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mongoelector/elector.h"
#include "mongoelector/memory_store.h"
#include "support/eventually.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace mongoelector::test {

// Remembers the callbacks of one candidate in their order.
class Diary {
 public:
  void write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  bool has(const std::string& line) const {
    const auto all = lines();
    return std::find(all.begin(), all.end(), line) != all.end();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class Elector : public testing::Test {
 protected:
  std::shared_ptr<Session> session() {
    return std::make_shared<Session>(
        store_, ConnectOptions{.on_event =
                                   [this](const Event& event) {
                                     events_.write(std::string(to_string(event.kind)));
                                   },
                               .clock = clock_});
  }
  ElectorOptions options(Diary& diary) {
    return {.ttl = std::chrono::seconds(10),
            .onmaster = [&diary](const Term& term) { diary.write("master " + name(term)); },
            .onmasterloss = [&diary](const Term& term) { diary.write("loss " + name(term)); }};
  }
  static std::string name(const Term& term) { return to_string(term.token()); }
  bool leads(const MongoElector& elector) {
    return eventually([&] { return elector.ismaster(); });
  }
  // Lets fake time pass until `condition` holds, never longer than `within` of it.
  template <class Condition>
  bool in_time(Duration within, const Condition& condition) {
    const Instant until = clock_->now() + within;
    while (clock_->now() < until) {
      // A moment for the threads that the passing of time has woken.
      if (eventually(condition, std::chrono::milliseconds(3))) return true;
      clock_->advance(std::chrono::milliseconds(50));
    }
    return condition();
  }

  Diary events_;
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<LeaseStore> memory_ = make_memory_store(clock_);
  std::shared_ptr<FaultyStore> store_ = std::make_shared<FaultyStore>(memory_);
  std::shared_ptr<Session> session_ = session();
  const Key key_ = Key::election("billing");
};

}  // namespace mongoelector::test
