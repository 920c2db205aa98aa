#include "simulation/model/export.h"

#include <cstdio>
#include <map>
#include <optional>
#include <string_view>

namespace mongoelector::simulation {

namespace {

constexpr std::string_view kKey = "k";

// One flat JSON object. All texts are words of ours, so nothing needs escaping.
class Line {
 public:
  explicit Line(std::string_view kind) { text("kind", kind); }
  Line& text(std::string_view name, std::string_view value) {
    return raw(name, "\"" + std::string(value) + "\"");
  }
  Line& client(int id) { return text("client", "c" + std::to_string(id)); }
  Line& token(std::uint64_t token) { return text("token", std::to_string(token)); }
  Line& time(std::string_view name, TrueTime when) {
    return raw(name, std::to_string(when.count()));
  }
  Line& raw(std::string_view name, const std::string& value) {
    body_ += (body_.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + value;
    return *this;
  }
  std::string str() const { return body_ + "}\n"; }

 private:
  std::string body_;
};

struct Term {
  Fact first;
  TrueTime deadline{};
  std::optional<TrueTime> end = {};
};

class Exporter {
 public:
  void take(const Fact& fact) {
    switch (fact.what) {
      case What::holds: {
        Term& term = terms_.try_emplace(fact.lease, Term{fact}).first->second;
        term.deadline = fact.until;
        return;
      }
      case What::ends: return end(fact);
      case What::accepted:
      case What::refused: {
        Line line("write");
        line.text("register", "r").raw("fenced", "true").token(fact.token).client(fact.client);
        line.time("at_ns", fact.when);
        line.raw("accepted", fact.what == What::accepted ? "true" : "false");
        lines_ += line.str();
        return;
      }
      case What::crashed: return moment("crash", fact);
      case What::frozen: return moment("freeze", fact);
      case What::thawed: return moment("thaw", fact);
      default: return;
    }
  }

  std::string finish() {
    for (const auto& [lease, term] : terms_) {
      Line line("term");
      line.client(term.first.client).text("key", kKey).token(term.first.token);
      line.time("start_ns", term.first.when);
      if (term.end) {
        line.time("end_ns", *term.end);
      } else {
        line.raw("end_ns", "null");
      }
      line.time("deadline_ns", term.deadline);
      lines_ += line.str();
    }
    return lines_;
  }

 private:
  void end(const Fact& fact) {
    const auto found = terms_.find(fact.lease);
    if (found != terms_.end() && !found->second.end) found->second.end = fact.when;
  }

  void moment(std::string_view kind, const Fact& fact) {
    lines_ += Line(kind).client(fact.client).time("at_ns", fact.when).str();
  }

  std::map<std::int64_t, Term> terms_;
  std::string lines_;
};

std::string count_line(std::uint64_t count, std::string_view name) {
  char text[128];
  std::snprintf(text, sizeof text, "%12llu  %.*s\n", static_cast<unsigned long long>(count),
                static_cast<int>(name.size()), name.data());
  return text;
}

template <class Counts, class Names>
std::string object_of(const Counts& counts, const Names& names) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text += (i == 0 ? "{\"" : ", \"") + std::string(names[i]) + "\": " + std::to_string(counts[i]);
  }
  return text + "}";
}

std::size_t hit(const Totals& totals) {
  std::size_t count = 0;
  for (const std::uint64_t probe : totals.probes) count += probe > 0 ? 1 : 0;
  return count;
}

}  // namespace

std::string history_as_json(const Result& result) {
  Exporter exporter;
  for (const Fact& fact : result.history) exporter.take(fact);
  return exporter.finish();
}

std::string counts_as_text(const Totals& totals) {
  std::string text = "faults\n";
  for (std::size_t i = 0; i < kFaults; ++i) text += count_line(totals.faults[i], kFaultNames[i]);
  text += "probes\n";
  for (std::size_t i = 0; i < kProbes; ++i) text += count_line(totals.probes[i], kProbeNames[i]);
  return text + std::to_string(totals.histories) + " histories, " +
         std::to_string(totals.simulated_seconds / 3600) + " simulated hours, " +
         std::to_string(totals.events) + " events, " + std::to_string(totals.all_faults()) +
         " faults, " + std::to_string(hit(totals)) + " of " + std::to_string(kProbes) +
         " probes hit, " + std::to_string(totals.violations) + " violations\n";
}

std::string counts_as_json(const Totals& totals) {
  return "{\"histories\": " + std::to_string(totals.histories) +
         ", \"simulated_seconds\": " + std::to_string(totals.simulated_seconds) +
         ", \"events\": " + std::to_string(totals.events) +
         ", \"violations\": " + std::to_string(totals.violations) +
         ", \"faults\": " + object_of(totals.faults, kFaultNames) +
         ", \"probes\": " + object_of(totals.probes, kProbeNames) + "}\n";
}

}  // namespace mongoelector::simulation
