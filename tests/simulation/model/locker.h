// A MongoLocker in virtual time: the lease machine driven the way src/session/lock_participant.cc
// and lock_attempt.cc drive it, and a program of more than one thread that acquires, touches and
// releases at random.
#pragma once

#include "core/lease_machine.h"
#include "core/standstill.h"
#include "simulation/model/process.h"

namespace mongoelector::simulation {

class Locker : public Process {
 public:
  using Process::Process;

  void settle() override;
  void woken(bool freed) override;

 private:
  using Claimed = std::function<void(bool won, bool for_good)>;
  struct Attempt {
    Instant give_up = Instant::max();
    bool blocking = true;
    bool waiting = false;
    std::uint64_t order = 0;  // of the present wait
    internal::Standstill standstill = {};
    std::optional<RecordMark> stood_still = {};
  };

  void call_something() override;
  void tick() override;
  std::optional<Lease> renewal() override;
  void renewal_answered(const LeaseId& id, Outcome outcome, Instant sent_at) override;
  void restart() override;

  // What the machine wants done, and for which lease.
  struct Applied : internal::LeaseActions {
    Lease lease;
  };
  Applied apply(internal::LeaseInput input);
  void publish();
  void run_on_lost(std::int64_t lease, Token token, const Done& done);
  Lease lease_now() const;

  void acquire(bool blocking, Instant give_up);
  void claim_once(const Claimed& claimed);
  void send_claim(const LeaseId& id, const Claimed& claimed);
  void try_claim();
  void look();
  void wait(Duration pause);
  void finish();
  void send_release(const Lease& lease, const Done& done);
  void release();
  void touch();

  internal::LeaseData lease_;
  bool acquiring_ = false;
  Attempt attempt_;
  std::uint64_t waits_ = 0;
  std::int64_t revoked_ = 0;  // the latest lease whose stop_token was requested
  bool settled_ = false;
};

}  // namespace mongoelector::simulation
