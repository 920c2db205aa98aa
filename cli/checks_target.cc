// The checks of one lock or one election.
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.h"
#include "cli/checks.h"
#include "cli/election.h"

namespace mongoelector::cli {

namespace {

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + shown(word);
  return text;
}

void check_members(Findings& findings, const Election& election) {
  std::set<std::string> stale;
  std::set<std::string> versions;
  std::set<std::string> doubles;
  std::set<std::string> labels;
  for (const NodeStatus& member : election.members) {
    if (election.stale(member)) {
      stale.insert(holder_name(holder_of(member)));
      continue;
    }
    if (!member.app_version.empty()) versions.insert(member.app_version);
    if (!member.label.empty() && !labels.insert(member.label).second) doubles.insert(member.label);
  }
  if (stale.empty()) {
    findings.ok("stale", fmt::format("none of {} members", election.members.size()));
  } else {
    findings.warn("stale", "not heard of for three ttls: " + joined(stale),
                  "start them again, or wait: their rows vanish by themselves");
  }
  if (doubles.empty()) {
    findings.ok("labels", "each member has its own");
  } else {
    findings.warn("labels", "more than one member is called " + joined(doubles),
                  "give each its own name: run --as");
  }
  if (versions.size() > 1) {
    findings.warn("versions", "members run different versions: " + joined(versions),
                  "fine during an upgrade; finish it");
  }
}

// Of those members that have measured it: where all go by one clock nobody does.
void check_clocks(Findings& findings, const Election& election) {
  const Duration limit = ElectorOptions{}.max_offset;
  std::set<std::string> off;
  std::size_t right = 0;
  for (const NodeStatus& member : election.members) {
    if (!member.clock || election.stale(member)) continue;
    if (std::chrono::abs(member.clock->offset) - member.clock->error > limit) {
      off.insert(holder_name(holder_of(member)) + " " + show_offset(*member.clock));
    } else {
      ++right;
    }
  }
  const std::string bound = internal::show_duration(limit);
  if (!off.empty()) {
    findings.warn("clocks",
                  fmt::format("further than {} from the store's: {}", bound, joined(off)),
                  "set these machines' clocks (NTP): they do not contend until then");
  } else if (right > 0) {
    findings.ok("clocks", fmt::format("of {} members within {} of the store's", right, bound));
  }
}

void check_election(Findings& findings, const Election& election) {
  if (!election.led()) {
    findings.warn("leader", "nobody leads",
                  election.members.empty() ? "start a candidate: mongoelector run"
                                           : "see: mongoelector status, history");
  } else if (!seems_alive(*election.record)) {
    findings.warn("leader",
                  fmt::format("{} has missed renewals", describe_holder(*election.record)),
                  "look at its process and its way to the store");
  } else {
    findings.ok("leader", describe_holder(*election.record));
  }
  if (const Pause* pause = election.paused()) {
    findings.warn("paused", pause_end(*pause) + because(pause->reason, pause->by),
                  "mongoelector resume");
  }
  if (election.led() && election.eligible_standbys() == 0) {
    findings.warn("standby", "nobody would follow the leader", "run a second candidate elsewhere");
  } else {
    findings.ok("standby", fmt::format("{} eligible", election.eligible_standbys()));
  }
  check_members(findings, election);
  check_clocks(findings, election);
}

void check_lock(Findings& findings, const Record& record) {
  if (live(record) && !seems_alive(record)) {
    findings.warn("holder", fmt::format("{} has missed renewals", describe_holder(record)),
                  "look at its process and its way to the store");
  } else {
    findings.ok("holder", live(record) ? describe_holder(record) : "nobody");
  }
}

}  // namespace

void check_target(Findings& findings, LeaseStore& store, WallTime now, const Target& target) {
  try {
    Found found = find_records(store, target);
    if (found.lock) check_lock(findings, *found.lock);
    if (target.kind == Kind::lock) return;
    const Election election = ask_election(store, Key::election(target.name),
                                           std::move(found.election), now, 1);
    if (election.record || !election.members.empty()) {
      check_election(findings, election);
    } else if (!found.lock) {
      findings.warn("name", fmt::format("nobody knows {}", shown(target.name)),
                    "mongoelector list shows what there is");
    }
  } catch (...) {
    findings.fail("name", std::current_exception());
  }
}

}  // namespace mongoelector::cli
