// A lock on MongoDB is given back while another process waits for it.
#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kRounds = 25;

// From the call of release() to the end of acquire() in the other process, in ms.
double hand_over(Process& holder, Process& waiter, std::chrono::milliseconds waits) {
  holder.tell("acquire");
  holder.read_number();
  holder.read_number();
  waiter.tell("acquire");
  waiter.read_number();
  std::this_thread::sleep_for(waits);
  holder.tell("release");
  const long long cause = holder.read_number();
  const long long acquired = waiter.read_number();
  holder.read_number();
  waiter.tell("release");
  waiter.read_number();
  waiter.read_number();
  return static_cast<double>(acquired - cause) / 1e6;
}

}  // namespace

Group measure_handover() {
  const auto server = test::Mongod::replica_set();
  BareClient bare(server->uri("ours"));
  Process our_holder = start_role({"locker", server->uri("ours")});
  Process our_waiter = start_role({"locker", server->uri("ours")});
  Process python_holder = start_partner({"locker", server->uri("theirs")});
  Process python_waiter = start_partner({"locker", server->uri("theirs")});
  Sample ours;
  Sample theirs;
  Sample write;
  Sample hot;
  // Longer than the step of 250 ms, so that wherever a polling waiter is in it is left to chance.
  std::mt19937 random(1);
  std::uniform_int_distribution<int> waits(100, 350);
  hand_over(our_holder, our_waiter, std::chrono::milliseconds(100));
  hand_over(python_holder, python_waiter, std::chrono::milliseconds(100));
  bare.write();
  for (int round = 0; round < kRounds; ++round) {
    const std::chrono::milliseconds pause(waits(random));
    ours.add(hand_over(our_holder, our_waiter, pause));
    // As the hand-over: on a server that has rested as long.
    std::this_thread::sleep_for(pause);
    write.add(timed([&] { bare.write(); }));
    hot.add(timed([&] { bare.write(); }));
    theirs.add(hand_over(python_holder, python_waiter, pause));
  }

  Group group{"handover"};
  const double writes = ours.p50() / write.p50();
  group.figures.push_back({.what = "hand-over of a lock to a waiting process, MongoDB, p50",
                           .reached = text_of(ours.p50(), "ms") + " = " + text_of(writes, "x") +
                                      ", worst " + text_of(ours.worst(), "ms"),
                           .beside = "one majority write after the same rest " +
                                     text_of(write.p50(), "ms") + " (right after another " +
                                     text_of(hot.p50(), "ms)"),
                           .target = "<= 3 x",
                           .met = writes <= 3});
  const double ratio = theirs.p50() / ours.p50();
  group.figures.push_back({.what = "the same beside the Python package",
                           .reached = "1/" + text_of(ratio, "of it"),
                           .beside = "Python 1.0.2 " + text_of(theirs.p50(), "ms"),
                           .target = "<= 1/30",
                           .met = ratio >= 30});
  return group;
}

}  // namespace mongoelector::bench
