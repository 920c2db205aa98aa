#include "mongoelector/locker.h"

#include "session/abandon.h"
#include "session/lock_participant.h"

namespace mongoelector {

MongoLocker::MongoLocker(std::shared_ptr<Session> session, std::string_view key,
                         LockerOptions options)
    : session_(internal::required(std::move(session))),
      participant_(std::make_shared<internal::LockParticipant>(session_->runtime(), Key::lock(key),
                                                               std::move(options))) {}

MongoLocker::~MongoLocker() {
  if (participant_->same_process()) {
    participant_->close();
  } else {
    internal::abandon(std::move(participant_));
    internal::abandon(std::move(session_));
  }
}

Token MongoLocker::acquire(const AcquireOptions& options) { return participant_->acquire(options); }

bool MongoLocker::release(bool force) {
  if (!force) return participant_->release();
  return participant_->force_release();
}

std::optional<WallTime> MongoLocker::touch() { return participant_->touch(); }
bool MongoLocker::owned() const noexcept { return participant_->owned(); }
Duration MongoLocker::remaining() const noexcept { return participant_->remaining(); }
Token MongoLocker::token() const noexcept { return participant_->token(); }
std::stop_token MongoLocker::stop_token() const { return participant_->stop_token(); }
bool MongoLocker::locked() const { return participant_->get_current().has_value(); }
std::optional<Record> MongoLocker::get_current() const { return participant_->get_current(); }
LockStatus MongoLocker::status() const { return participant_->status(); }
Duration MongoLocker::ttl() const noexcept { return participant_->ttl(); }
const Key& MongoLocker::key() const noexcept { return participant_->key(); }

bool MongoLocker::try_lock() {
  try {
    acquire({.blocking = false});
    return true;
  } catch (const LockExists&) {
    return false;
  }
}

bool MongoLocker::try_lock_within(Duration timeout) {
  try {
    acquire({.timeout = std::max(timeout, Duration::zero())});
    return true;
  } catch (const AcquireTimeout&) {
    return false;
  }
}

void MongoLocker::unlock() noexcept { participant_->release_quietly(); }

}  // namespace mongoelector
