// bench: how fast a store is, measured by doing it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/host_name.h"
#include "base/text.h"
#include "cli/deadline.h"
#include "cli/interruptible.h"
#include "cli/load.h"
#include "cli/quantiles.h"
#include "cli/records.h"
#include "cli/views.h"
#include "mongoelector/version.h"

namespace mongoelector::cli {

namespace {

struct NamedOp {
  std::string_view name;
  LoadOp op;
};
constexpr std::array<NamedOp, 4> kOps{{{"lock", LoadOp::lock},
                                       {"renew", LoadOp::renew},
                                       {"handoff", LoadOp::handoff},
                                       {"failover", LoadOp::failover}}};

std::string_view name_of(LoadOp op) {
  return std::find_if(kOps.begin(), kOps.end(), [&](const NamedOp& one) { return one.op == op; })
      ->name;
}

// Buckets of a quarter of a power of ten.
Json histogram(const std::vector<Duration>& sorted) {
  Json buckets = Json::array();
  auto at = sorted.begin();
  double limit = 1e-6;
  while (at != sorted.end()) {
    const auto next = std::find_if(
        at, sorted.end(), [&](Duration value) { return internal::seconds(value) > limit; });
    if (next != at) buckets.push_back({{"up_to_seconds", limit}, {"count", next - at}});
    at = next;
    limit *= 1.7782794100389228;
  }
  return buckets;
}

class BenchCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "bench",
        .group = "Operate",
        .summary = "measure how fast the store is",
        .usage = "[--op OP] [--clients N] [--duration DUR] [--share]",
        .examples = {{"mongoelector bench", "locks taken and given back per second"},
                     {"mongoelector bench --op failover --clients 20", "how long nobody leads"}},
        .details =
            "lock: acquire and release; renew: one renewal; handoff: from a release to the next\n"
            "holder; failover: from the last sign of a holder that is gone, with a ttl of 1s, to\n"
            "the next. Each client has a name of its own. All are removed at the end, after\n"
            "Ctrl-C too; a standalone MongoDB keeps a counter for each name, as for every lock.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option(
           "--op", [this](const std::string& word) { load_.op = parse_op(word); },
           "lock (default), renew, handoff or failover")
        .type_name("OP");
    flags.add_option("--clients", load_.clients, "how many at once, default 1")
        .type_name("N")
        .range(1, 1000);
    add_duration(flags, "--duration", load_.duration, "how long, default 10s");
    flags.add_flag("--share", share_, "although elections are led in this store");
  }

  int run(Context& context) override {
    Signals signals;
    std::optional<Connection> connection;
    run_interruptible(
        signals,
        [&] {
          const Deadline deadline(context);
          connection = open_connection(context);
          if (!share_) refuse_company(connection->session->store());
        },
        // Nothing was done yet.
        [](int number) { _exit(128 + number); });
    LoadRunner runner(connection->session, load_);
    LoadResult result;
    std::size_t left_behind = 0;
    const std::optional<int> signal = run_interruptible(
        signals,
        [&] {
          result = runner.run();
          left_behind = runner.clean_up();
        },
        [&](int) { runner.cancel(); });
    tell(context, *connection, result, left_behind, signal.has_value());
    if (signal) return 128 + *signal;
    if (result.latencies.empty() && result.errors > 0)
      throw Failure(Exit::unavailable, result.first_error);
    return 0;
  }

 private:
  static LoadOp parse_op(const std::string& word) {
    for (const NamedOp& one : kOps)
      if (one.name == word) return one.op;
    throw Failure(Exit::usage, fmt::format("--op {} is none", internal::quoted(word)),
                  "lock, renew, handoff or failover");
  }

  static void refuse_company(LeaseStore& store) {
    const ListReply elections = store.list(Kind::election, "");
    require_answer(elections.outcome, elections.detail, "listing elections");
    const auto led = std::find_if(elections.records.begin(), elections.records.end(), live);
    if (led == elections.records.end()) return;
    throw Failure(Exit::busy,
                  fmt::format("{} is led in this store, and a benchmark would be in its way",
                              internal::show_key(led->key)),
                  "use another store, or --share");
  }

  void tell(Context& context, const Connection& connection, LoadResult& result,
            std::size_t left_behind, bool interrupted) const {
    const StoreInfo info = connection.session->store().info();
    const Quantiles latency(std::move(result.latencies));
    const std::size_t count = latency.sorted().size();
    const double rate =
        static_cast<double>(count) / std::max(internal::seconds(result.elapsed), 1e-9);
    if (left_behind > 0) {
      context.out.note(fmt::format("{} scratch locks could not be removed; they end by themselves",
                                   left_behind));
    }
    if (result.errors > 0) context.out.note("first error: " + result.first_error);
    if (!context.out.json()) {
      context.out.answer(fmt::format(
          "store       {} ({}) {}\nhost        {}, {} CPUs, mongoelector {}\n"
          "work        {}, {} clients, {}{}\nthroughput  {:.1f}/s, {} in all, {} errors\n"
          "latency     p50 {}, p95 {}, p99 {}, max {}\n",
          info.kind, info.topology, shown(connection.uri), internal::host_name(),
          std::thread::hardware_concurrency(), kVersion, name_of(load_.op), load_.clients,
          internal::show_duration(result.elapsed), interrupted ? " (interrupted)" : "", rate,
          count, result.errors, show_latency(latency.at(0.5)), show_latency(latency.at(0.95)),
          show_latency(latency.at(0.99)), show_latency(latency.at(1))));
      return;
    }
    Json document = new_document("mongoelector.bench/1");
    document["store"] = store_json(connection, info);
    document["environment"] = {{"version", kVersion},
                               {"host", internal::host_name()},
                               {"cpus", std::thread::hardware_concurrency()}};
    document["op"] = name_of(load_.op);
    document["clients"] = load_.clients;
    document["elapsed_seconds"] = seconds_json(result.elapsed);
    document["interrupted"] = interrupted;
    document["operations"] = count;
    document["errors"] = result.errors;
    document["per_second"] = rate;
    document["latency"] = count == 0 ? Json(nullptr) : latency_json(latency);
    document["histogram"] = histogram(latency.sorted());
    document["left_behind"] = left_behind;
    context.out.answer_document(document);
  }

  static Json latency_json(const Quantiles& latency) {
    return {{"p50_seconds", internal::seconds(latency.at(0.5))},
            {"p95_seconds", internal::seconds(latency.at(0.95))},
            {"p99_seconds", internal::seconds(latency.at(0.99))},
            {"max_seconds", internal::seconds(latency.at(1))}};
  }

  Load load_{.duration = std::chrono::seconds(10)};
  bool share_ = false;
};

}  // namespace

std::unique_ptr<Command> make_bench() { return std::make_unique<BenchCommand>(); }

}  // namespace mongoelector::cli
