#include "simulation/model/process.h"

namespace mongoelector::simulation {

Process::Process(Surroundings& around, int id, DriftingClock clock, DriftingClock wall)
    : around_(around),
      id_(id),
      clock_(clock),
      wall_(wall),
      threads_(around.world(), clock_,
               {.latency = around.profile().latency,
                .preempt = around.telling.healed ? 0 : around.profile().preempt,
                .longest_wait = around.profile().longest_preemption,
                .on_preempted =
                    [this] {
                      around_.telling.count(Fault::kept_waiting);
                      around_.telling.hit(Probe::waited_for_a_lock);
                    }},
               [this] { observe(); }),
      connection_{.around = around.telling,
                  .network = around.network,
                  .store = around.store,
                  .threads = threads_,
                  .client = id},
      session_clock_(std::make_shared<SimulatedClock>(around.world(), clock_, wall_)),
      settled_(around.telling.healed) {}

void Process::begin() {
  begun_ = true;
  around().tell({.what = What::started, .client = id_});
  threads_.start([this] { live(); });
}

// ---- the program ----

void Process::live() {
  take_session();
  make(session_);
  if (settled_) settle();
}

void Process::take_session() {
  const Key key = profile().kind == Kind::election ? Key::election(kKey) : Key::lock(kKey);
  ConnectOptions options{.clock = session_clock_};
  if (profile().listens) options.on_event = [](const Event&) {};
  session_ = std::make_shared<Session>(std::make_shared<SimStore>(connection_, key), options);
}

void Process::call_at_random() {
  if (!begun_ || settled_) return;
  threads_.start([this] {
    if (!exists() || closing_ || settled_) return;
    if (world().random.chance(profile().make_again)) return make_again();
    call_something(false);
  });
}

// As a careful program does it: everybody is sent home first.
void Process::make_again() {
  closing_ = true;
  ++giving_back_;
  while (calls_open_ > 0) {
    let_calls_return();
    Threads::pass(profile().latency);
  }
  if (holding()) around().hit(Probe::destroyed_while_holding);
  around().hit(Probe::made_again);
  api(ApiCall::destroy, [this] { destroy(); });
  if (callbacks_ > 0) around().hit(Probe::destroyed_under_callback);
  if (world().random.chance(0.3)) {
    session_.reset();
    take_session();
  }
  --giving_back_;
  closing_ = false;
  api(ApiCall::make, [this] { make(session_); });
}

void Process::settle() {
  settled_ = true;
  threads_.stop_preempting();
  if (!begun_) return;
  threads_.start([this] {
    for (;;) {
      if (exists() && !closing_) hold_on();
      Threads::pass(profile().timing.ttl / 4);
    }
  });
}

void Process::call_from_callback() {
  if (settled_ || closing_ || !world().random.chance(profile().call_from_callback)) return;
  around().hit(Probe::call_from_callback);
  call_something(true);
}

void Process::take_time() {
  Duration length = profile().latency;
  if (!around().healed && world().random.chance(profile().slow_callback)) {
    around().count(Fault::callback_slow);
    length = world().random.between(Duration(1), profile().slowest_callback);
    if (length > profile().timing.ttl) around().hit(Probe::callback_longer_than_ttl);
    // What goes on when its owner does not wait for it.
    if (world().random.chance(profile().make_again)) {
      threads_.start([this] {
        if (exists() && !closing_ && !settled_) make_again();
      });
    }
  }
  ++callbacks_;
  Threads::pass(length);
  --callbacks_;
}

bool Process::throws() {
  if (around().healed || !world().random.chance(profile().throwing_callback)) return false;
  around().count(Fault::callback_threw);
  return true;
}

// ---- what can happen to it ----

void Process::freeze(Duration length) {
  if (!begun_ || threads_.frozen()) return;
  if (holding() && length > profile().timing.ttl)
    around().hit(Probe::pause_of_holder_longer_than_ttl);
  around().count(Fault::frozen);
  around().tell({.what = What::frozen, .client = id_});
  threads_.freeze();
  world().after(length, [this, freeze = ++freezes_] {
    if (freeze == freezes_) thaw();
  });
}

void Process::thaw() {
  if (dead() || !threads_.frozen()) return;
  ++freezes_;
  around().tell({.what = What::thawed, .client = id_});
  threads_.thaw();
}

void Process::kill() {
  if (holding()) around().hit(Probe::crash_of_holder);
  if (claims_in_flight()) around().hit(Probe::crash_while_claiming);
  around().count(Fault::crashed);
  around().tell({.what = What::crashed, .client = id_});
  threads_.kill();
  around_.store.client_died(id_);
}

void Process::set_clock(Duration by) {
  if (!begun_) return;
  around().count(Fault::client_clock_set);
  around().hit(Probe::client_clock_set);
  around().tell({.what = What::clock_set, .client = id_});
  wall_.jump(by);
  if (by > Duration::zero() && profile().store == StoreKind::mongo) clock_.jump(by);
  if (seen_) seen_->until = Instant::min();  // the same deadline is another moment now
  observe();
  threads_.clock_jumped(std::chrono::milliseconds(500));
}

// ---- the record ----

std::int64_t Process::lease_of(Token token) const {
  const auto found = connection_.leases.find(token.value());
  return found == connection_.leases.end() ? 0 : found->second;
}

void Process::tell(What what, Token token, int detail) {
  around().tell({.what = what,
                 .client = id_,
                 .lease = lease_of(token),
                 .token = token.value(),
                 .detail = detail});
}

void Process::observe() {
  const Uninterrupted quiet;
  if (dead()) return;
  const std::optional<Validity> now = look();
  connection_.holding = now.has_value();
  if (seen_ && (!now || now->token != seen_->token)) {
    const Token over = seen_->token;
    seen_.reset();
    tell(What::ends, over);
  }
  if (!now) return;
  if (seen_ && seen_->until == now->until) return;
  const bool begins = !seen_;
  seen_ = Seen{now->token, now->until};
  tell(What::holds, now->token);
  around().history.back().until = clock_.when(now->until);
  if (!begins || told_token_ == now->token.value()) return;
  told_token_ = now->token.value();
  on_over_.emplace_back(now->over, std::function<void()>([this, token = now->token] {
                     if (dead()) return;
                     observe();
                     tell(What::revoked, token, giving_back() ? 1 : 0);
                   }));
  write_to_register();
}

// While it holds, the program writes now and then.
void Process::write_to_register() {
  if (dead() || !holding() || threads_.frozen()) return;
  const Duration delay = around_.network.one_way();
  around_.resource.write(id_, lease_of(seen_->token), seen_->token, delay);
  world().after(world().random.about(profile().timing.ttl / 2), [this, token = seen_->token] {
    if (seen_ && seen_->token == token) write_to_register();
  });
}

}  // namespace mongoelector::simulation
