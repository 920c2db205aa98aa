// The checks that ask the store.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/host.h"
#include "base/host_name.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/checks.h"
#include "cli/quantiles.h"
#include "cli/views.h"
#include "core/timing.h"
#include "mongoelector/error.h"

namespace mongoelector::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kSamples = 20;
constexpr seconds kScratchTtl{10};

// As the library derives them from a ttl when nothing else is said; from the nearest that it takes.
internal::Timing timing_of(Duration ttl) {
  return internal::resolve_timing(std::clamp(ttl, kSmallestTtlEmbedded, kLargestTtl), {},
                                  kSmallestTtlEmbedded);
}

// What to do about a warning of a store, by a part of its text.
struct Remedy {
  std::string_view part;
  std::string_view id;
  std::string_view fix;
};
constexpr std::array<Remedy, 5> kRemedies{{
    {" lacks ", "privileges", "mongoelector init --print-role"},
    {"are not swept", "indexes", "mongoelector init, as a user who may make indexes"},
    {" sweeps after ", "indexes", "drop that index, then: mongoelector init"},
    {"only vote", "topology", "replace the arbiter by a member with data"},
    {"kept in memory", "file", "a file that outlives a boot"},
}};

void tell_warning(Findings& findings, const std::string& warning) {
  for (const Remedy& remedy : kRemedies) {
    if (warning.find(remedy.part) == std::string::npos) continue;
    findings.warn(std::string(remedy.id), warning, std::string(remedy.fix));
    return;
  }
  findings.warn("store", warning, "see docs/guarantees.md");
}

void check_topology(Findings& findings, const StoreInfo& info) {
  const std::string where = fmt::format("{} at {}", info.topology, shown(info.location));
  if (info.topology == "standalone") {
    findings.warn("topology", where + ": while that server is away there is no lease at all",
                  "a replica set of three members");
  } else if (info.topology == "process") {
    findings.warn("topology", where + ": nobody but this process sees it", "another store");
  } else {
    findings.ok("topology", where);
  }
}

void check_latency(Findings& findings, std::vector<Duration> trips, Duration ttl) {
  const Quantiles trip(std::move(trips));
  const Duration budget = timing_of(ttl).call_budget;
  const std::string message =
      fmt::format("round trip p50 {}, p99 {}; with a ttl of {} a call may take {}",
                  show_latency(trip.at(0.5)), show_latency(trip.at(0.99)),
                  internal::show_duration(ttl), internal::show_duration(budget));
  static constexpr char kFix[] = "a longer ttl, or a store that is nearer or less busy";
  if (trip.at(0.99) > budget) {
    findings.fail("latency", Exit::unfit, message, kFix);
  } else if (trip.at(0.99) > budget / 2) {
    findings.warn("latency", message, kFix);
  } else {
    findings.ok("latency", message);
  }
}

// Of several samples the one with the shortest way knows best.
void check_clock(Findings& findings, Duration ahead, Duration blur) {
  const Duration limit = ElectorOptions{}.max_offset;
  const std::string message =
      fmt::format("{:+} ms +/- {} ms against the store, limit {}",
                  std::chrono::round<milliseconds>(ahead).count(),
                  std::chrono::ceil<milliseconds>(blur).count(), internal::show_duration(limit));
  static constexpr char kFix[] = "synchronize the clocks of this machine and the servers (NTP)";
  if (std::chrono::abs(ahead) - blur > limit) {
    findings.fail("clock", Exit::unfit, message, kFix);
  } else if (std::chrono::abs(ahead) + blur > limit) {
    findings.warn("clock", message, kFix);
  } else {
    findings.ok("clock", message);
  }
}

void require_renewed(const RenewReply& reply) {
  for (const Outcome outcome : reply.outcomes) require_answer(outcome, reply.detail, "renewing");
}

// Also after something has failed.
class Scratch {
 public:
  Scratch(LeaseStore& store, ClaimRequest request) : store_(store), request_(std::move(request)) {}
  ~Scratch() {
    if (!released_) store_.release(lease_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // False: somebody else has it.
  bool live() {
    const ClaimReply claimed = store_.claim(request_);
    if (claimed.outcome == Outcome::held) return false;
    require_answer(claimed.outcome, claimed.detail, "claiming");
    lease_.token = claimed.token;
    require_renewed(store_.renew({&lease_, 1}));
    const ReadReply read = store_.read(lease_.key);
    require_answer(read.outcome, read.detail, "reading");
    const ReleaseReply released = store_.release(lease_);
    released_ = true;
    require_answer(released.outcome, released.detail, "releasing");
    return true;
  }

 private:
  LeaseStore& store_;
  const ClaimRequest request_;
  Lease lease_{.key = request_.key, .id = request_.lease_id, .token = {}, .ttl = request_.ttl};
  bool released_ = false;
};

void check_lease(Findings& findings, LeaseStore& store, const Key& key, const Holder& holder) {
  const std::string id = key.kind() == Kind::lock ? "locks" : "elections";
  try {
    Scratch scratch(store, {.key = key,
                            .holder = holder,
                            .lease_id = internal::new_lease_id(),
                            .ttl = kScratchTtl});
    if (scratch.live()) {
      findings.ok(id, "claimed, renewed, read and released one");
    } else {
      findings.warn(id, "another doctor of this machine is at work", "ask again in a moment");
    }
  } catch (...) {
    findings.fail(id, std::current_exception());
  }
}

void check_status_rows(Findings& findings, LeaseStore& store, const Key& key,
                       const Holder& holder) {
  try {
    const NodeStatus row{.uuid = holder.uuid,
                         .key = key,
                         .host = holder.host,
                         .pid = holder.pid,
                         .ttl = kScratchTtl,
                         .label = holder.label};
    const ReleaseReply reported = store.report(row);
    require_answer(reported.outcome, reported.detail, "writing");
    const MembersReply members = store.members(key);
    require_answer(members.outcome, members.detail, "reading");
    const ReleaseReply retired = store.retire(key, holder.uuid);
    require_answer(retired.outcome, retired.detail, "removing");
    findings.ok("members", "wrote, read and removed a status row");
  } catch (...) {
    findings.fail("members", std::current_exception());
  }
}

// Elections work without; so it is no more than a warning.
template <class Work>
void check_extra(Findings& findings, const std::string& id, const std::string& what,
                 const Work& work) {
  try {
    work();
    findings.ok(id, "wrote and read " + what);
  } catch (const StoreError& error) {
    findings.warn(id, error.what(), error.outcome() == Outcome::denied
                                        ? "mongoelector init --print-role"
                                        : "ask again in a moment");
  }
}

void check_records(Findings& findings, LeaseStore& store, const Key& key, const Holder& holder) {
  check_extra(findings, "control", "a request of an operator", [&] {
    const ReleaseReply written = change_control(store, key, [](ControlRow&, WallTime) {});
    require_answer(written.outcome, written.detail, "writing");
    const ControlReply read = store.read_control(key);
    require_answer(read.outcome, read.detail, "reading");
  });
  check_extra(findings, "history", "a term", [&] {
    // Always the same one: it is not to become many.
    const ReleaseReply written = store.record_term({.key = key,
                                                    .token = Token(1),
                                                    .holder = holder,
                                                    .end = WallTime{},
                                                    .ended_by = EndedBy::released,
                                                    .reason = "mongoelector doctor"});
    if (written.outcome != Outcome::lost)
      require_answer(written.outcome, written.detail, "writing");
    const HistoryReply read = store.history(key, {}, 1);
    require_answer(read.outcome, read.detail, "reading");
  });
}

}  // namespace

void check_answers(Findings& findings, const Connection& connection, Duration ttl) {
  const Clock& clock = connection.session->clock();
  try {
    connection.session->store().maintain({});  // what it could not make is among the warnings below
  } catch (...) {
    findings.fail("indexes", std::current_exception());
  }
  std::vector<Duration> trips;
  std::optional<StoreMoment> best;
  try {
    while (trips.size() < kSamples) {
      const Instant before = clock.now();
      StoreMoment moment = ask_moment(connection);
      trips.push_back(clock.now() - before);
      if (!best || moment.blur < best->blur) best = std::move(moment);
    }
  } catch (...) {
    findings.fail("latency", std::current_exception());
    return;
  }
  check_topology(findings, best->info);
  for (const std::string& warning : best->info.warnings) tell_warning(findings, warning);
  check_latency(findings, std::move(trips), ttl);
  if (best->ahead) check_clock(findings, *best->ahead, best->blur);
  if (best->info.kind == "sqlite") check_sqlite_file(findings, best->info.location);
}

void check_timing(Findings& findings, const Connection& connection, Duration ttl) {
  if (!connection.session->store().shared()) return;
  const Duration survived = timing_of(ttl).outage_survived();
  const std::string message =
      fmt::format("a ttl of {} rides out {} without a primary; MongoDB elects one within {}",
                  internal::show_duration(ttl), internal::show_duration(survived),
                  internal::show_duration(internal::kPrimaryElection));
  if (survived < internal::kPrimaryElection) {
    findings.warn("timing", message, "--ttl 30s where the lease is taken; here --ttl tells yours");
  } else {
    findings.ok("timing", message);
  }
}

void check_writes(Findings& findings, LeaseStore& store) {
  const std::string host =
      store.shared() ? internal::qualified_host_name() : internal::host_name();
  const std::string name = "mongoelector-doctor/" + host;
  const Holder holder{.uuid = internal::new_uuid(),
                      .host = host,
                      .pid = internal::process_id(),
                      .label = "doctor"};
  check_lease(findings, store, Key::lock(name), holder);
  const Key election = Key::election(name);
  check_lease(findings, store, election, holder);
  check_status_rows(findings, store, election, holder);
  check_records(findings, store, election, holder);
}

}  // namespace mongoelector::cli
