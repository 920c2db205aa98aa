// SQLite between processes: takeover after kill -9, hand-over after a clean stop, an idle follower.
#include <stdlib.h>

#include <filesystem>

#include "bench/bench.h"
#include "bench/candidate.h"

namespace mongoelector::bench {

namespace {

constexpr Duration kTtl = std::chrono::seconds(15);

std::string show(std::vector<double>& ms) {
  return "p50 " + text_of(quantile(ms, 0.5), "ms") + ", p99 " + text_of(quantile(ms, 0.99), "ms") +
         " of " + std::to_string(ms.size());
}

}  // namespace

void measure_embedded(Figures& figures, const std::string& self, int rounds) {
  std::string folder = (std::filesystem::temp_directory_path() / "mongoelector-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary directory");
  const std::string uri = "sqlite:" + folder + "/leases.db";
  std::vector<double> crash;
  std::vector<double> clean;
  Candidate follower(uri, kTtl);
  for (int round = 0; round < 2 * rounds; ++round) {
    Process leader(self, {"candidate", uri, "15"});
    leader.read_number();
    follower.follow();
    long long cause = 0;
    if (round % 2 == 0) {
      cause = monotonic_ns();
      leader.kill();
    } else {
      leader.close_stdin();
      cause = leader.read_number();
    }
    const double ms = static_cast<double>(follower.await_lead() - cause) / 1e6;
    (round % 2 == 0 ? crash : clean).push_back(ms);
    leader.wait();
    follower.stop();
  }
  figures.push_back({"takeover after kill -9, SQLite, ttl 15 s", show(crash), "p99 <= 50 ms",
                     quantile(crash, 0.99) <= 50});
  figures.push_back({"hand-over after a clean stop, SQLite", show(clean), "p99 <= 20 ms",
                     quantile(clean, 0.99) <= 20});

  Process leader(self, {"candidate", uri, "15"});
  leader.read_number();
  Process idle(self, {"follower", uri, "10"});
  const double cpu_ms = static_cast<double>(idle.read_number()) / 1e3;
  figures.push_back({"CPU of an idle follower in 10 s, SQLite, ttl 15 s", text_of(cpu_ms, "ms"),
                     "not measurable: < 10 ms (0.1 %)", cpu_ms < 10});
  leader.kill();
  std::filesystem::remove_all(folder);
}

}  // namespace mongoelector::bench
