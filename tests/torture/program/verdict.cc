#include "torture/program/verdict.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "verification/checker/checker.h"
#include "verification/checker/reader.h"

namespace mongoelector::torture {

namespace {

constexpr double kNsPerSecond = 1e9;
// A guardian that runs again needs a moment to do what it has missed.
constexpr std::int64_t kToWakeUp = 1'000'000'000;

std::string client_name(const Identity& identity) {
  return identity.name + "." + std::to_string(identity.pid);
}

// Where the evidence of a command ends that nobody could kill in time: nothing is promised of it
// while its guardian stands still (the token decides then).
std::int64_t end_of(const SeenTerm& term, const Seen& seen, const std::vector<Injected>& injected) {
  std::int64_t end = term.end;
  if (!seen.identity.child) return end;
  for (const Injected& fault : injected) {
    if (!fault.held_up_guardian || Clients::name(fault.target) != seen.identity.name) continue;
    if (fault.begin < end && term.start < fault.end + kToWakeUp)
      end = std::max(term.start, std::min(end, fault.begin));
  }
  return end;
}

class Writer {
 public:
  explicit Writer(const std::string& file) : out_(file) {}

  void term(const Seen& seen, const SeenTerm& term, std::int64_t end) {
    out_ << R"({"kind":"term","client":")" << client_name(seen.identity) << R"(","key":")"
         << kSubjectNames[static_cast<std::size_t>(term.subject)] << R"(","token":")" << term.token
         << R"(","start_ns":)" << term.start << R"(,"end_ns":)" << end;
    // Commands are not told, and users of a lock only of ends against their will.
    if (!seen.identity.child && term.subject == Subject::election) {
      out_ << R"(,"told_ns":[)";
      for (std::size_t i = 0; i < term.told.size(); ++i)
        out_ << (i == 0 ? "" : ",") << term.told[i];
      out_ << "]";
    }
    out_ << "}\n";
  }

  void write(const Seen& seen, const SeenWrite& write) {
    const bool fenced = write.which == Register::fenced;
    const char* accepted = write.state == WriteState::unknown    ? "null"
                           : write.state == WriteState::accepted ? "true"
                                                                 : "false";
    out_ << R"({"kind":"write","client":")" << client_name(seen.identity) << R"(","register":")"
         << kRegisterNames[static_cast<std::size_t>(write.which)] << R"(","fenced":)"
         << (fenced ? "true" : "false") << R"(,"token":")" << write.token << R"(","at_ns":)"
         << write.at << R"(,"accepted":)" << accepted;
    if (write.state == WriteState::accepted) out_ << R"(,"value":)" << write.value;
    out_ << "}\n";
  }

  void final_value(Register which, std::uint64_t value) {
    out_ << R"({"kind":"final","register":")" << kRegisterNames[static_cast<std::size_t>(which)]
         << R"(","value":)" << value << "}\n";
  }

  void crash(const Injected& fault) {
    out_ << R"({"kind":"crash","client":")" << Clients::name(fault.target) << "." << fault.killed
         << R"(","at_ns":)" << fault.begin << "}\n";
  }

 private:
  std::ofstream out_;
};

void write_history(const Material& material, const std::string& file, Outcome& outcome) {
  Writer writer(file);
  for (const Seen& seen : material.seen) {
    for (const SeenTerm& term : seen.terms) {
      const std::int64_t end = end_of(term, seen, material.injected);
      if (end != term.end) ++outcome.excused;
      writer.term(seen, term, end);
    }
    for (const SeenWrite& write : seen.writes) writer.write(seen, write);
    if (seen.full)
      outcome.violations.push_back(client_name(seen.identity) + " had no room for its evidence");
  }
  writer.final_value(Register::fenced, material.fenced_value);
  writer.final_value(Register::unfenced, material.unfenced_value);
  for (const Injected& fault : material.injected)
    if (fault.killed != 0 && fault.role == Role::itself) writer.crash(fault);
}

void ask_checker(const std::string& file, Outcome& outcome) {
  verification::History history;
  std::ifstream in(file);
  if (const auto trouble = verification::read(in, file, history)) {
    outcome.violations.push_back("the history cannot be read: " + *trouble);
    return;
  }
  const verification::Verdict verdict = verification::judge(history);
  for (const auto& violation : verdict.violations) {
    outcome.violations.push_back("promise " + std::to_string(violation.promise) + ": " +
                                 violation.what + " (" + file + ":" +
                                 std::to_string(violation.first.line) + ", " +
                                 std::to_string(violation.second.line) + ")");
    if (violation.promise == 3) ++outcome.fenced_lost;
  }
  outcome.terms = verdict.counts.terms;
  outcome.longest_gap = static_cast<double>(verdict.counts.longest_gap) / kNsPerSecond;
  outcome.fenced = verdict.counts.accepted;
  outcome.refused = verdict.counts.refused;
  outcome.unfenced = verdict.counts.unfenced;
  outcome.unfenced_lost = verdict.counts.unfenced_lost;
}

// Whether something else may have kept everybody from taking over, or from noticing that he did.
bool disturbs(const Injected& other, const Injected& kill, std::int64_t taken, std::int64_t ttl) {
  switch (other.kind) {
    case FaultKind::stop:
    case FaultKind::freeze:
    case FaultKind::kill:
    case FaultKind::kill_tree:
      // Who stood still before cannot have taken it.
      return &other != &kill && other.begin >= kill.begin && other.begin <= taken;
    default: {
      // What was done to a server has a longer echo: elections, and the same-clock rule.
      const bool echoes = other.target < 0 && other.kind != FaultKind::busy;
      return other.begin <= taken && other.end + (echoes ? ttl : 0) >= kill.begin;
    }
  }
}

bool disturbed(const std::vector<Injected>& injected, const Injected& kill, std::int64_t taken,
               std::int64_t ttl) {
  return std::any_of(injected.begin(), injected.end(), [&](const Injected& other) {
    return disturbs(other, kill, taken, ttl);
  });
}

// The holder's terms end with it; the next one of the same key is the takeover.
void measure_takeovers(const Material& material, Outcome& outcome) {
  constexpr std::int64_t kJustBefore = 100'000'000;
  const std::int64_t ttl = material.ttl.count();
  std::vector<SeenTerm> all;
  for (const Seen& seen : material.seen)
    all.insert(all.end(), seen.terms.begin(), seen.terms.end());
  for (const Injected& kill : material.injected) {
    if (kill.killed == 0 || kill.role != Role::itself) continue;
    for (const Seen& seen : material.seen) {
      const bool runner = kill.target >= kWorkers;
      if (seen.identity.name != Clients::name(kill.target) ||
          (!runner && seen.identity.pid != kill.killed))
        continue;
      for (const SeenTerm& term : seen.terms) {
        if (term.start > kill.begin || term.end < kill.begin - kJustBefore) continue;
        std::optional<std::int64_t> next;
        for (const SeenTerm& other : all) {
          if (other.subject == term.subject && other.token > term.token)
            next = std::min(next.value_or(other.start), other.start);
        }
        if (!next || *next < kill.begin || disturbed(material.injected, kill, *next, ttl)) continue;
        outcome.takeovers.push_back(static_cast<double>(*next - kill.begin) / kNsPerSecond);
      }
    }
  }
}

// The checker asks only before a client's next term; here it is known that all have ended.
void judge_told(const Material& material, Outcome& outcome) {
  for (const Seen& seen : material.seen) {
    const bool killed = std::any_of(
        material.injected.begin(), material.injected.end(),
        [&](const Injected& fault) { return fault.killed == seen.identity.pid; });
    if (killed || seen.identity.child) continue;
    for (const SeenTerm& term : seen.terms) {
      if (term.subject != Subject::election || !term.told.empty()) continue;
      outcome.violations.push_back(client_name(seen.identity) +
                                   " was never told of the end of its term with token " +
                                   std::to_string(term.token));
    }
  }
}

void judge_takeovers(Outcome& outcome) {
  for (const double seconds : outcome.takeovers) {
    if (seconds <= outcome.takeover_bound) continue;
    std::ostringstream text;
    text << "a takeover after kill -9 took " << seconds << " s; the bound is "
         << outcome.takeover_bound << " s";
    outcome.violations.push_back(text.str());
  }
}

}  // namespace

void judge(const Material& material, const std::string& file, Outcome& outcome) {
  write_history(material, file, outcome);
  ask_checker(file, outcome);
  judge_told(material, outcome);
  measure_takeovers(material, outcome);
  judge_takeovers(outcome);
}

}  // namespace mongoelector::torture
