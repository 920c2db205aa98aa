// MongoDB: what our acquire and release cost beside the driver's bare pair, and a crash takeover.
#include <mongoc/mongoc.h>

#include "bench/bench.h"
#include "bench/candidate.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kWarmUp = 50;

// The driver's own: replacement upsert by findAndModify, then delete by _id and lease_id, majority.
class BarePair {
 public:
  explicit BarePair(const std::string& uri)
      : client_(mongoc_client_new((uri + "&retryWrites=false").c_str())) {
    mongoc_client_set_error_api(client_, MONGOC_ERROR_API_VERSION_2);
  }
  ~BarePair() { mongoc_client_destroy(client_); }
  BarePair(const BarePair&) = delete;
  BarePair& operator=(const BarePair&) = delete;

  void run(int number) {
    const std::string id = "00000000-0000-4000-8000-" + std::to_string(100000000000LL + number);
    const std::int64_t now = monotonic_ns() / 1'000'000;
    bson_t* claim = BCON_NEW(
        "findAndModify", "bare", "query", "{", "_id", BCON_UTF8("bench"), "}", "update", "{", "_id",
        BCON_UTF8("bench"), "locked", BCON_BOOL(true), "host", BCON_UTF8("host.example"), "pid",
        BCON_INT32(4711), "uuid", BCON_UTF8(id.c_str()), "ts_created", BCON_DATE_TIME(now),
        "ts_expire", BCON_DATE_TIME(now + 600000), "lease_id", BCON_UTF8(id.c_str()), "ttl_ms",
        BCON_INT64(600000), "v", BCON_INT32(1), "}", "upsert", BCON_BOOL(true), "new",
        BCON_BOOL(true), "writeConcern", "{", "w", "majority", "}");
    command(claim);
    bson_t* release = BCON_NEW("delete", "bare", "deletes", "[", "{", "q", "{", "_id",
                               BCON_UTF8("bench"), "lease_id", BCON_UTF8(id.c_str()), "}", "limit",
                               BCON_INT32(1), "}", "]", "writeConcern", "{", "w", "majority", "}");
    command(release);
  }

 private:
  void command(bson_t* what) {
    bson_error_t error;
    bson_t reply;
    const bool done =
        mongoc_client_write_command_with_opts(client_, "bench", what, nullptr, &reply, &error);
    bson_destroy(&reply);
    bson_destroy(what);
    if (!done) throw std::runtime_error(std::string("bare pair: ") + error.message);
  }

  mongoc_client_t* client_;
};

void measure_pair(Figures& figures, const std::string& uri, int rounds) {
  BarePair bare(uri);
  MongoLocker lock(connect(uri), "bench");
  std::vector<double> ours;
  std::vector<double> theirs;
  const auto timed = [](const auto& pair) {
    const long long begin = monotonic_ns();
    pair();
    return static_cast<double>(monotonic_ns() - begin) / 1e6;
  };
  const auto measure_ours = [&] {
    return timed([&] {
      lock.acquire();
      lock.release();
    });
  };
  for (int round = 0; round < rounds + kWarmUp; ++round) {
    // In turns: what a pair costs depends on where in the server's journal cycle it begins, and so
    // on what came right before it.
    const bool ours_first = round % 2 == 1;
    const double first = ours_first ? measure_ours() : 0;
    const double bare_pair = timed([&] { bare.run(round); });
    const double our_pair = ours_first ? first : measure_ours();
    if (round < kWarmUp) continue;
    theirs.push_back(bare_pair);
    ours.push_back(our_pair);
  }
  const double ratio = quantile(ours, 0.5) / quantile(theirs, 0.5);
  figures.push_back({"acquire + release, MongoDB, p50 of " + std::to_string(rounds) + " pairs",
                     text_of(ratio, "x") + " (" + text_of(quantile(ours, 0.5), "ms") + ")",
                     "<= 1.10 x the bare pair (" + text_of(quantile(theirs, 0.5), "ms") + ")",
                     ratio <= 1.10});
}

}  // namespace

void measure_mongodb(Figures& figures, const std::string& self, int rounds) {
  const auto server = test::Mongod::replica_set();
  const std::string uri = server->uri("bench");
  measure_pair(figures, uri, 10 * rounds);

  std::vector<double> seconds;
  Candidate follower(uri, std::chrono::seconds(5));
  for (int round = 0; round < 4; ++round) {
    Process leader(self, {"candidate", uri, "5"});
    leader.read_number();
    follower.follow();
    const long long cause = monotonic_ns();
    leader.kill();
    seconds.push_back(static_cast<double>(follower.await_lead() - cause) / 1e9);
    follower.stop();
  }
  const double worst = quantile(seconds, 1.0);
  figures.push_back({"takeover after kill -9, MongoDB, ttl 5 s, worst of 4", text_of(worst, "s"),
                     "<= ttl + one poll (1 s) = 6 s", worst <= 6});
}

}  // namespace mongoelector::bench
