// What a candidate leaves at the store for people, and what operators leave there for it: the
// status row, the history, the control row. All on the records thread, which nothing waits for.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "core/control.h"
#include "core/history.h"
#include "session/election_participant.h"
#include "session/reports.h"

namespace mongoelector::internal {

namespace {

constexpr Duration kLongestSilence = std::chrono::minutes(10);

}  // namespace

// A follower at rest has nothing new to say: as rarely as kStaleAfterTtls allows with a ttl to
// spare, and often enough for the sweeper of the rows. The sweeper of Python members comes sooner.
Duration ElectionParticipant::report_every() const {
  const Duration ttl = config_.timing.ttl;
  const bool at_rest = election_.state == ElectionState::follower &&
                       runtime_->waker().has_hints() && !runtime_->shares_with_python();
  return at_rest ? std::max(ttl / 2, std::min(2 * ttl, kLongestSilence)) : ttl / 2;
}

void ElectionParticipant::post_records(Occasion occasion) {
  const bool stopped = election_.state == ElectionState::stopped;
  const Instant now = runtime_->clock().now();
  report_at_ = stopped ? Instant::max() : now + report_every();
  if (!stopped && control_at_ > now) report_at_ = std::min(report_at_, control_at_);
  schedule();
  if (options_.report_status) post_report();
  // A claim has checked the clock, but a term may last for months. Its lease goes by the store's
  // time, so this only tells.
  if (election_.state == ElectionState::master)
    runtime_->record([me = self()] { me->clock_is_off("leading "); });
  if (!stopped && (occasion == Occasion::change || now >= control_at_)) post_control();
}

// ---- the status row ----

NodeStatus ElectionParticipant::node_status() const {
  NodeStatus row{.uuid = holder_.uuid,
                 .key = key_,
                 .host = holder_.host,
                 .pid = holder_.pid,
                 .ttl = config_.timing.ttl,
                 .timestamp = runtime_->clock().wall(),
                 .app_version = options_.app_version,
                 .label = options_.label,
                 .priority = options_.priority};
  if (!same_process()) return row;  // a lock that was held at the fork stays so in the child
  const bool master = ismaster();
  row.clock = runtime_->clock_offset();
  const std::lock_guard lock(mutex_);
  row.ismaster = master;
  row.lock_owned = master;
  row.elector_running = election_.running;
  row.last_poll = last_poll_;
  if (master && elected_at_) {
    row.lock_created = elected_at_;
    const Duration left =
        election_.lease.deadline + config_.timing.margin - runtime_->clock().now();
    row.lock_expires = row.timestamp + std::chrono::duration_cast<WallTime::duration>(left);
  }
  return row;
}

void ElectionParticipant::post_report() {
  if (report_pending_) return;
  report_pending_ = true;
  runtime_->record([me = self()] { me->write_report(); });
}

void ElectionParticipant::write_report() {
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    gone = election_.state == ElectionState::stopped;
    if (!gone) report_pending_ = false;  // a change from now on needs a row of its own
  }
  const Clock& clock = runtime_->clock();
  const NodeStatus row = node_status();
  const WallTime before = clock.wall();
  const ReleaseReply reply = gone ? runtime_->store().retire(key_, holder_.uuid)
                                  : runtime_->store().report(row);
  // For the row after this one: a call of its own would be one more for the store.
  if (reply.time) runtime_->time_seen(compensated(before, *reply.time, clock.wall()));
  const std::lock_guard lock(mutex_);
  if (gone) {
    report_pending_ = false;
    changed_.notify_all();
  }
  if (reply.outcome == Outcome::granted || (gone && reply.outcome == Outcome::lost)) return;
  emit(EventKind::store_trouble,
       "status row of " + show_key(key_) + ": " + describe_trouble(reply.outcome, reply.detail));
}

// ---- the history ----

void ElectionParticipant::begin_chapter(Instant now) {
  chapter_ = Chapter{.row = TermRow{.key = key_, .token = election_.lease.token, .holder = holder_},
                     .began = now,
                     .expired = expired_seen_};
  runtime_->record([me = self(), chapter = *chapter_] { me->open_term(chapter); });
  runtime_->leased();
}

void ElectionParticipant::end_chapter(ElectionEvent by, Instant valid_until) {
  TermRow& row = chapter_->row;
  chapter_->ended = std::min(runtime_->clock().now(), valid_until);
  if (by == ElectionEvent::control) {
    row.ended_by = stepdown_.to.empty() ? EndedBy::stepped_down : EndedBy::switchover;
    row.reason = stepdown_.reason;
    row.by = stepdown_.by;
  } else if (election_.state == ElectionState::ceding) {
    row.ended_by = EndedBy::released;
    if (by == ElectionEvent::onmaster_threw) row.reason = "onmaster threw";
  } else {
    const LossReason reason = election_.lease.loss;
    row.ended_by = reason == LossReason::taken ? EndedBy::forced : EndedBy::lost;
    row.reason = describe_loss(reason);
  }
}

void ElectionParticipant::post_ended_chapter() {
  // Nothing may stand between the end of a term and the removal of its lease.
  const bool releasing = election_.state == ElectionState::ceding ||
                         election_.state == ElectionState::clearing;
  if (!chapter_ || !chapter_->ended || releasing) return;
  runtime_->record([me = self(), chapter = std::move(*chapter_)] { me->write_term(chapter); });
  chapter_.reset();
}

void ElectionParticipant::open_term(Chapter chapter) {
  // Each master closes what is open, so more than a few are never left.
  constexpr std::size_t kLookBack = 8;
  HistoryReply before = runtime_->store().history(key_, WallTime{}, kLookBack);
  // A history that cannot be read is not an empty one: the number stays unknown.
  if (before.outcome == Outcome::granted)
    chapter.row.number = next_term_number(before.rows, chapter.row.token);
  if (const auto row = write_term(chapter))
    close_predecessors(chapter, *row, std::move(before.rows));
}

std::optional<TermRow> ElectionParticipant::write_term(const Chapter& chapter) {
  const auto time = runtime_->store_time();
  if (!time) {
    history_answered({.outcome = Outcome::unreachable});
    return std::nullopt;
  }
  const Clock& clock = runtime_->clock();
  const Instant before = clock.now();
  const WallTime wall = clock.wall();
  const Duration between = clock.now() - before;
  const auto shown = [&](Instant when) {
    return wall + std::chrono::duration_cast<WallTime::duration>(time->offset - (before - when));
  };
  TermRow row = chapter.row;
  row.start = shown(chapter.began);
  row.blur = time->blur + between;
  if (last_term_ && last_term_->token == row.token) {
    // Seen from nearer.
    row.number = last_term_->number;
    row.start = last_term_->start;
    row.blur = std::max(row.blur, last_term_->blur);
  }
  if (chapter.ended) row.end = std::max(shown(*chapter.ended), row.start);
  last_term_ = row;
  history_answered(runtime_->store().record_term(row));
  return row;
}

void ElectionParticipant::close_predecessors(const Chapter& chapter, const TermRow& own,
                                             std::vector<TermRow> before) {
  for (TermRow& row : before) {
    if (row.ended_by != EndedBy::open || row.token >= own.token) continue;
    row.ended_by = EndedBy::expired;
    row.end = own.start;
    if (chapter.expired && chapter.expired->uuid == row.holder.uuid)
      row.end = std::min(*row.end, chapter.expired->at);
    row.end = std::max(*row.end, row.start);
    row.blur = std::max(row.blur, own.blur);
    history_answered(runtime_->store().record_term(row));
  }
}

void ElectionParticipant::history_answered(const ReleaseReply& reply) {
  const bool written = reply.outcome == Outcome::granted || reply.outcome == Outcome::lost;
  if (!written && history_works_) {
    emit(EventKind::store_trouble,
         "history of " + show_key(key_) + ": " + describe_trouble(reply.outcome, reply.detail));
  }
  history_works_ = written;
}

// ---- control ----

void ElectionParticipant::post_control() {
  // Changes are hinted at; but hints may be missing (S12).
  control_at_ = runtime_->waker().has_hints() ? runtime_->clock().now() + 4 * config_.timing.ttl
                                              : Instant{};
  if (control_pending_) return;
  control_pending_ = true;
  runtime_->record([me = self()] { me->read_control(); });
}

void ElectionParticipant::read_control() {
  {
    const std::lock_guard lock(mutex_);
    control_pending_ = false;  // what changes from now on needs a look of its own
  }
  const ControlReply reply = runtime_->store().read_control(key_);
  ElectionInput input{.event = ElectionEvent::control};
  {
    const std::lock_guard lock(mutex_);
    const bool news = std::exchange(last_control_, reply.outcome) != reply.outcome;
    if (reply.outcome != Outcome::granted) {
      // What was known stays in force until its time is over.
      input.barred_until = election_.barred_until;
      input.named_until = election_.named_until;
      if (news) {
        emit(EventKind::store_trouble, "control of " + show_key(key_) + ": " +
                                           describe_trouble(reply.outcome, reply.detail));
      }
    } else if (reply.row) {
      const ControlEffect effect =
          effect_of(*reply.row, reply.time, holder_, config_.timing.ttl);
      if (effect.barred_for > Duration::zero())
        input.barred_until = runtime_->clock().now() + effect.barred_for;
      if (effect.named_for > Duration::zero())
        input.named_until = runtime_->clock().now() + effect.named_for;
      input.step_down = effect.step_down;
      if (effect.due_in > Duration::zero()) {
        const Instant due = runtime_->clock().now() + effect.due_in;
        control_at_ = std::min(control_at_, due);
        report_at_ = std::min(report_at_, due);
        schedule();
      }
      stepdown_ = reply.row->stepdown.value_or(StepDown{});
    }
  }
  apply(std::move(input));
}

}  // namespace mongoelector::internal
