// A server that is stopped, unreachable or mute: no public call outlives its stated bound, and
// terms end in time. Prints the longest of each call, the table of docs/guarantees.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <vector>

#include "mongoelector/mongoelector.h"
#include "support/eventually.h"
#include "support/mongod.h"
#include "support/tcp_proxy.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;
using Way = TcpProxy::Way;

constexpr Duration kTtl = seconds(3);
constexpr Duration kBudget = kTtl / 10;
constexpr Duration kLossWithin = milliseconds(100);
constexpr Duration kStopBound = kLossWithin + 3 * kBudget;
// For the scheduler of a busy machine.
constexpr Duration kSlack = milliseconds(250);

// One session with what a call needs, made while the server is well.
struct Subject {
  std::string uri;
  std::shared_ptr<Session> session;
  std::unique_ptr<MongoLocker> lock;
  std::unique_ptr<MongoElector> elector;
};

enum class Needs { locker, held_lock, candidate, master };

struct PublicCall {
  const char* name;
  Needs needs;
  Duration bound;
  std::function<void(Subject&)> call;
};

const std::vector<PublicCall>& public_calls() {
  static const std::vector<PublicCall> calls{
      {"`acquire()`, non-blocking", Needs::locker, kBudget,
       [](Subject& s) { s.lock->acquire({.blocking = false}); }},
      {"`acquire()`, timeout 700 ms", Needs::locker, milliseconds(700) + kBudget,
       [](Subject& s) { s.lock->acquire({.timeout = milliseconds(700)}); }},
      {"`release()`", Needs::held_lock, kBudget, [](Subject& s) { s.lock->release(); }},
      {"`release(force)`", Needs::held_lock, 3 * kBudget,
       [](Subject& s) { s.lock->release(true); }},
      {"`touch()`", Needs::held_lock, kBudget, [](Subject& s) { s.lock->touch(); }},
      {"`locked()`", Needs::locker, kBudget, [](Subject& s) { s.lock->locked(); }},
      {"`get_current()`", Needs::locker, kBudget, [](Subject& s) { s.lock->get_current(); }},
      {"`~MongoLocker`", Needs::held_lock, kBudget, [](Subject& s) { s.lock.reset(); }},
      {"`start()`", Needs::candidate, kBudget, [](Subject& s) { s.elector->start(); }},
      {"`poll()`", Needs::master, 3 * kBudget, [](Subject& s) { s.elector->poll(); }},
      {"`master_exists()`", Needs::candidate, kBudget,
       [](Subject& s) { s.elector->master_exists(); }},
      {"`cluster_detail()`", Needs::candidate, 2 * kBudget,
       [](Subject& s) { s.elector->cluster_detail(); }},
      {"`report_status()`", Needs::candidate, kBudget,
       [](Subject& s) { s.elector->report_status(); }},
      {"`MongoElector::release()`", Needs::master, kStopBound,
       [](Subject& s) { s.elector->release(); }},
      {"`stop()`", Needs::master, kStopBound, [](Subject& s) { s.elector->stop(); }},
      {"`~MongoElector`", Needs::master, kStopBound, [](Subject& s) { s.elector.reset(); }},
      {"`~Session`", Needs::locker, kBudget + seconds(2), [](Subject& s) {
         s.lock.reset();
         s.session.reset();
       }},
      {"`connect()`", Needs::locker, seconds(10), [](Subject& s) { connect(s.uri); }}};
  return calls;
}

struct Fault {
  const char* name;
  void (*begin)(Mongod&, TcpProxy&);
};

const Fault kFaults[] = {
    {"stopped", [](Mongod& server, TcpProxy&) { server.suspend(); }},
    {"black hole",
     [](Mongod&, TcpProxy& proxy) {
       proxy.drop(Way::to_server);
       proxy.drop(Way::to_client);
     }},
    {"mute", [](Mongod&, TcpProxy& proxy) { proxy.drop(Way::to_client); }},
    {"closed",
     [](Mongod&, TcpProxy& proxy) {
       proxy.refuse();
       proxy.cut();
     }},
};

class Bounds : public testing::TestWithParam<Fault> {
 protected:
  static void SetUpTestSuite() { server = Mongod::replica_set(); }
  static void TearDownTestSuite() {
    server.reset();
    std::cout << "| call | bound |";
    for (const Fault& fault : kFaults) std::cout << " " << fault.name << " |";
    std::cout << "\n";
    for (auto& [name, row] : longest()) {
      std::cout << "| " << name << " |";
      for (const Fault& fault : kFaults)
        std::cout << " " << row[fault.name] / milliseconds(1) << " |";
      std::cout << "\n";
    }
  }
  ~Bounds() override { heal(); }
  void heal() {
    server->resume();
    proxy_.pass();
  }

  std::string uri() const {
    return "mongodb://127.0.0.1:" + std::to_string(proxy_.port()) + "/" + database_ +
           "?directConnection=true";
  }

  std::unique_ptr<Subject> prepare(const PublicCall& call, int number) const {
    auto subject = std::make_unique<Subject>();
    subject->uri = uri();
    subject->session = connect(subject->uri);
    const std::string key = "key " + std::to_string(number);
    if (call.needs == Needs::locker || call.needs == Needs::held_lock) {
      subject->lock =
          std::make_unique<MongoLocker>(subject->session, key, LockerOptions{.ttl = kTtl});
      // Every session has talked to its server before: that is when trouble is worst.
      subject->lock->acquire();
      if (call.needs == Needs::locker) subject->lock->release();
    } else {
      subject->elector = std::make_unique<MongoElector>(
          subject->session, key,
          ElectorOptions{.ttl = kTtl, .loss_callback_within = kLossWithin});
      if (call.needs == Needs::master) {
        subject->elector->start();
        EXPECT_TRUE(eventually([&] { return subject->elector->ismaster(); }));
      } else {
        subject->elector->master_exists();
      }
    }
    return subject;
  }

  void record(const std::string& name, Duration bound, Duration took) const {
    EXPECT_LE(took, bound + kSlack) << name << ", server " << GetParam().name;
    const auto ms = std::to_string(bound / milliseconds(1));
    Duration& worst = longest()[name + " | " + ms][GetParam().name];
    worst = std::max<Duration>(worst, took);
  }

  static std::map<std::string, std::map<std::string, Duration>>& longest() {
    static std::map<std::string, std::map<std::string, Duration>> table;
    return table;
  }

  static std::unique_ptr<Mongod> server;
  TcpProxy proxy_{server->port(), TcpProxy::Speech::mongodb};
  const std::string database_ = fresh_database();
};

std::unique_ptr<Mongod> Bounds::server;

Duration timed(const std::function<void()>& call) {
  const auto before = Steady::now();
  try {
    call();
  } catch (const Error&) {  // that there is no answer is not what this is about
  }
  return Steady::now() - before;
}

TEST_P(Bounds, no_call_outlives_its_bound) {
  std::vector<std::unique_ptr<Subject>> subjects;
  for (const PublicCall& call : public_calls())
    subjects.push_back(prepare(call, static_cast<int>(subjects.size())));
  GetParam().begin(*server, proxy_);
  std::vector<std::future<std::vector<Duration>>> results;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    results.push_back(std::async(std::launch::async, [&call = public_calls()[i],
                                                      subject = subjects[i].get()] {
      std::vector<Duration> times;
      times.push_back(timed([&] { call.call(*subject); }));
      // Once more, now that the trouble is known.
      if (subject->session && (subject->lock || subject->elector))
        times.push_back(timed([&] { call.call(*subject); }));
      return times;
    }));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (const Duration time : results[i].get())
      record(public_calls()[i].name, public_calls()[i].bound, time);
  }
  heal();  // so that all these sessions end quickly
}

TEST_P(Bounds, a_term_ends_before_its_lease_does) {
  constexpr Duration kShortTtl = seconds(1);
  constexpr Duration kMargin = kShortTtl / 5;
  const auto session = connect(uri());
  std::atomic<Steady::rep> lost_at{0};
  MongoElector elector(session, "billing",
                       {.ttl = kShortTtl,
                        .onmasterloss = [&](const Term&) {
                          lost_at = Steady::now().time_since_epoch().count();
                        },
                        .loss_callback_within = kLossWithin});
  elector.start();
  ASSERT_TRUE(eventually([&] { return elector.ismaster(); }));
  const Term term = *elector.term();
  GetParam().begin(*server, proxy_);
  Steady::time_point lease_ends{};
  ASSERT_TRUE(eventually([&] {
    const auto now = Steady::now();
    const Duration left = term.remaining();
    if (left > Duration::zero()) lease_ends = now + left + kMargin;
    return lost_at != 0;
  }));
  EXPECT_FALSE(elector.ismaster());
  EXPECT_FALSE(term.valid());
  EXPECT_TRUE(term.stop_token().stop_requested());
  const Steady::time_point lost{Steady::duration(lost_at.load())};
  EXPECT_LT(lost, lease_ends);
  record("`onmasterloss` after the term's end", kMargin, lost - (lease_ends - kMargin));
}

INSTANTIATE_TEST_SUITE_P(Server, Bounds, testing::ValuesIn(kFaults), [](const auto& test) {
  std::string name = test.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

}  // namespace
}  // namespace mongoelector::test
