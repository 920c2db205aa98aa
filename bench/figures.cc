// The figures of the project, each beside what it is compared with. `make bench` runs it.
//
//   bench_figures [GROUP...]             prints them, all or those groups
//   bench_figures --page PATH COMMIT     prints all and writes the page
//   bench_figures role ...               what it starts itself as (process.h)
//
// Exit code: 0, 1 when a target is missed, 2 when something could not be measured.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <future>
#include <iterator>

#include "bench/bench.h"
#include "bench/process.h"

using namespace mongoelector;

namespace {

struct Named {
  const char* name;
  bench::Measure measure;
  bool waits;  // mostly, or counts something: side by side with the others that do
};

constexpr Named kGroups[] = {
    {"answers", bench::measure_answers, false},   {"pair", bench::measure_pair, false},
    {"handover", bench::measure_handover, false}, {"renewals", bench::measure_renewals, false},
    {"waiters", bench::measure_waiters, false},   {"leases", bench::measure_leases, true},
    {"embedded", bench::measure_embedded, false}, {"tool", bench::measure_tool, false},
    {"follower", bench::measure_follower, true},  {"takeover", bench::measure_takeover, true},
    {"failover", bench::measure_failover, true},
};

// All of them if none is wanted.
std::vector<bench::Group> measure(const std::vector<std::string>& wanted) {
  const auto chosen = [&](const Named& group) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), group.name) != wanted.end();
  };
  std::vector<bench::Group> groups;
  for (const Named& group : kGroups) {
    if (group.waits || !chosen(group)) continue;
    std::fprintf(stderr, "bench: %s\n", group.name);
    groups.push_back(group.measure());
  }
  std::vector<std::future<bench::Group>> waiting;
  for (const Named& group : kGroups) {
    if (!group.waits || !chosen(group)) continue;
    std::fprintf(stderr, "bench: %s\n", group.name);
    waiting.push_back(std::async(std::launch::async, group.measure));
  }
  for (auto& group : waiting) groups.push_back(group.get());
  return groups;
}

bool known(const std::string& name) {
  return std::any_of(std::begin(kGroups), std::end(kGroups),
                     [&](const Named& group) { return group.name == name; });
}

int run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "role")
    return bench::run_role({arguments.begin() + 1, arguments.end()});
  const bool page = arguments.size() == 3 && arguments[0] == "--page";
  if (!page) {
    for (const std::string& name : arguments) {
      if (known(name)) continue;
      std::fprintf(stderr, "bench: no group %s; there are", name.c_str());
      for (const Named& group : kGroups) std::fprintf(stderr, " %s", group.name);
      std::fprintf(stderr, "\n");
      return 2;
    }
  }
  const auto groups = measure(page ? std::vector<std::string>{} : arguments);
  bench::print(groups);
  if (page) bench::write_page(groups, arguments[1], arguments[2]);
  return bench::figures_missed(groups) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 2;
  }
}
