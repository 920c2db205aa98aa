// A MongoElector in virtual time: the election machine driven the way
// src/session/election_participant.cc drives it, and a program that calls its members at random.
#pragma once

#include "core/election_machine.h"
#include "core/standstill.h"
#include "simulation/model/process.h"

namespace mongoelector::simulation {

class Candidate : public Process {
 public:
  Candidate(Surroundings& around, int id, DriftingClock clock)
      : Process(around, id, clock),
        config_{.timing = around.profile.timing,
                .loss_callback_within = around.profile.loss_callback_within} {}

  void settle() override;
  void woken(bool freed) override;

 private:
  using Event = internal::ElectionEvent;

  void call_something() override;
  void tick() override { apply({.event = Event::tick}); }
  std::optional<Lease> renewal() override;
  void renewal_answered(const LeaseId& id, Outcome outcome, Instant sent_at) override;
  void restart() override;

  void apply(internal::ElectionInput input);
  void carry_out(const internal::ElectionActions& actions, std::int64_t lease, Token token);
  void start() { tell_call(ApiCall::start), apply({.event = Event::start}); }
  void stop();
  void read_store(const Done& done);
  void ask_control();
  void read_control(const Done& done);
  void claim_at_store(const Done& done);
  void release_at_store(const Lease& lease, const Done& done);
  void run_onmaster(std::int64_t lease, Token token, const Done& done);
  void run_onmasterloss(std::int64_t lease, Token token, const Done& done);
  Lease lease() const;

  const internal::ElectionConfig config_;
  internal::ElectionData election_;
  internal::Standstill standstill_;
  std::optional<RecordMark> standstill_mark_;
  bool control_pending_ = false;
  bool settled_ = false;
};

}  // namespace mongoelector::simulation
