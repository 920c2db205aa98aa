// What the threads of a session drive, as a test wants it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mongoelector/memory_store.h"
#include "session/participant.h"

namespace mongoelector::test {

class FakeParticipant : public internal::Participant {
 public:
  explicit FakeParticipant(const std::string& name = "a", Instant deadline = {})
      : lease_{.key = Key::lock(name), .id = LeaseId(name), .ttl = std::chrono::seconds(10)},
        deadline_(deadline) {}

  void tick() override {
    ++ticks;
    if (on_tick) on_tick();
  }
  std::optional<internal::DueRenewal> renewal() override {
    if (given_back) return std::nullopt;
    return internal::DueRenewal{lease_, deadline_};
  }
  void renewal_answered(const LeaseId&, Outcome outcome, const std::string&,
                        Instant sent) override {
    last_outcome = outcome;
    sent_at = sent;
    ++answers;
  }
  void woken(bool freed) override { ++(freed ? freed_wakes : other_wakes); }
  void seen_renewed(Duration left) override {
    last_left = left;
    ++renewals_seen;
  }

  std::atomic<int> ticks{0};
  std::atomic<int> answers{0};
  std::atomic<int> freed_wakes{0};
  std::atomic<int> other_wakes{0};
  std::atomic<int> renewals_seen{0};
  std::atomic<Duration> last_left{};
  std::atomic<bool> given_back{false};
  std::atomic<Outcome> last_outcome{Outcome::damaged};
  std::atomic<Instant> sent_at{};
  std::function<void()> on_tick;

 private:
  const Lease lease_;
  const Instant deadline_;
};

// Answers renewals as the test says and remembers who was in which batch.
class RenewalStore : public LeaseStore {
 public:
  RenewReply renew(std::span<const Lease> leases) override {
    std::function<RenewReply(std::size_t)> answer;
    {
      const std::lock_guard lock(mutex_);
      batches_.emplace_back();
      for (const Lease& lease : leases) batches_.back().push_back(lease.key.name());
      answer = answer_;
    }
    if (answer) return answer(leases.size());
    return {.outcomes = std::vector<Outcome>(leases.size(), Outcome::granted)};
  }
  void answer_with(std::function<RenewReply(std::size_t)> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<std::vector<std::string>> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

  ClaimReply claim(const ClaimRequest&) override { return {}; }
  ReleaseReply release(const Lease&) override { return {}; }
  ReleaseReply break_lease(const Record&) override { return {}; }
  ReadReply read(const Key&) override { return {}; }
  ListReply list(Kind, const std::string&) override { return {}; }
  std::unique_ptr<Watch> watch() override { return nullptr; }
  StoreInfo info() override { return {}; }
  ReleaseReply report(const NodeStatus&) override { return {}; }
  ReleaseReply retire(const Key&, const std::string&) override { return {}; }
  MembersReply members(const Key&) override { return {}; }
  bool shared() const override { return false; }
  void limit_calls(Duration) override {}

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<std::string>> batches_;
  std::function<RenewReply(std::size_t)> answer_;
};

}  // namespace mongoelector::test
