#include "stores/sqlite/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/host.h"
#include "base/text.h"
#include "mongoelector/clock.h"
#include "mongoelector/error.h"
#include "stores/sqlite/fork_gate.h"
#include "stores/sqlite/place.h"
#include "stores/sqlite/record_rows.h"
#include "stores/sqlite/rows.h"
#include "stores/sqlite/schema.h"
#include "stores/sqlite/sessions.h"

namespace mongoelector::internal {

namespace {

constexpr std::int64_t kOpeningPatienceMs = 5000;
constexpr std::int64_t kForgetMembersAfterMs = 24LL * 3600 * 1000;
// In pages of 4 KiB. Moving the log costs two disk syncs, and the next write another one. Renewals
// and releases see to it, a release after it has woken the waiters; a claim, for which somebody
// waits, only where claims are all there is. The end of a program leaves a short log where it is:
// reading it costs the next one less than moving it would.
constexpr int kShortLog = 64;
constexpr int kLongLog = 4000;
constexpr int kTooLongLog = 4 * kLongLog;

// Connections that nobody uses at the moment. Each call has one to itself, so a slow call of one
// thread never stands in the way of another's renewal; only writers wait for each other, in SQLite,
// for at most their patience.
class Pool {
 public:
  explicit Pool(std::string path) : path_(std::move(path)) { idle_.reserve(kMostIdle); }

  std::unique_ptr<Connection> take(const Timebase& timebase, std::int64_t patience_ms) {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return std::make_unique<Connection>(path_, timebase, patience_ms);
  }

  // After a failure too: with the last connection SQLite would remove the log, under the name of
  // which this session is known (sessions.h).
  void give_back(std::unique_ptr<Connection> connection) noexcept {
    if (connection->database().in_transaction() || !connection->current()) return;
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(connection));
  }

  // Gives back what was taken, however a call ends.
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Loan() { pool_.give_back(std::move(connection_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool& pool_;
    std::unique_ptr<Connection> connection_;
  };

  void clear() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

  // Without moving the log into the file, or removing anything.
  void drop() noexcept {
    for (const auto& connection : idle_) connection->database().spare_companions();
    idle_.clear();
  }

 private:
  static constexpr std::size_t kMostIdle = 4;

  const std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

struct Failure {
  Outcome outcome;
  std::string detail;
};

class SqliteStore : public LeaseStore, private ForkGate::Member {
 public:
  explicit SqliteStore(const std::string& path)
      : path_(path), timebase_{boot_id(), time_namespace()}, pool_(path), sessions_(open_first()) {
    if (in_memory(path)) {
      warnings_.push_back(
          "the file is kept in memory: after a boot tokens start anew, smaller than those before");
    }
    ForkGate::add(*this);
  }
  ~SqliteStore() override;

  ClaimReply claim(const ClaimRequest& request) override;
  RenewReply renew(std::span<const Lease> leases) override;
  ReleaseReply release(const Lease& lease) override;
  ReleaseReply break_lease(const Record& seen) override;
  ReadReply read(const Key& key) override;
  ListReply list(Kind kind, const std::string& prefix) override;
  std::unique_ptr<Watch> watch() override { return sessions_.watch(); }
  StoreInfo info() override;
  StoreOpening opening() const override { return {.own_clock = false, .warnings = warnings_}; }
  ReleaseReply report(const NodeStatus& row) override;
  ReleaseReply retire(const Key& key, const std::string& uuid) override;
  MembersReply members(const Key& key) override;
  ReleaseReply record_term(const TermRow& row) override;
  HistoryReply history(const Key& key, WallTime since, std::size_t limit) override;
  ControlReply read_control(const Key& key) override;
  ReleaseReply write_control(const ControlRow& row) override;
  bool keeps_waiters() const override { return true; }
  ReleaseReply report_waiters(const WaitersRow& row) override;
  WaitersReply waiters(const std::string& prefix) override;
  bool shared() const override { return false; }
  void limit_calls(Duration budget) override {
    // Leaves the rest of the budget to the call itself.
    patience_ms_ = std::max<std::int64_t>(1, ceil_ms(budget) * 3 / 4);
  }

 private:
  // The first connection shows whether the file is ours before anything is put beside it.
  const std::string& open_first() {
    pool_.give_back(std::make_unique<Connection>(path_, timebase_, kOpeningPatienceMs));
    return path_;
  }

  void drop_inherited() noexcept override {
    pool_.drop();
    sessions_.drop_inherited();
  }

  Moment present() const {
    return {.boot = timebase_.boot, .now_ms = monotonic_ms(), .wall = clock_->wall()};
  }
  SessionId enter(Database& database, std::int64_t ttl_ms);
  // False: there are leases at the store that this session may hold.
  bool disown_leases();
  ClaimReply claim_row(const ClaimRequest& request);
  void judge(LeaseRow& lease) const {
    Record& record = lease.record;
    record.claimable = record.claimable || sessions_.known_dead(lease.session);
  }
  ReleaseReply remove(const Key& key, const LeaseId& id);
  // Tells all watches of a change whose transaction has entered a session.
  ReleaseReply announced(ReleaseReply reply) {
    if (reply.outcome != Outcome::granted) return reply;
    const ForkGate::Pass pass;
    sessions_.announce();
    return reply;
  }
  // To be called when nobody waits any more for what was just committed.
  void shorten_log(int longest = kLongLog);
  // The file has replaced another, and leases of that one may be in force.
  bool quiet(Database& database, const Moment& moment) const;

  // Runs `work(database, moment)` in one transaction and commits; a failure is a reply.
  template <class Reply, class Work>
  Reply transact(Transaction::Intent intent, const Work& work);

  const std::string path_;
  const Timebase timebase_;
  const std::shared_ptr<Clock> clock_ = make_machine_clock();
  std::atomic<std::int64_t> patience_ms_{1000};
  std::atomic<int> log_pages_{0};
  Pool pool_;
  Sessions sessions_;
  std::vector<std::string> warnings_;
};

constexpr auto kRead = Transaction::Intent::read;
constexpr auto kWrite = Transaction::Intent::write;

constexpr char kSelectLease[] = "SELECT * FROM leases WHERE kind = ? AND name = ?";

// What a failed call means, wherever in it the failure happened.
template <class Work>
std::optional<Failure> failure_of(const std::string& path, const Work& work) {
  const auto told = [&](const std::exception& error) { return quoted(path) + ": " + error.what(); };
  try {
    work();
    return std::nullopt;
  } catch (const UnsureCommit& error) {
    return Failure{Outcome::unknown, told(error)};
  } catch (const SqlError& error) {
    const SqlProblem problem = error.problem();
    const Outcome outcome = problem == SqlProblem::refused   ? Outcome::denied
                            : problem == SqlProblem::foreign ? Outcome::damaged
                                                             : Outcome::unreachable;
    return Failure{outcome, told(error)};
  } catch (const ConnectError& error) {
    // What is at the path now is no file for us.
    const bool damaged = error.problem() == ConnectProblem::damaged;
    return Failure{damaged ? Outcome::damaged : Outcome::denied, error.what()};
  }
}

Token next_token(Database& database) {
  Query counter(database, "UPDATE meta SET token = token + 1 RETURNING token");
  const auto token = counter.next() ? counter.integer(0) : std::nullopt;
  if (!token) throw SqlError(SqlProblem::foreign, "has lost its token counter");
  counter.run();
  return Token(static_cast<std::uint64_t>(*token));
}

template <class Reply, class Work>
Reply SqliteStore::transact(Transaction::Intent intent, const Work& work) {
  const ForkGate::Pass pass;
  Reply reply;
  auto failed = failure_of(path_, [&] {
    const Pool::Loan connection(pool_, pool_.take(timebase_, patience_ms_));
    Database& database = connection->database();
    database.set_patience(patience_ms_);
    Transaction transaction(database, intent);
    // A read transaction begins with its first look at the file.
    if (intent == kRead) Query(database, "SELECT 1 FROM meta").next();
    if (!connection->current()) {
      pool_.clear();
      throw SqlError(SqlProblem::unavailable, "was removed or replaced while in use");
    }
    // Only now: waiting for the write lock takes time.
    reply = work(database, present());
    transaction.commit();
    if (intent == kWrite) log_pages_ = database.log_pages();
  });
  if (failed) {
    reply = Reply{};
    reply.detail = std::move(failed->detail);
    // Only who asks about a record is told that it is damaged; who wants it changed is refused.
    constexpr bool kRenews = std::is_same_v<Reply, RenewReply>;
    constexpr bool kRemoves = std::is_same_v<Reply, ReleaseReply>;
    const bool refuse = (kRenews || kRemoves) && failed->outcome == Outcome::damaged;
    const Outcome outcome = refuse ? Outcome::denied : failed->outcome;
    if constexpr (kRenews) reply.outcomes = {outcome};
    if constexpr (!kRenews) reply.outcome = outcome;
  }
  return reply;
}

void SqliteStore::shorten_log(int longest) {
  if (log_pages_ < longest) return;
  const ForkGate::Pass pass;
  // A log that stays long is no failure; the next call tries again.
  failure_of(path_, [&] {
    const Pool::Loan connection(pool_, pool_.take(timebase_, patience_ms_));
    connection->database().move_log();
    log_pages_ = 0;
  });
}

SessionId SqliteStore::enter(Database& database, std::int64_t ttl_ms) {
  return sessions_.enter(ttl_ms, [&](const std::string& name) {
    return Query(database, "SELECT 1 FROM leases WHERE session = ?", name).next();
  });
}

SqliteStore::~SqliteStore() {
  bool disowned = false;
  try {
    disowned = disown_leases();
  } catch (const std::bad_alloc&) {  // as any other failure
  }
  const ForkGate::Pass pass;
  ForkGate::remove(*this);
  disowned ? sessions_.leave() : sessions_.abandon();
  // Without the log an abandoned session would be one on other files.
  if (!disowned || log_pages_ < kShortLog) pool_.drop();
  pool_.clear();
}

bool SqliteStore::disown_leases() {
  const SessionId own = sessions_.present();
  if (own.name.empty()) return true;
  // Whoever used a lease that was not released may be at work still: such a lease ends by its ttl,
  // not with this object.
  const auto reply = transact<ReleaseReply>(kWrite, [&](Database& database, const Moment&) {
    Query(database, "UPDATE leases SET session = '' WHERE session = ?", own.name).run();
    return ReleaseReply{.outcome = Outcome::granted};
  });
  return reply.outcome == Outcome::granted;
}

bool SqliteStore::quiet(Database& database, const Moment& moment) const {
  return Query(database, "SELECT 1 FROM meta WHERE quiet_until_ms >= ?", moment.now_ms).next() &&
         Sessions::longest_ttl_elsewhere_ms(path_, FileMarks::of(path_)) > 0;
}

ClaimReply SqliteStore::claim(const ClaimRequest& request) {
  ClaimReply reply = claim_row(request);
  shorten_log(kTooLongLog);
  return reply;
}

ClaimReply SqliteStore::claim_row(const ClaimRequest& request) {
  return transact<ClaimReply>(kWrite, [&](Database& database, const Moment& moment) -> ClaimReply {
    std::optional<LeaseRow> found;
    {
      Query row(database, kSelectLease, to_string(request.key.kind()), request.key.name());
      if (row.next()) {
        found = lease_of(row, moment);
        if (!found && !request.force)
          return {.outcome = Outcome::damaged,
                  .detail = "the row of " + show_key(request.key) + " is damaged"};
      }
    }
    const bool mine =
        found && !found->record.claimable && found->record.lease_id == request.lease_id;
    if (found && !mine && !request.force) {
      judge(*found);
      if (!found->record.claimable) return {.outcome = Outcome::held, .record = found->record};
    }
    if (!mine && quiet(database, moment)) {
      return {.outcome = Outcome::unreachable,
              .detail = quoted(path_) +
                        " has replaced a file whose leases may still be in force; it waits for "
                        "their ttl or for the end of the processes that used it"};
    }
    LeaseRow lease{.record = Record{.key = request.key,
                                    .holder = request.holder,
                                    .lease_id = request.lease_id,
                                    .ttl = request.ttl,
                                    .version = 1,
                                    .created_at = moment.wall},
                   .session = enter(database, ceil_ms(request.ttl))};
    if (mine) {
      lease.record.token = found->record.token;
      lease.record.version = found->record.version + 1;
      lease.record.created_at = found->record.created_at;
    } else {
      lease.record.token = next_token(database);
    }
    write_lease(database, lease, moment);
    return {.outcome = Outcome::granted, .token = lease.record.token};
  });
}

RenewReply SqliteStore::renew(std::span<const Lease> leases) {
  if (leases.empty()) return {};
  RenewReply reply = transact<RenewReply>(kWrite, [&](Database& database, const Moment& moment) {
    const auto longest = std::max_element(
        leases.begin(), leases.end(), [](const Lease& a, const Lease& b) { return a.ttl < b.ttl; });
    const SessionId session = enter(database, ceil_ms(longest->ttl));
    RenewReply renewed;
    for (const Lease& lease : leases) {
      const bool kept = extend_lease(database, lease, session, moment);
      renewed.outcomes.push_back(kept ? Outcome::granted : Outcome::lost);
    }
    return renewed;
  });
  shorten_log();
  // A failure is everybody's.
  reply.outcomes.resize(leases.size(), reply.outcomes.front());
  return reply;
}

ReleaseReply SqliteStore::remove(const Key& key, const LeaseId& id) {
  const ReleaseReply reply = announced(
      transact<ReleaseReply>(kWrite, [&](Database& database, const Moment&) -> ReleaseReply {
        Query(database, "DELETE FROM leases WHERE kind = ? AND name = ? AND lease_id = ?",
              to_string(key.kind()), key.name(), id.str())
            .run();
        if (database.changes() == 0) return {.outcome = Outcome::lost};
        enter(database, 0);
        return {.outcome = Outcome::granted};
      }));
  shorten_log();
  return reply;
}

ReleaseReply SqliteStore::release(const Lease& lease) { return remove(lease.key, lease.id); }

ReleaseReply SqliteStore::break_lease(const Record& seen) {
  return remove(seen.key, seen.lease_id);
}

ReadReply SqliteStore::read(const Key& key) {
  return transact<ReadReply>(kRead, [&](Database& database, const Moment& moment) -> ReadReply {
    Query row(database, kSelectLease, to_string(key.kind()), key.name());
    if (!row.next()) return {.outcome = Outcome::granted};
    auto lease = lease_of(row, moment);
    if (!lease)
      return {.outcome = Outcome::damaged, .detail = "the row of " + show_key(key) + " is damaged"};
    judge(*lease);
    return {.outcome = Outcome::granted, .record = std::move(lease->record)};
  });
}

ListReply SqliteStore::list(Kind kind, const std::string& prefix) {
  return transact<ListReply>(kRead, [&](Database& database, const Moment& moment) {
    ListReply reply{.outcome = Outcome::granted};
    Query row(database, "SELECT * FROM leases WHERE kind = ? AND name >= ? ORDER BY name",
              to_string(kind), prefix);
    while (row.next()) {
      auto lease = lease_of(row, moment);
      if (!lease) {
        reply.detail += (reply.detail.empty() ? "damaged: " : ", ") + name_of(row);
      } else if (lease->record.key.name().starts_with(prefix)) {
        judge(*lease);
        reply.records.push_back(std::move(lease->record));
      }
    }
    return reply;
  });
}

StoreInfo SqliteStore::info() {
  StoreInfo info = transact<StoreInfo>(
      kRead, [](Database&, const Moment&) { return StoreInfo{.outcome = Outcome::granted}; });
  info.kind = "sqlite";
  info.location = path_;
  info.topology = "file";
  info.judge = "CLOCK_MONOTONIC of boot " + timebase_.boot;
  if (info.outcome == Outcome::granted) info.warnings = warnings_;
  return info;
}

ReleaseReply SqliteStore::report(const NodeStatus& row) {
  return transact<ReleaseReply>(kWrite, [&](Database& database, const Moment& moment) {
    write_member(database, row, moment);
    // Those who died without a word.
    Query(database, "DELETE FROM members WHERE boot != ? OR heard_ms < ?", moment.boot,
          moment.now_ms - kForgetMembersAfterMs)
        .run();
    return ReleaseReply{.outcome = Outcome::granted};
  });
}

ReleaseReply SqliteStore::retire(const Key& key, const std::string& uuid) {
  return transact<ReleaseReply>(kWrite, [&](Database& database, const Moment&) {
    Query(database, "DELETE FROM members WHERE uuid = ? AND kind = ? AND name = ?", uuid,
          to_string(key.kind()), key.name())
        .run();
    return ReleaseReply{.outcome = database.changes() == 1 ? Outcome::granted : Outcome::lost};
  });
}

MembersReply SqliteStore::members(const Key& key) {
  return transact<MembersReply>(kRead, [&](Database& database, const Moment&) {
    MembersReply reply{.outcome = Outcome::granted};
    Query row(database,
              "SELECT * FROM members WHERE kind = ? AND name = ? ORDER BY heard_ms DESC, uuid",
              to_string(key.kind()), key.name());
    while (row.next()) {
      if (auto member = member_of(row, key)) {
        reply.members.push_back(std::move(*member));
      } else {
        reply.detail = "a damaged status row was left out";
      }
    }
    return reply;
  });
}

ReleaseReply SqliteStore::record_term(const TermRow& row) {
  return transact<ReleaseReply>(kWrite, [&](Database& database, const Moment& moment) {
    const bool written = write_term(database, row, moment.wall);
    return ReleaseReply{.outcome = written ? Outcome::granted : Outcome::lost};
  });
}

HistoryReply SqliteStore::history(const Key& key, WallTime since, std::size_t limit) {
  return transact<HistoryReply>(kRead, [&](Database& database, const Moment&) {
    return HistoryReply{.outcome = Outcome::granted,
                        .rows = terms_of(database, key, since, limit)};
  });
}

ControlReply SqliteStore::read_control(const Key& key) {
  return transact<ControlReply>(kRead, [&](Database& database, const Moment& moment) {
    ControlRead read = control_of(database, key);
    ControlReply reply{.outcome = Outcome::granted,
                       .row = std::move(read.row),
                       .time = moment.wall};
    if (read.damaged) {
      reply.outcome = Outcome::damaged;
      reply.detail = "the control row of " + show_key(key) + " is damaged";
    }
    return reply;
  });
}

ReleaseReply SqliteStore::write_control(const ControlRow& row) {
  return announced(
      transact<ReleaseReply>(kWrite, [&](Database& database, const Moment&) -> ReleaseReply {
        if (!write_control_row(database, row)) return {.outcome = Outcome::lost};
        enter(database, 0);
        return {.outcome = Outcome::granted};
      }));
}

// Not announced: watches look at sessions' files, so this wakes nobody.
ReleaseReply SqliteStore::report_waiters(const WaitersRow& row) {
  return transact<ReleaseReply>(kWrite, [&](Database& database, const Moment& moment) {
    write_waiters(database, row, moment);
    return ReleaseReply{.outcome = Outcome::granted};
  });
}

WaitersReply SqliteStore::waiters(const std::string& prefix) {
  return transact<WaitersReply>(kRead, [&](Database& database, const Moment& moment) {
    return WaitersReply{.outcome = Outcome::granted,
                        .waiting = waiters_of(database, prefix, moment)};
  });
}

}  // namespace

std::shared_ptr<LeaseStore> open_sqlite_store(const std::string& path) {
  const ForkGate::Pass pass;
  const std::string place = prepare_place(path);
  if (!file_exists(place)) create_database(place);
  try {
    return std::make_shared<SqliteStore>(place);
  } catch (const ConnectError&) {
    throw;
  } catch (const SqlError& error) {
    throw ConnectError(
        error.busy() ? ConnectProblem::unreachable : ConnectProblem::cannot_create,
        "cannot open " + quoted(place) + ": " + error.what());
  } catch (const std::runtime_error& error) {
    // No boot id, so no telling whose leases are in force.
    throw ConnectError(ConnectProblem::unsupported, error.what());
  }
}

}  // namespace mongoelector::internal
