// What 10,000 leases of one process cost in memory and threads.
#include "bench/bench.h"
#include "bench/process.h"
#include "support/mongod.h"
#include "support/temp_dir.h"

namespace mongoelector::bench {

namespace {

constexpr int kLeases = 10'000;

void measure_store(Group& group, const std::string& name, const std::string& uri) {
  Process holder = start_role({"holder", uri, std::to_string(kLeases), "600"});
  const auto first_bytes = static_cast<double>(holder.read_number());
  const long long first_threads = holder.read_number();
  const auto bytes = static_cast<double>(holder.read_number()) - first_bytes;
  const long long threads = holder.read_number();
  group.figures.push_back({.what = "resident memory a held lock, of 10,000, " + name,
                           .reached = text_of(bytes / 1024 / (kLeases - 100), "KiB")});
  group.figures.push_back({.what = "threads of the process, 10,000 locks held, " + name,
                           .reached = std::to_string(threads),
                           .beside = "100 locks: " + std::to_string(first_threads),
                           .target = "the same",
                           .met = threads == first_threads});
}

}  // namespace

Group measure_leases() {
  Group group{"leases"};
  measure_store(group, "memory", "memory:");
  const test::TempDir folder;
  measure_store(group, "SQLite", "sqlite:" + folder.file("leases.db"));
  const auto server = test::Mongod::replica_set();
  measure_store(group, "MongoDB", server->uri("ours"));
  return group;
}

}  // namespace mongoelector::bench
