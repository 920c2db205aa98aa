#include "mongoelector/elector.h"

#include <algorithm>

#include "session/abandon.h"
#include "session/election_participant.h"

namespace mongoelector {

Token Term::token() const noexcept { return state_->token; }
WallTime Term::since() const noexcept { return state_->since; }
std::stop_token Term::stop_token() const noexcept { return state_->stop.get_token(); }

bool Term::valid() const noexcept { return remaining() > Duration::zero(); }

Duration Term::remaining() const noexcept {
  const Duration::rep until = state_->valid_until.load(std::memory_order_acquire);
  if (until == 0 || !state_->guard->same_process()) return Duration::zero();
  return std::max(Instant(Duration(until)) - state_->clock->now(), Duration::zero());
}

MongoElector::MongoElector(std::shared_ptr<Session> session, std::string_view key,
                           ElectorOptions options)
    : session_(internal::required(std::move(session))),
      participant_(std::make_shared<internal::ElectionParticipant>(
          session_->runtime(), Key::election(key), std::move(options))) {}

MongoElector::~MongoElector() {
  if (participant_->same_process()) {
    participant_->close();
  } else {
    internal::abandon(std::move(participant_));
    internal::abandon(std::move(session_));
  }
}

void MongoElector::start(bool blocking) { participant_->start(blocking); }
void MongoElector::stop() { participant_->stop(); }
Duration MongoElector::stop_bound() const noexcept { return participant_->stop_bound(); }
void MongoElector::poll() { participant_->poll(); }
void MongoElector::release() { participant_->release(); }
bool MongoElector::running() const noexcept { return participant_->running(); }
bool MongoElector::ismaster() const noexcept { return participant_->ismaster(); }
std::optional<Term> MongoElector::term() const { return participant_->term(); }
bool MongoElector::master_exists() const { return participant_->read_master().has_value(); }
Duration MongoElector::pollwait() const { return participant_->pollwait(); }
NodeStatus MongoElector::node_status() const { return participant_->node_status(); }
void MongoElector::report_status() { participant_->report_status(); }
const Key& MongoElector::key() const noexcept { return participant_->key(); }

ClusterDetail MongoElector::cluster_detail() const {
  ClusterDetail detail{.timestamp = participant_->clock().wall()};
  const std::optional<Record> master = participant_->read_master();
  if (master) detail.master = {master->holder.host, master->holder.pid, master->holder.uuid};
  detail.member_detail = participant_->read_members().members;
  if (detail.member_detail.empty()) return detail;
  // All rows carry the store's time; the freshest stands for "now" there, so that no client clock
  // is trusted.
  const WallTime now = detail.member_detail.front().timestamp;
  std::erase_if(detail.member_detail, [&](const NodeStatus& row) {
    return row.ttl > Duration::zero() && now - row.timestamp > kStaleAfterTtls * row.ttl;
  });
  return detail;
}

}  // namespace mongoelector
