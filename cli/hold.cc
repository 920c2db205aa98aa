#include "cli/hold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/poll.h"
#include "base/text.h"
#include "cli/wake.h"

namespace mongoelector::cli {

void HoldFlags::add_script(Flags& flags) {
  flags.add_option("-c", script, "a line for sh instead of COMMAND").type_name("STRING");
}

void HoldFlags::add_max_hold(Flags& flags) {
  add_duration(flags, "--max-hold", max_hold, "stop the command after this long; exit code 81");
}

std::vector<std::string> HoldFlags::command_of(const Context& context,
                                               const std::string& usage) const {
  if (context.command.empty() && script.empty()) {
    throw Failure(Exit::usage, "there is no COMMAND to run while the lock is held",
                  "write: mongoelector " + usage);
  }
  if (script.empty()) return context.command;
  if (!context.command.empty())
    throw Failure(Exit::usage, "-c and a COMMAND contradict each other");
  return {"/bin/sh", "-c", script};
}

Hold::Hold(const HoldFlags& flags, Context& context, Report& report, const Key& key)
    : flags_(flags),
      context_(context),
      report_(report),
      session_(open()),
      budget_(flags.supervision, session_->store().shared()) {
  try {
    locker_.emplace(session_, key.name(),
                    LockerOptions{.ttl = budget_.ttl,
                                  .label = flags.supervision.label,
                                  .note = flags.supervision.note,
                                  .timing = {.margin = budget_.margin}});
  } catch (const ArgumentError& error) {
    throw budget_.refusal(error.what(), session_->store().shared());
  }
}

std::shared_ptr<Session> Hold::open() {
  StoreChoice choice = choose_store(context_.globals, false);
  ConnectOptions options;
  if (choice.on_a_server()) {
    options.clock = make_shared_store_clock();  // of both
    guardian_ = std::make_unique<Guardian>(*options.clock);
  }
  return open_supervised(context_, std::move(choice), signals_, report_, std::move(options))
      .session;
}

std::optional<int> Hold::acquire_at_once() {
  return acquire({.blocking = false},
                 limit(context_, report_, "; it may be held all the same, for one ttl"));
}

std::optional<int> Hold::acquire(AcquireOptions options, const Meanwhile& meanwhile) {
  std::optional<int> signal;
  if (options.blocking) guardian_.reset();
  if (options.blocking || session_->store().shared()) {
    std::stop_source cancel;
    options.cancel = cancel.get_token();
    signal = run_interruptible(
        signals_, [&] { locker_->acquire(options); }, [&](int) { cancel.request_stop(); },
        meanwhile);
  } else {
    // The embedded store answers in no time, and a thread takes some.
    locker_->acquire(options);
    signal = signals_.next_to_end();
  }
  if (signal) {
    locker_->release();  // it may have been just too late
    report_.because("interrupted");
    return signal;
  }
  began_ = clock().now();
  report_.held(locker_->token());
  return std::nullopt;
}

int Hold::run(const std::vector<std::string>& command) {
  Wake lost;
  const std::stop_callback on_loss(locker_->stop_token(), [&] { lost.notify(); });
  const Tenure tenure{.key = locker_->key(),
                      .holder_id = locker_->status().uuid,
                      .label = flags_.supervision.label,
                      .token = locker_->token(),
                      .ttl = budget_.ttl};
  const Cover cover = cover_of(clock(), *locker_);
  LeaseFile lease_file(context_.out, tenure, cover);
  ChildPlan plan = plan_child(command, flags_.supervision, signals_, tenure, lease_file.path());
  plan.terminal = terminal_.for_start();
  if (!flags_.warn_only) plan.covered_until = cover.until;
  Child& child = child_.emplace(plan, clock(), budget_.grace, std::move(guardian_));
  look_at_lease(child, lease_file);
  while (!child.exit_code()) {
    std::array<pollfd, 3> watched{{{.fd = child.fd(), .events = POLLIN},
                                   {.fd = signals_.fd(), .events = POLLIN},
                                   {.fd = lost.fd(), .events = POLLIN}}};
    Instant until = next_look(child, budget_, clock().now());
    if (flags_.max_hold && !held_too_long_) until = std::min(until, began_ + *flags_.max_hold);
    internal::poll_until(clock(), watched, until);
    lost.clear();
    deliver_signals(signals_, child, terminal_);
    // First the lease: a command that was killed because we were late has not ended by itself.
    look_at_lease(child, lease_file);
    look_at_clock(child);
    look_at(child, terminal_, context_.out);
  }
  const int code = finish(child);
  if (!lost_) stay();
  return code;
}

void Hold::look_at_lease(Child& child, LeaseFile& lease_file) {
  const Cover cover = cover_of(clock(), *locker_);
  if (cover.remaining > Duration::zero()) {
    if (!flags_.warn_only) child.covered_until(cover.until);
    lease_file.renewed(cover);
  }
  if (cover.remaining > Duration::zero() || std::exchange(lost_, true)) return;
  lease_file.remove();
  if (flags_.warn_only) {
    context_.out.note(internal::show_key(locker_->key()) +
                      " is lost; the command goes on without it (--on-lost warn)");
    return;
  }
  child.lease_lost();
  context_.out.note(stopping_text(child, budget_, cover.now));
}

void Hold::look_at_clock(Child& child) {
  if (!flags_.max_hold || child.stopping() || clock().now() < began_ + *flags_.max_hold) return;
  if (std::exchange(held_too_long_, true)) return;
  child.stop(SIGTERM);
  context_.out.note(fmt::format("--max-hold {} is over; stopping pid {} (TERM, KILL in {})",
                                internal::show_duration(*flags_.max_hold), child.pid(),
                                internal::show_duration(budget_.grace)));
}

int Hold::finish(const Child& child) {
  report_.ended(child);
  if (lost_ && !flags_.warn_only) {
    context_.out.note(stopped_text(child, budget_, clock().now()));
    report_.because("lease_lost");
    return static_cast<int>(Exit::lease_lost);
  }
  if (held_too_long_) {
    report_.because("max_hold");
    return static_cast<int>(Exit::max_hold);
  }
  return *child.exit_code();
}

// The command is over, so a signal only ends the wait.
void Hold::stay() {
  const Instant until = began_ + flags_.at_least;
  bool over = false;
  while (!over && locker_->owned() && clock().now() < until) {
    std::array<pollfd, 1> watched{{{.fd = signals_.fd(), .events = POLLIN}}};
    internal::poll_until(clock(), watched, std::min(until, clock().now() + budget_.ttl / 10));
    while (const auto signal = signals_.next()) over = over || asks_to_end(*signal);
  }
}

}  // namespace mongoelector::cli
