// One MongoElector at work: the election machine driven by the caller (start, stop, poll, release),
// the errand runner (store calls), the keeper (renewals), the watchdog (time), the waker (hints),
// the dispatcher (callbacks) and the records thread (status row, history, control).
//
// Data: event -> apply(input) -> election machine -> actions -> posted to the thread they belong to
// -> reply -> apply. mutex_ guards the machine and is never held over a store call, a callback or a
// stop callback. What ismaster() needs is in an atomic. Waiting members (stop, poll, release) wait
// for a state of the machine, with a bound.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/election_machine.h"
#include "core/standstill.h"
#include "mongoelector/elector.h"
#include "session/participant.h"
#include "session/runtime.h"
#include "session/term_state.h"

namespace mongoelector::internal {

class ElectionParticipant : public Participant {
 public:
  ElectionParticipant(std::shared_ptr<Runtime> runtime, Key key, ElectorOptions options);

  // Behind MongoElector's members of the same names; promises stand there.
  void start(bool blocking);
  void stop();
  void poll();
  void release();
  bool running() const;
  bool ismaster() const noexcept;
  std::optional<Term> term() const;
  Duration pollwait() const;
  NodeStatus node_status() const;
  void report_status();
  std::optional<Record> read_master() const;
  MembersReply read_members() const;
  Duration stop_bound() const noexcept {
    return config_.loss_callback_within + 3 * config_.timing.call_budget;
  }
  const Key& key() const noexcept { return key_; }
  Clock& clock() const { return runtime_->clock(); }
  // For destructors: stop(), and no callback starts any more after it.
  void close() noexcept;
  bool same_process() const noexcept { return runtime_->same_process(); }

  void tick() override;
  std::optional<DueRenewal> renewal() override;
  void renewal_answered(const LeaseId& id, Outcome outcome, const std::string& detail,
                        Instant sent_at) override;
  void woken(bool freed) override;
  void seen_renewed(Duration left) override;

 private:
  using Self = std::shared_ptr<ElectionParticipant>;

  // A lease that had run out when the key was seen free.
  struct Expired {
    std::string uuid;
    WallTime at;
  };
  // What the history will say of a term, with its times on our own clock.
  struct Chapter {
    TermRow row;
    Instant began;
    std::optional<Instant> ended = {};
    std::optional<Expired> expired = {};  // of whoever led before
  };

  void apply(ElectionInput input);
  void apply_event(ElectionEvent event) { apply({.event = event}); }
  void apply_lease(LeaseInput reply);
  // All of these with mutex_ held.
  void publish();
  void schedule();
  void settle_poll();
  void begin_term();
  void carry_out(const ElectionActions& actions, const std::shared_ptr<TermState>& over);
  void post_onmaster();
  void post_onmasterloss(const std::shared_ptr<TermState>& term, LossReason reason);
  void post_onloop();
  enum class Occasion : std::uint8_t { change, heartbeat };
  void post_records(Occasion occasion);
  Duration report_every() const;
  void post_report();
  void post_control();
  void begin_chapter(Instant now);
  void end_chapter(ElectionEvent by, Instant valid_until);
  void post_ended_chapter();

  // On the errand runner.
  void read_store();
  void claim_at_store();
  void release_at_store(const Lease& lease);
  bool clock_is_off(const char* so);

  // On the records thread.
  void write_report();
  void read_control();
  std::optional<TermRow> write_term(const Chapter& chapter);
  void open_term(Chapter chapter);
  void close_predecessors(const Chapter& chapter, const TermRow& own, std::vector<TermRow> before);
  void history_answered(const ReleaseReply& reply);

  // On the dispatcher. False: nothing may be called any more.
  bool enter_callback();
  void leave_callback();
  void run_onmaster(const std::shared_ptr<TermState>& term);
  void run_onmasterloss(const std::shared_ptr<TermState>& term);

  template <class Call>
  auto ask(Call call) const;
  template <class Condition>
  bool await_state(Duration within, const Condition& condition);
  Self self() { return std::static_pointer_cast<ElectionParticipant>(shared_from_this()); }
  void emit(EventKind kind, std::string message) const;
  Lease lease_of(const ElectionData& election) const;

  const std::shared_ptr<Runtime> runtime_;
  const Key key_;
  const ElectorOptions options_;
  ElectionConfig config_;  // its poll depends on whether the store sends hints: settle_poll()
  const Duration poll_without_hints_;
  const Holder holder_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ElectionData election_;
  std::shared_ptr<TermState> term_;
  Standstill standstill_;
  std::optional<RecordMark> standstill_mark_;
  Outcome last_look_ = Outcome::granted;  // of the latest read or claim
  std::string last_look_detail_;
  std::uint64_t renewals_answered_ = 0;
  bool joined_ = false;  // known to the waker
  bool closed_ = false;  // no callback starts any more
  bool in_callback_ = false;
  bool loop_pending_ = false;
  bool report_pending_ = false;
  bool control_pending_ = false;
  Instant report_at_ = Instant::max();
  Instant control_at_{};  // when to read control again though nothing hinted at it
  std::optional<WallTime> last_poll_;
  std::optional<WallTime> elected_at_;
  std::optional<Expired> expired_seen_;
  std::optional<Chapter> chapter_;  // from the start of a term until its end is on its way
  StepDown stepdown_;               // the latest that was asked for
  Outcome last_control_ = Outcome::granted;
  bool clock_was_off_ = false;

  // Of the records thread alone.
  std::optional<TermRow> last_term_;
  bool history_works_ = true;

  // Derived from election_ under mutex_, read without it.
  std::atomic<Duration::rep> valid_until_{0};  // 0: not master
  std::atomic<std::uint64_t> token_{0};        // of the present or latest lease
};

}  // namespace mongoelector::internal
