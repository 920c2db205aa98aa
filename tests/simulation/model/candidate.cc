#include "simulation/model/candidate.h"

#include <stdexcept>

namespace mongoelector::simulation {

std::optional<Process::Validity> Candidate::look() {
  if (elector_) latest_ = elector_->term();
  const std::optional<Term>& term = latest_;
  if (!term) return std::nullopt;
  // A term that began and ended while its object was being destroyed is seen for a moment too.
  const bool valid = elector_ ? elector_->ismaster() : term->valid() || !has_seen(term->token());
  if (!valid) return std::nullopt;
  return Validity{term->token(), own_clock().now() + term->remaining(), term->stop_token()};
}

void Candidate::make(const std::shared_ptr<Session>& session) {
  elector_ = std::make_unique<MongoElector>(
      session, kKey,
      ElectorOptions{.ttl = profile().timing.ttl,
                     .onmaster = [this](const Term& term) { onmaster(term); },
                     .onmasterloss = [this](const Term& term) { onmasterloss(term); },
                     .report_status = profile().reports,
                     .priority = profile().priority_of(id()),
                     .timeparanoid = profile().timeparanoid,
                     .loss_callback_within = profile().loss_callback_within,
                     .timing = profile().timing_options()});
  start(false);
}

void Candidate::onmaster(const Term& term) {
  if (!elector_) latest_ = term;
  observe();
  tell(What::began_told, term.token());
  call_from_callback();
  take_time();
  if (!throws()) return;
  if (term.valid()) around().hit(Probe::onmaster_threw_while_master);
  tell(What::threw, term.token());
  throw std::runtime_error("this node cannot lead");
}

void Candidate::onmasterloss(const Term& term) {
  tell(What::loss_told, term.token());
  call_from_callback();
  take_time();
  tell(What::loss_done, term.token());
  if (throws()) throw std::runtime_error("the work did not end well");
}

void Candidate::start(bool blocking) {
  api(ApiCall::start, [&] { elector_->start(blocking); });
  if (blocking) around().hit(Probe::blocking_start_ended);
}

void Candidate::stop() {
  if (claims_in_flight()) around().hit(Probe::stop_while_claiming);
  api(ApiCall::stop, [this] { elector_->stop(); });
}

void Candidate::call_something(bool) {
  switch (world().random.pick(0, 6)) {
    case 0: return stop();
    case 1: return api(ApiCall::release, [this] { elector_->release(); });
    case 2: return api(ApiCall::poll, [this] { elector_->poll(); });
    case 3: return start(true);
    default: return start(false);
  }
}

void Candidate::let_calls_return() {
  if (elector_) elector_->stop();
}

void Candidate::hold_on() {
  if (!elector_->running()) start(false);
}

}  // namespace mongoelector::simulation
