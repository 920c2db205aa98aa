// START HERE. MongoElector: one master among any number of processes.
//
//   // Or connect(""): this machine only.
//   auto session = mongoelector::connect("mongodb://db1,db2/ops?replicaSet=rs0");
//   mongoelector::MongoElector elector(session, "billing", {
//       .onmaster = [&](const mongoelector::Term& term) { worker.start(term.stop_token()); },
//       .onmasterloss = [&](const mongoelector::Term&) { worker.join(); },
//   });
//   elector.start();
//
// Promises: never two masters of one key at a time under the conditions of docs/guarantees.md;
// ismaster() turns false by itself before anyone else can be elected, even while every connection
// hangs; a crash is taken over within ttl + poll, a clean stop at once; terms have growing tokens;
// a term that has ended never resumes. Does not promise: that there is a master at any moment; that
// your work stops by itself. Start work in onmaster, hand it the term's stop_token, and wait for it
// in onmasterloss: only then is the lease given up.
//
// Callbacks strictly alternate: onmaster(term), onmasterloss(same term), onmaster(next term), ...
// They run on the session's one dispatcher thread: a slow callback delays other callbacks of the
// session, never a renewal. An onmaster that throws cannot lead: the term is given up, onmasterloss
// runs, and this node holds off for a ttl.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "mongoelector/connect.h"
#include "mongoelector/error.h"
#include "mongoelector/options.h"

namespace mongoelector {

namespace internal {
class ElectionParticipant;
struct TermState;
}  // namespace internal

// A master's lease as the application sees it. Copies share one state; safe from any thread, also
// after the elector is gone.
class Term {
 public:
  explicit Term(std::shared_ptr<internal::TermState> state) : state_(std::move(state)) {}
  Token token() const noexcept;
  WallTime since() const noexcept;
  // Requested as soon as the term ends, before onmasterloss. Stop callbacks run on the watchdog
  // thread: keep them short.
  std::stop_token stop_token() const noexcept;
  // Still leading under this very term? From memory, in nanoseconds.
  bool valid() const noexcept;
  // Time until valid() turns false unless renewed; zero if it is false.
  Duration remaining() const noexcept;

 private:
  std::shared_ptr<internal::TermState> state_;
};

struct ClusterDetail {
  struct Master {
    std::string host;
    std::int64_t process_id = 0;
    std::string uuid;
  };
  // Freshest first; nodes not heard of for 3 x their ttl are left out.
  std::vector<NodeStatus> member_detail;
  // Who holds the lease at the store.
  std::optional<Master> master;
  WallTime timestamp{};
};

class MongoElector {
 public:
  // Sends nothing. Throws ArgumentError for a key or options that cannot work.
  MongoElector(std::shared_ptr<Session> session, std::string_view key, ElectorOptions options = {});
  // stop(), within its bound. No callback starts after it has returned. Never throws.
  ~MongoElector();
  MongoElector(const MongoElector&) = delete;
  MongoElector& operator=(const MongoElector&) = delete;

  // Becomes a candidate. Returns at once; with blocking, when stop() was called by somebody else
  // and is done (from a callback: at once too). A second start is harmless; start after stop runs
  // again.
  void start(bool blocking = false);
  // Ends candidacy: stop_token and ismaster() first, then onmasterloss runs to its end with the
  // lease still renewed, then the lease is deleted and the next master takes over at once. Returns
  // when all that is done, or after stop_bound() with the rest going on in the background. From a
  // callback: only asks, returns at once.
  void stop();
  // Upper bound of stop(), release() and the destructor: loss_callback_within + 3 call budgets.
  Duration stop_bound() const noexcept;
  // One look at the store now: a master renews, a free key is taken; then onloop. Works started or
  // not; blocks for at most 3 call budgets. From a callback: only asks. Throws StoreError if there
  // was no answer.
  void poll();
  // Gives mastership up as stop() does, stays a candidate, and holds off for at least one ttl so
  // that another can win. A no-op for a follower.
  void release();

  bool running() const noexcept;
  // Master right now? From memory in nanoseconds: no lock, no I/O, false after fork in the child.
  bool ismaster() const noexcept;
  // The present term, if master.
  std::optional<Term> term() const;
  // Asks the store: is there any master? Throws StoreError without an answer in one call budget.
  bool master_exists() const;
  // Time until this node's next poll (follower) or renewal (master); zero if not running.
  Duration pollwait() const;
  // About this node, from memory.
  NodeStatus node_status() const;
  // Asks the store: all nodes and the master. Throws StoreError without an answer in two call
  // budgets.
  ClusterDetail cluster_detail() const;
  // Writes this node's row now (done by itself at every change and every ttl/2, by a follower that
  // has wake-ups every 2 x ttl). Throws StoreError without an answer in one call budget.
  void report_status();
  const Key& key() const noexcept;

 private:
  std::shared_ptr<Session> session_;
  std::shared_ptr<internal::ElectionParticipant> participant_;
};

}  // namespace mongoelector
