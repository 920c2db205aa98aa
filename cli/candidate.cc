#include "cli/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/poll.h"
#include "base/text.h"
#include "cli/election.h"

namespace mongoelector::cli {

Candidate::Candidate(const Means& means)
    : to_(means),
      clock_(means.session.clock()),
      self_(holder_of(means.elector.node_status())),
      hooks_(means.flags.hooks, means.context.out, clock_,
             plan_child({}, means.flags.supervision, means.signals, tenure({}), {})),
      health_(means.flags.health, means.context.out, clock_,
              plan_child({}, means.flags.supervision, means.signals, tenure({}), {})),
      herald_(means.context.out, means.context.command.empty(), means.flags.role_file,
              means.elector.key(), means.notifier, hooks_),
      restarts_(means.flags.restart),
      heard_(clock_.now()) {
  if (means.notifier.watchdog()) alive_at_ = heard_;
}

Candidate::~Candidate() {
  child_.reset();
  to_.leadership.end_work();
}

// As the elector counts it in the history, where it may not have written yet.
std::uint64_t Candidate::number_of(const Term& term) const {
  try {
    const auto rows = ask_history(to_.session.store(), to_.elector.key(), {}, 1);
    if (rows.empty() || rows[0].token > term.token()) return 0;
    if (rows[0].token == term.token()) return rows[0].number;
    return rows[0].number == 0 ? 0 : rows[0].number + 1;
  } catch (const StoreError&) {
    return 0;
  }
}

Tenure Candidate::tenure(Token token) const {
  return {.key = to_.elector.key(),
          .holder_id = self_.uuid,
          .label = to_.flags.supervision.label,
          .token = token,
          .ttl = to_.budget.ttl,
          .term = number_};
}

int Candidate::run() {
  to_.elector.start();
  while (!exit_code_) {
    const bool looked = to_.leadership.looked();
    if (cooling_until_ && clock_.now() >= *cooling_until_) {
      cooling_until_.reset();
      to_.elector.start();
    }
    if (!child_ && !cooling_until_) look_around(looked);
    show_progress(looked);
    if (!herald_.unread()) wait();
    answer_signals();
    hooks_.look();
    if (health_.look()) step_down("the health check keeps failing");
    if (!child_) continue;
    // First the lease: a command that was killed because we were late has not ended by itself.
    look_at_lease();
    look_at_child();
  }
  to_.notifier.stopping(to_.elector.stop_bound());
  to_.elector.stop();
  end_term("stopped");
  drain_hooks();
  return *exit_code_;
}

// ---- while the command runs ----

void Candidate::look_at_lease() {
  const Cover cover = cover_of(clock_, *term_);
  if (cover.remaining > Duration::zero()) {
    child_->covered_until(cover.until);
    lease_file_->renewed(cover);
    herald_.renewed(cover);
  } else if (!std::exchange(lost_, true)) {
    child_->lease_lost();  // first: all the others may take their time
    lease_file_->remove();
    herald_.unknown("the lease is lost");
    health_.end();
    out().note(stopping_text(*child_, to_.budget, cover.now));
  }
}

void Candidate::look_at_child() {
  look_at(*child_, terminal_, out());
  if (child_->exit_code()) child_ended();
}

void Candidate::child_ended() {
  const int code = *child_->exit_code();
  const bool by_itself = !child_->stopping();
  to_.report.ended(*child_);
  if (by_itself) {
    out().note(fmt::format("pid {} ended with code {}", child_->pid(), code));
  } else {
    out().note(stopped_text(*child_, to_.budget, clock_.now()) +
               (stop_signal_ || stepping_down_ ? "" : "; standby"));
  }
  child_.reset();
  lease_file_.reset();
  health_.end();
  to_.leadership.end_work();
  if (stop_signal_) {
    to_.report.because("interrupted");
    exit_code_ = *stop_signal_ == SIGTERM ? 0 : code;
  } else if (std::exchange(stepping_down_, false)) {
    cool_down();
  } else if (by_itself) {
    restart_or_end(code);
  }
}

void Candidate::restart_or_end(int code) {
  if (!restarts_.wanted(code)) {
    exit_code_ = code;
    return;
  }
  if (const auto pause = restarts_.next(clock_.now())) {
    out().note("starting again in " + internal::show_duration(*pause));
    start_at_ = clock_.now() + *pause;
    return;
  }
  const std::string why = fmt::format("the command ended {} times within {}",
                                      to_.flags.restart.most + 1,
                                      internal::show_duration(to_.flags.restart.window));
  if (to_.flags.restart.give_up == GiveUp::stepdown) {
    step_down(why);
    return;
  }
  out().note(why + "; giving up");
  to_.report.because("gave_up");
  exit_code_ = static_cast<int>(Exit::gave_up);
}

// ---- while it does not ----

void Candidate::look_around(bool looked) {
  std::optional<Term> term = to_.leadership.term();
  if (term && !term->valid()) term.reset();
  if (!term) {
    end_term("the lease is lost");
    if (looked) name_leader();
    return;
  }
  if (!term_ || term_->token() != term->token()) begin_term(*term);
  herald_.renewed(cover_of(clock_, *term));
  if (!command().empty() && clock_.now() >= start_at_ && to_.leadership.begin_work())
    start_command();
}

void Candidate::begin_term(const Term& term) {
  end_term("the lease was lost");
  term_ = term;
  number_ = number_of(term);
  restarts_.begin_anew();
  start_at_ = clock_.now();
  to_.report.held(term.token());
  herald_.leading(term, number_, self_);
  if (command().empty()) health_.begin();
}

void Candidate::end_term(const std::string& why) {
  if (!std::exchange(term_, std::nullopt)) return;
  health_.end();
  herald_.unknown(why);
}

void Candidate::start_command() {
  lost_ = false;
  const Tenure us = tenure(term_->token());
  // Whoever does not read what we say must not make us late.
  out().note(fmt::format("elected, {}; starting: {}", show_term(number_, term_->token()),
                         fmt::join(command(), " ")));
  const Cover cover = cover_of(clock_, *term_);
  lease_file_.emplace(out(), us, cover);
  ChildPlan plan = plan_child(command(), to_.flags.supervision, to_.signals, us,
                              lease_file_->path());
  plan.terminal = terminal_.for_start();
  plan.covered_until = cover.until;
  child_.emplace(plan, clock_, to_.budget.grace);
  health_.begin();
  look_at_lease();
}

// Says who leads, when that has changed.
void Candidate::name_leader() {
  const ReadReply reply = to_.session.store().read(to_.elector.key());
  if (reply.outcome != Outcome::granted) {
    herald_.unknown(reply.detail);
    return;
  }
  if (!reply.record || reply.record->claimable || reply.record->holder.uuid == self_.uuid) return;
  herald_.standby(*reply.record, clock_.wall());
}

// ---- giving up for a while ----

void Candidate::step_down(const std::string& why) {
  out().note(fmt::format("{}; stepping down for {}", why,
                         internal::show_duration(to_.flags.restart.cooldown)));
  if (!child_) {
    cool_down();
  } else if (!child_->stopping()) {
    stepping_down_ = true;
    child_->stop(SIGTERM);
  }
}

void Candidate::cool_down() {
  to_.elector.stop();
  end_term("stepped down");
  cooling_until_ = clock_.now() + to_.flags.restart.cooldown;
}

// ---- always ----

void Candidate::wait() {
  const Instant now = clock_.now();
  Instant until = std::min({hooks_.deadline(), health_.deadline(), alive_at_,
                            cooling_until_.value_or(Instant::max())});
  if (child_) {
    until = std::min(until, next_look(*child_, to_.budget, now));
  } else if (term_) {
    until = std::min(until, now + term_->remaining());
    if (start_at_ > now) until = std::min(until, start_at_);
  }
  std::array<pollfd, 6> watched{{{.fd = to_.leadership.fd(), .events = POLLIN},
                                 {.fd = to_.signals.fd(), .events = POLLIN},
                                 {.fd = child_ ? child_->fd() : -1, .events = POLLIN},
                                 {.fd = hooks_.fd(), .events = POLLIN},
                                 {.fd = health_.fd(), .events = POLLIN},
                                 {.fd = herald_.reader(), .events = 0}}};
  internal::poll_until(clock_, watched, until);
  if ((watched[5].revents & POLLERR) != 0) herald_.reader_is_gone();
  to_.leadership.clear();
}

void Candidate::answer_signals() {
  if (child_) {
    const auto signal = deliver_signals(to_.signals, *child_, terminal_);
    if (!signal || stop_signal_) return;
    stop_signal_ = signal;
    to_.notifier.stopping(to_.budget.grace + to_.elector.stop_bound());
    return;
  }
  // As if the signal that it causes had come.
  if (herald_.unread()) {
    to_.report.because("interrupted");
    exit_code_ = 128 + SIGPIPE;
    return;
  }
  while (const auto signal = to_.signals.next()) {
    // Whose terminal is gone must not lead one day unseen; nohup(1) keeps the signal away.
    if (!asks_to_end(*signal) && *signal != SIGHUP) continue;
    to_.report.because("interrupted");
    exit_code_ = *signal == SIGTERM ? 0 : 128 + *signal;
  }
}

// To the service manager: the first look makes us ready, and alive is who leads, who hears from the
// elector, who is stopping a command in time, and who stays out on purpose.
void Candidate::show_progress(bool looked) {
  const Instant now = clock_.now();
  if (looked || term_) heard_ = now;
  if ((looked || term_) && !std::exchange(ready_, true)) to_.notifier.ready();
  if (now < alive_at_) return;
  alive_at_ = now + *to_.notifier.watchdog();
  const bool stopping =
      child_ && child_->stopping() && now < child_->stop_at() + to_.budget.grace + to_.budget.ttl;
  const bool leading = term_ && term_->valid();
  if (cooling_until_ || stopping || leading || (!child_ && now < heard_ + 3 * to_.budget.ttl))
    to_.notifier.alive();
}

// The lease is given up already; only a signal cuts them short.
void Candidate::drain_hooks() {
  bool insists = false;
  while (!hooks_.idle() && !insists) {
    std::array<pollfd, 2> watched{{{.fd = hooks_.fd(), .events = POLLIN},
                                   {.fd = to_.signals.fd(), .events = POLLIN}}};
    internal::poll_until(clock_, watched, hooks_.deadline());
    hooks_.look();
    while (const auto signal = to_.signals.next()) insists = insists || asks_to_end(*signal);
  }
}

}  // namespace mongoelector::cli
