// One fleet of C++ and Python nodes, with the real Python package: the rules for both sides.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <regex>
#include <set>

#include "base/ids.h"
#include "interop/partner.h"
#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/mongod.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Wall = std::chrono::system_clock;

class Fleet : public testing::TestWithParam<std::string> {
 protected:
  ~Fleet() override { server_.run_command(R"({"dropDatabase": 1})", database_); }

  bool old() const { return GetParam().starts_with("0."); }
  std::shared_ptr<Session> session() {
    return connect(server_.uri(database_),
                   {.python_fleet = old() ? PythonFleet::v0 : PythonFleet::v1,
                    .on_event = [this](const Event& event) {
                      const std::lock_guard guard(mutex_);
                      events_ += std::string(to_string(event.kind)) + ": " + event.message + "\n";
                    }});
  }
  std::string events() {
    const std::lock_guard guard(mutex_);
    return events_;
  }
  // Nothing but what is meant to happen was logged by the Python node.
  void expect_no_complaints() { EXPECT_EQ(python_.ask("complaints"), "[]"); }

  Mongod& server_ = Mongod::shared_replica_set();
  const std::string database_ = fresh_database();
  Partner python_{GetParam(), server_.uri(database_)};
  std::mutex mutex_;
  std::string events_;
  const std::shared_ptr<Session> session_ = session();
};

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  return "python_" + std::regex_replace(info.param, std::regex("\\."), "_");
}
INSTANTIATE_TEST_SUITE_P(Versions, Fleet, testing::Values("0.6.1", "1.0.2"), name_of);

std::string literal(const std::string& text) { return "'" + text + "'"; }

constexpr char kTypes[] =
    "{name: type(value).__name__ for name, value in db.mongolocker.find_one().items()}";

// ---- locks: M1 to M3, M8 to M10, M12, M13, M29, M31 ----

TEST_P(Fleet, a_lock_of_one_side_is_held_for_the_other) {
  for (const std::string key : {"nightly", "two words", "a.b", "b\xC3\xBC" "cher", " nightly"}) {
    python_.run("lock = locker(" + literal(key) + ")");
    MongoLocker lock(session_, key);
    ASSERT_TRUE(python_.is("bool(lock.acquire())")) << key;
    try {
      lock.acquire({.blocking = false});
      ADD_FAILURE() << key;
    } catch (const LockExists& held) {
      EXPECT_EQ(std::to_string(held.record().holder.pid), python_.ask("lock.pid"));
      EXPECT_EQ('"' + held.record().holder.host + '"', python_.ask("lock.host"));
    }
    python_.run("lock.release()");
    lock.acquire({.blocking = false});
    const std::string refusal = python_.complaint_of("lock.acquire(blocking=False)");
    EXPECT_NE(refusal.find("LockExists"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find(lock.status().host), std::string::npos) << refusal;
    EXPECT_NE(refusal.find(std::to_string(lock.status().pid)), std::string::npos) << refusal;
    EXPECT_TRUE(python_.is("lock.locked() and not lock.owned()"));
    EXPECT_TRUE(lock.release());
    EXPECT_TRUE(python_.is("bool(lock.acquire(blocking=False))")) << "free at once";
    python_.run("lock.release()");
  }
  expect_no_complaints();
}

TEST_P(Fleet, documents_have_the_seven_fields_with_the_types_of_python) {
  python_.run("lock = locker('nightly', ttl=60)");
  python_.run("lock.acquire()");
  const std::string theirs = python_.ask(kTypes);
  python_.run("lock.release()");
  const auto fields = [](const std::string& types) {
    std::set<std::string> all;
    const std::regex field(R"re("\w+": "\w+")re");
    for (std::sregex_iterator at(types.begin(), types.end(), field), end; at != end; ++at)
      all.insert(at->str());
    return all;
  };
  ASSERT_EQ(fields(theirs).size(), 7u) << theirs;
  const auto expect_all = [&](const std::string& when) {
    const std::string ours = python_.ask(kTypes);
    for (const std::string& field : fields(theirs))
      EXPECT_TRUE(fields(ours).contains(field)) << when << ": " << field << " in " << ours;
    EXPECT_TRUE(python_.is("lock.get_current()['uuid'] != lock.uuid")) << when;
  };
  MongoLocker lock(session_, "nightly");
  lock.acquire();
  expect_all("acquired");
  lock.touch();
  expect_all("renewed");
  lock.release();
  python_.run("lock.acquire()");
  lock.acquire({.force = true});
  expect_all("forced");
  lock.release();
  // An expired document that the sweeper has not found: no index, no sweeper.
  python_.run("db.mongolocker.drop_indexes()");
  python_.run("lock.acquire()");
  server_.run_command(R"({"update": "mongolocker", "updates": [{"q": {"_id": "nightly"}, "u": [
      {"$set": {"ts_expire": {"$subtract": ["$$NOW", 3600000]}}}]}]})", database_);
  lock.acquire({.blocking = false});
  expect_all("taken over");
}

TEST_P(Fleet, a_race_has_one_winner) {
  int python_won = 0;
  for (int round = 0; round < 200; ++round) {
    const std::string key = "race " + std::to_string(round);
    // A long lease, so that a busy machine has time to answer.
    MongoLocker lock(session_, key, {.ttl = seconds(60)});
    python_.run("lock = locker(" + literal(key) + ", timeparanoid=False)");
    python_.begin("wins(lock)");
    // Half of the rounds with a head start for each side.
    if (round % 2 == 0) python_.await("trying");
    const bool ours = lock.try_lock();
    const bool theirs = python_.end() == "true";
    EXPECT_NE(ours, theirs) << key;
    python_won += theirs;
    EXPECT_EQ(lock.owned(), ours);
    EXPECT_EQ(python_.is("lock.owned()"), theirs);
  }
  EXPECT_GT(python_won, 0);
  EXPECT_LT(python_won, 200);
}

TEST_P(Fleet, a_lock_that_python_touches_is_never_taken) {
  python_.run("lock = locker('nightly', ttl=3)");
  python_.run("lock.acquire()");
  python_.run("touching = Loop(lambda: lock.touch() or 1 / 0)");
  MongoLocker lock(session_, "nightly", {.ttl = seconds(3)});
  EXPECT_THROW(lock.acquire({.timeout = milliseconds(4500), .step = milliseconds(1)}),
               AcquireTimeout);
  EXPECT_EQ(python_.ask("touching.end()"), "null");
  EXPECT_TRUE(python_.is("touching.rounds > 10 and lock.owned()"));
}

TEST_P(Fleet, either_side_takes_by_force) {
  python_.run("lock = locker('nightly')");
  python_.run("lock.acquire()");
  std::atomic<bool> lost{false};
  MongoLocker lock(session_, "nightly",
                   {.ttl = seconds(5), .on_lost = [&](Token) { lost = true; }});
  const Token first = lock.acquire({.force = true});
  EXPECT_TRUE(python_.is("not lock.owned() and lock.locked()"));
  python_.run("lock.acquire(force=True)");
  EXPECT_TRUE(eventually([&] { return lost.load(); }));
  EXPECT_FALSE(lock.owned());
  EXPECT_TRUE(python_.is("lock.owned()"));
  EXPECT_FALSE(lock.release(true)) << "it was not ours";
  EXPECT_TRUE(python_.is("not lock.locked()"));
  EXPECT_GT(lock.acquire({.force = true}), first) << "the token outlives whatever Python removes";
  EXPECT_TRUE(python_.is("lock.locked()"));
  python_.run("lock.release(force=True)");
  EXPECT_FALSE(lock.locked());
}

TEST_P(Fleet, waiting_ends_when_python_releases) {
  python_.run("lock = locker('nightly')");
  python_.run("lock.acquire()");
  MongoLocker lock(session_, "nightly");
  EXPECT_THROW(lock.acquire({.timeout = Duration::zero()}), AcquireTimeout);
  EXPECT_THROW(lock.acquire({.blocking = false, .timeout = seconds(1)}), ArgumentError);
  python_.begin("threading.Timer(0.3, lock.release).start()");
  lock.acquire();
  EXPECT_TRUE(python_.end() == "null" && python_.is("not lock.owned()"));
}

// ---- elections: M9, M11, M14, M16 to M18, M21 to M23, M30 ----

TEST_P(Fleet, a_frozen_python_leader_is_followed_after_its_grace_and_disturbs_nothing) {
  python_.run("candidate = elector('billing', ttl=2)");
  // Or the sweeper would free the key as soon as it has expired.
  python_.run("db['elector.locks'].drop_indexes()");
  python_.run("candidate.start()");
  python_.await("leader");
  MongoElector elector(session_, "billing", {.ttl = seconds(2)});
  elector.start();
  elector.poll();
  EXPECT_FALSE(elector.ismaster());
  python_.freeze();
  const auto frozen = session_->store().read(elector.key()).record;
  ASSERT_TRUE(frozen);
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  EXPECT_GE(Wall::now(), frozen->expires_at + seconds(1));
  const auto record = session_->store().read(elector.key()).record;
  python_.thaw();
  python_.await("loss");
  EXPECT_TRUE(python_.is("not candidate.mlock.touch()"));
  python_.run("candidate.mlock.release()");
  EXPECT_TRUE(python_.is("not leads(candidate)"));
  EXPECT_EQ(session_->store().read(elector.key()).record->lease_id, record->lease_id);
  EXPECT_TRUE(elector.ismaster());
  expect_no_complaints();
}

TEST_P(Fleet, an_election_that_python_interferes_with_is_lost_at_the_next_renewal) {
  std::atomic<int> losses{0};
  MongoElector elector(session_, "billing",
                       {.ttl = seconds(4), .onmasterloss = [&](const Term&) { ++losses; }});
  elector.start();
  python_.run("lock = locker('billing', 'elector.locks')");
  int expected = 0;
  for (const char* interference : {"lock.acquire(force=True)", "lock.release(force=True)"}) {
    ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
    const Term term = *elector.term();
    const auto before = Wall::now();
    python_.run(interference);
    ASSERT_TRUE(eventually([&] { return losses == expected + 1; })) << interference;
    ++expected;
    EXPECT_FALSE(term.valid());
    // A renewal every 800 ms, with room for a busy machine: well before the lease would end.
    EXPECT_LT(Wall::now() - before, milliseconds(2500)) << interference;
    python_.run("lock.release(force=True)");
    ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
    EXPECT_GT(elector.term()->token(), term.token()) << "a new term, not the old one revived";
  }
}

TEST_P(Fleet, constructors_that_drop_the_indexes_disturb_no_election) {
  std::atomic<int> losses{0};
  const auto loss = [&](const Term&) { ++losses; };
  MongoElector first(session_, "billing", {.ttl = seconds(2), .onmasterloss = loss});
  MongoElector second(session(), "billing", {.ttl = seconds(2), .onmasterloss = loss});
  python_.run("ttls = itertools.cycle([5, 7])");
  python_.run("constructing = Loop(lambda: elector('billing', next(ttls)))");
  first.start();
  ASSERT_TRUE(eventually([&] { return first.ismaster(); }));
  const Term term = *first.term();
  second.start();
  // Longer than a lease: it lives by renewals that no index matters to.
  const auto until = Wall::now() + milliseconds(2500);
  ASSERT_TRUE(eventually([&] { return Wall::now() > until || !term.valid(); }));
  EXPECT_TRUE(term.valid());
  EXPECT_FALSE(second.ismaster());
  EXPECT_EQ(losses, 0);
  first.stop();
  EXPECT_TRUE(eventually([&] { return second.ismaster(); }));
  EXPECT_TRUE(eventually([&] { return python_.is("constructing.rounds > 5"); }));
  EXPECT_EQ(python_.ask("constructing.end()"), "null");
  for (const char* trouble : {"lost: ", "damaged_record: "})
    EXPECT_EQ(events().find(trouble), std::string::npos) << events();
}

TEST_P(Fleet, python_is_told_who_leads_as_long_as_it_leads) {
  MongoElector elector(session_, "billing", {.ttl = seconds(5)});
  python_.run("candidate = elector('billing', ttl=5)");
  EXPECT_EQ(python_.ask("named_leader(candidate)"), "null");
  elector.start();
  const std::string uuid = '"' + elector.node_status().uuid + '"';
  ASSERT_TRUE(eventually([&] { return python_.ask("named_leader(candidate)") == uuid; }));
  python_.run("candidate.poll()");
  EXPECT_EQ(python_.ask("named_leader(candidate)"), uuid);
  EXPECT_EQ(elector.cluster_detail().member_detail.size(), 2u);
  elector.stop();
  EXPECT_EQ(python_.ask("named_leader(candidate)"), "null");
  python_.run("candidate.poll()");
  python_.await("leader");
  const auto master = elector.cluster_detail().master;
  ASSERT_TRUE(master);
  EXPECT_EQ('"' + master->uuid + '"', python_.ask("candidate.mlock.uuid"));
  expect_no_complaints();
}

TEST_P(Fleet, a_leader_that_steps_back_lets_a_python_follower_win) {
  MongoElector elector(session_, "billing", {.ttl = seconds(3)});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  python_.run("candidate = elector('billing', ttl=1)");
  python_.run("candidate.start()");
  elector.release();
  EXPECT_FALSE(elector.ismaster());
  python_.await("leader");
  EXPECT_FALSE(elector.ismaster());
  expect_no_complaints();
}

}  // namespace
}  // namespace mongoelector::test
