#include "simulation/model/locker.h"

#include <stdexcept>

namespace mongoelector::simulation {

std::optional<Process::Validity> Locker::look() {
  if (!locker_ || !locker_->owned()) return std::nullopt;
  return Validity{locker_->token(), own_clock().now() + locker_->remaining(),
                  locker_->stop_token()};
}

void Locker::make(const std::shared_ptr<Session>& session) {
  cancel_ = std::stop_source();
  locker_ = std::make_unique<MongoLocker>(
      session, kKey,
      LockerOptions{.ttl = profile().timing.ttl,
                    .auto_renew = profile().auto_renew,
                    .timeparanoid = profile().timeparanoid,
                    .on_lost = [this](Token token) { on_lost(token); },
                    .timing = profile().timing_options()});
}

void Locker::destroy() { locker_.reset(); }

void Locker::on_lost(Token token) {
  tell(What::loss_told, token);
  call_from_callback();
  take_time();
  tell(What::loss_done, token);
  if (!throws()) return;
  around().hit(Probe::on_lost_threw);
  throw std::runtime_error("on_lost");
}

void Locker::acquire(const AcquireOptions& options) {
  if (acquiring_ > 0) around().hit(Probe::acquired_by_two_threads);
  ++acquiring_;
  api(ApiCall::acquire, [&] {
    try {
      locker_->acquire(options);
    } catch (const AcquireTimeout&) {
      around().hit(Probe::acquire_timed_out);
    } catch (const AcquireCancelled&) {
      around().hit(Probe::acquire_cancelled);
    }
  });
  --acquiring_;
}

void Locker::touch() {
  api(ApiCall::touch, [this] {
    if (locker_->touch()) around().hit(Probe::touched);
  });
}

void Locker::call_something(bool from_callback) {
  // A callback that waited here would keep the others from being called.
  switch (world().random.pick(0, from_callback ? 3 : 6)) {
    case 0:
    case 1: return api(ApiCall::release, [this] { locker_->release(); });
    case 2: return touch();
    case 3: return acquire({.blocking = false});
    case 4: return acquire({.step = profile().timing.poll, .cancel = cancel_.get_token()});
    case 5: return let_calls_return();
    default:
      return acquire({.timeout = world().random.about(profile().timing.ttl),
                      .step = profile().timing.poll,
                      .cancel = cancel_.get_token()});
  }
}

void Locker::let_calls_return() {
  // Stop callbacks of the attempts run in here, at a stroke: what they use must not go meanwhile.
  const Uninterrupted quiet;
  std::exchange(cancel_, std::stop_source()).request_stop();
}

void Locker::hold_on() {
  if (locker_->owned()) return touch();
  AcquireOptions options{.step = profile().timing.poll};
  if (world().random.chance(0.5)) options.timeout = profile().timing.ttl;
  acquire(options);
}

}  // namespace mongoelector::simulation
