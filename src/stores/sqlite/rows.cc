#include "stores/sqlite/rows.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "mongoelector/error.h"

namespace mongoelector::internal {

namespace {

// The order of the tables in schema.cc.
enum LeaseColumn : int {
  kKind,
  kName,
  kLeaseId,
  kToken,
  kUuid,
  kHost,
  kPid,
  kLabel,
  kNote,
  kTtl,
  kExpires,
  kBoot,
  kSession,
  kSessionInode,
  kVersion,
  kCreatedWall,
  kExpiresWall,
};
enum MemberColumn : int {
  kMemberUuid,
  kMemberKind,
  kMemberName,
  kMemberHost,
  kMemberPid,
  kMemberTtl,
  kMemberHeard,
  kMemberBoot,
  kMemberHeardWall,
  kMemberIsMaster,
  kMemberLockOwned,
  kMemberLockCreated,
  kMemberLockExpires,
  kMemberRunning,
  kMemberLastPoll,
  kMemberAppVersion,
  kMemberLabel,
  kMemberPriority,
};

std::optional<Key> key_of(const Query& row) {
  const auto kind = row.text(kKind);
  const auto name = row.text(kName);
  if (!kind || !name) return std::nullopt;
  try {
    if (*kind == to_string(Kind::lock)) return Key::lock(*name);
    if (*kind == to_string(Kind::election)) return Key::election(*name);
  } catch (const ArgumentError&) {
    // Not a name that this library would have written.
  }
  return std::nullopt;
}

}  // namespace

std::optional<LeaseRow> lease_of(const Query& row, const Moment& moment) {
  const auto key = key_of(row);
  if (!key) return std::nullopt;
  Reader reader(row);
  LeaseRow lease{.record = {.key = *key}, .session = {}};
  Record& record = lease.record;
  record.lease_id = LeaseId(reader.text(kLeaseId));
  const std::int64_t token = reader.integer(kToken);
  record.token = Token(static_cast<std::uint64_t>(token));
  record.holder = {.uuid = reader.text(kUuid),
                   .host = reader.text(kHost),
                   .pid = reader.integer(kPid),
                   .label = reader.text(kLabel),
                   .note = reader.text(kNote)};
  record.ttl = reader.ttl(kTtl);
  record.version = static_cast<std::uint64_t>(reader.integer(kVersion));
  record.created_at = reader.wall(kCreatedWall);
  record.expires_at = reader.wall(kExpiresWall);
  lease.session = {.name = reader.text(kSession), .inode = reader.integer(kSessionInode)};
  const std::int64_t expires_ms = reader.integer(kExpires);
  const std::string boot = reader.text(kBoot);
  if (!reader.sound() || record.lease_id.empty() || token <= 0 || expires_ms < 0)
    return std::nullopt;
  if (boot != moment.boot) {
    record.claimable = true;  // nobody who held anything before a boot is there any more
    return lease;
  }
  const std::int64_t ttl_ms = ceil_ms(record.ttl);
  if (expires_ms > moment.now_ms + ttl_ms) return std::nullopt;  // nobody writes such a row
  // Both times are cut to milliseconds: the very millisecond of the expiry may not be over yet.
  record.claimable = moment.now_ms > expires_ms;
  record.remaining =
      std::min<Duration>(std::chrono::milliseconds(expires_ms + 1 - moment.now_ms), record.ttl);
  return lease;
}

std::string name_of(const Query& row) {
  return quoted(row.text(kName).value_or("with a name that is no text"));
}

void write_lease(Database& database, const LeaseRow& lease, const Moment& moment) {
  const Record& record = lease.record;
  const std::int64_t ttl_ms = ceil_ms(record.ttl);
  Query(database,
        "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        to_string(record.key.kind()), record.key.name(), record.lease_id.str(),
        static_cast<std::int64_t>(record.token.value()), record.holder.uuid, record.holder.host,
        record.holder.pid, record.holder.label, record.holder.note, ttl_ms,
        moment.now_ms + ttl_ms, moment.boot, lease.session.name, lease.session.inode,
        static_cast<std::int64_t>(record.version), since_1970_ms(record.created_at),
        since_1970_ms(moment.wall) + ttl_ms)
      .run();
}

bool extend_lease(Database& database, const Lease& lease, const SessionId& session,
                  const Moment& moment) {
  const std::int64_t ttl_ms = ceil_ms(lease.ttl);
  Query(database,
        "UPDATE leases SET ttl_ms = ?, expires_ms = ?, expires_wall_ms = ?, version = version + 1, "
        "session = iif(session = '', '', ?), session_inode = ? "
        "WHERE kind = ? AND name = ? AND lease_id = ? AND boot = ? "
        "AND typeof(expires_ms) = 'integer' AND expires_ms >= ?",
        ttl_ms, moment.now_ms + ttl_ms, since_1970_ms(moment.wall) + ttl_ms, session.name,
        session.inode, to_string(lease.key.kind()), lease.key.name(), lease.id.str(), moment.boot,
        moment.now_ms)
      .run();
  return database.changes() == 1;
}

void write_member(Database& database, const NodeStatus& member, const Moment& moment) {
  Query(database,
        "INSERT OR REPLACE INTO members "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        member.uuid, to_string(member.key.kind()), member.key.name(), member.host, member.pid,
        ceil_ms(member.ttl), moment.now_ms, moment.boot, since_1970_ms(moment.wall),
        std::int64_t{member.ismaster}, std::int64_t{member.lock_owned},
        since_1970_ms(member.lock_created), since_1970_ms(member.lock_expires),
        std::int64_t{member.elector_running}, since_1970_ms(member.last_poll), member.app_version,
        member.label, std::int64_t{member.priority})
      .run();
}

std::optional<NodeStatus> member_of(const Query& row, const Key& key) {
  Reader reader(row);
  NodeStatus member{.uuid = reader.text(kMemberUuid),
                    .key = key,
                    .host = reader.text(kMemberHost),
                    .pid = reader.integer(kMemberPid),
                    .ttl = reader.ttl(kMemberTtl),
                    .timestamp = reader.wall(kMemberHeardWall),
                    .ismaster = reader.flag(kMemberIsMaster),
                    .lock_owned = reader.flag(kMemberLockOwned),
                    .lock_created = reader.wall_if_any(kMemberLockCreated),
                    .lock_expires = reader.wall_if_any(kMemberLockExpires),
                    .elector_running = reader.flag(kMemberRunning),
                    .last_poll = reader.wall_if_any(kMemberLastPoll),
                    .app_version = reader.text(kMemberAppVersion),
                    .label = reader.text(kMemberLabel)};
  const std::int64_t priority = reader.integer(kMemberPriority);
  reader.demand(priority >= kLowestPriority && priority <= 0);
  if (!reader.sound()) return std::nullopt;
  member.priority = static_cast<int>(priority);
  return member;
}

}  // namespace mongoelector::internal
