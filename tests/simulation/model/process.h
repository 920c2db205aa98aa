// One client process in virtual time: its clock and the session's threads, each of which does one
// thing at a time. Mirrors src/session: watchdog (ticks), keeper (renewals), errand runner and
// records (store calls), dispatcher (callbacks). It can be frozen, when nothing of it runs while
// the world goes on, and crash, when it forgets everything.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "simulation/model/network.h"
#include "simulation/model/probes.h"

namespace mongoelector::simulation {

struct Surroundings {
  World& world;
  const Profile& profile;
  Network& network;
  StoreModel& store;
  History& history;
  ProbeCounts& probes;
  std::int64_t last_lease = 0;

  void hit(Probe probe) { ++probes[static_cast<std::size_t>(probe)]; }
};

class Process {
 public:
  using Job = World::Job;

  Process(Surroundings& around, int id, DriftingClock clock)
      : around_(around), id_(id), clock_(clock) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void freeze(Duration length);
  void thaw();
  void crash_and_restart();
  // The process comes up after `delay`, with nothing remembered.
  void begin(Duration delay);
  // One random call of the API, by a thread of the program.
  void call_at_random() { post(latency(), [this] { call_something(); }); }
  // From now on the program only wants to hold the key.
  virtual void settle() = 0;
  virtual void woken(bool freed) = 0;
  // What ismaster() or owned() answers.
  bool holding() const { return seen_lease_ != 0 && local_now() < seen_until_; }
  void hint(bool freed, Duration delay) { post(delay, [this, freed] { woken(freed); }); }

 protected:
  using Done = std::function<void()>;
  // Runs in this process after `delay`; later if it is frozen then, never if it has crashed.
  void post(Duration delay, Job job);
  Duration latency() { return world().random.between(Duration(1), around_.profile.latency); }

  // The threads. A queued job says when it has ended; then the next one starts.
  class Queue {
   public:
    explicit Queue(Process& process) : process_(process) {}
    void add(std::function<void(Done)> job);
    void clear() { jobs_.clear(), busy_ = false; }

   private:
    void next();
    Process& process_;
    std::deque<std::function<void(Done)>> jobs_;
    bool busy_ = false;
  };
  void tick_at(Instant when);
  void renew_at(Instant when, Duration slack);
  virtual void call_something() = 0;
  virtual void tick() = 0;
  virtual std::optional<Lease> renewal() = 0;
  virtual void renewal_answered(const LeaseId& id, Outcome outcome, Instant sent_at) = 0;
  virtual void restart() = 0;

  // Store calls; `answered` runs in this process.
  void claim(const ClaimRequest& request, const std::function<void(const ClaimReply&)>& answered);
  void release(const Lease& lease, const std::function<void(const ReleaseReply&)>& answered);
  void read(const std::function<void(const ReadReply&)>& answered);
  void renew(const Lease& lease, const std::function<void(Outcome)>& answered);

  // What the program sees of its lease, for the record.
  void publish_validity(bool valid, const LeaseId& id, Token token, Instant deadline);
  void tell(What what, std::int64_t lease = 0, std::uint64_t token = 0, int detail = 0);
  void tell_call(ApiCall call) { tell(What::called, 0, 0, static_cast<int>(call)); }

  World& world() const { return around_.world; }
  Instant local_now() const { return clock_.at(world().now()); }
  LeaseId new_lease_id() { return LeaseId(std::to_string(++around_.last_lease)); }
  static Key key() { return Key::election("k"); }
  Duration callback_time();

  Surroundings& around_;
  const int id_;
  Queue errands_{*this};
  Queue records_{*this};
  Queue dispatcher_{*this};

 private:
  template <class Reply>
  void call(What what, std::int64_t lease, const Network::Execute<Reply>& execute,
            const Network::Answered<Reply>& answered);
  void run_keeper();
  void arm_keeper();

  const DriftingClock clock_;
  int life_ = 0;
  bool up_ = false;
  bool frozen_ = false;
  std::uint64_t freezes_ = 0;
  std::vector<Job> held_back_;
  std::uint64_t tick_order_ = 0;
  std::uint64_t keeper_order_ = 0;
  Instant renew_at_ = Instant::max();
  Duration slack_{};
  bool renewing_ = false;
  std::int64_t seen_lease_ = 0;
  Instant seen_until_{};
};

}  // namespace mongoelector::simulation
