// Runs of the model are runs of the shipping lease machine: every step of a client in a random run
// of lease.pml is taken by src/core too, and both must agree on the state, on what is sent and on
// whether the lease is valid.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/lease_machine.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

using namespace internal;
using std::chrono::seconds;

constexpr int kRuns = 200;
constexpr int kClients = 2;
const std::string kModel = MONGOELECTOR_SOURCE_DIR "/tests/model/";

// Of lease.pml: TTL is two ticks, the margin none, a pause one tick.
constexpr Duration kTick = seconds(100);
const Timing kTiming{.ttl = 2 * kTick,
                     .renew_every = kTick,
                     .margin = Duration::zero(),
                     .call_budget = seconds(1),
                     .retry_pause = kTick,
                     .poll = kTick};
constexpr Instant at(int tick) { return Instant(seconds(1'000'000)) + tick * kTick; }

const std::map<std::string, LeaseEvent>& events() {
  static const std::map<std::string, LeaseEvent> named{
      {"claim", LeaseEvent::claim},         {"granted", LeaseEvent::granted},
      {"refused", LeaseEvent::refused},     {"unsent", LeaseEvent::unsent},
      {"unclear", LeaseEvent::unclear},     {"renewed", LeaseEvent::renewed},
      {"gone", LeaseEvent::gone},           {"unrenewed", LeaseEvent::unrenewed},
      {"tick", LeaseEvent::tick},           {"end", LeaseEvent::end},
      {"release", LeaseEvent::release},     {"released", LeaseEvent::released},
      {"unreleased", LeaseEvent::unreleased}};
  return named;
}

// One line of a trace: what happened to a client, and how the model sees it from then on.
struct Step {
  std::string event;  // of events(), or: look, renew, crash
  int tick = 0;
  int client = 0;
  int lease = 0;
  int sent = 0;
  std::uint64_t token = 0;
  int state = 0;
  bool valid = false;
  int sends = 0;  // 0 nothing, 1 claim, 2 renewal, 3 release
  bool due = false;
};

std::optional<Step> parse(const std::string& line) {
  std::istringstream in(line);
  Step step;
  std::array<std::string, 9> words;
  in >> step.event >> words[0] >> step.tick >> words[1] >> step.client >> words[2] >> step.lease >>
      words[3] >> step.sent >> words[4] >> step.token >> words[5] >> step.state >> words[6] >>
      step.valid >> words[7] >> step.sends >> words[8] >> step.due;
  if (!in || words[0] != "tick" || words[8] != "due") return std::nullopt;
  return step;
}

LeaseId id_of(int lease) { return LeaseId(std::to_string(lease)); }

// A client whose steps are taken by the core.
class Client {
 public:
  explicit Client(bool deadline_from_reply) : deadline_from_reply_(deadline_from_reply) {}

  // What differs from the model; empty when nothing does.
  std::string take(const Step& wanted) {
    const Instant now = at(wanted.tick);
    LeaseActions actions;
    if (wanted.event == "crash") {
      lease_ = {};
    } else if (const auto event = events().find(wanted.event); event != events().end()) {
      actions = step(lease_,
                     {.event = event->second,
                      .lease_id = id_of(wanted.lease),
                      .sent_at = deadline_from_reply_ ? now : at(wanted.sent),
                      .token = Token(wanted.token)},
                     now, kTiming);
    }
    return difference(wanted, actions, now);
  }

  // Replies about an earlier lease, which may come at any time.
  bool minds_late_replies(const Step& after) {
    const Instant now = at(after.tick);
    const LeaseState before = lease_.state;
    const bool valid = lease_.valid(now);
    bool minded = false;
    for (const auto event : {LeaseEvent::granted, LeaseEvent::refused, LeaseEvent::renewed,
                             LeaseEvent::gone, LeaseEvent::released}) {
      const LeaseInput late{.event = event, .lease_id = id_of(-1), .sent_at = now};
      minded |= step(lease_, late, now, kTiming) != LeaseActions{} || lease_.state != before ||
                lease_.valid(now) != valid;
    }
    return minded;
  }

 private:
  std::string difference(const Step& wanted, const LeaseActions& actions, Instant now) const {
    std::ostringstream out;
    if (static_cast<int>(lease_.state) != wanted.state)
      out << "state " << static_cast<int>(lease_.state) << ", model " << wanted.state << ". ";
    if (lease_.valid(now) != wanted.valid) out << "valid " << lease_.valid(now) << ". ";
    if (actions.send_claim != (wanted.sends == 1)) out << "claims " << actions.send_claim << ". ";
    if (actions.send_release != (wanted.sends == 3))
      out << "releases " << actions.send_release << ". ";
    if (actions.won != (wanted.event == "granted" && wanted.valid))
      out << "won " << actions.won << ". ";
    if (actions.won && lease_.token != Token(wanted.token)) out << "another token. ";
    if ((lease_.renewable() && lease_.renew_at <= now) != wanted.due)
      out << "renewal due: not as in the model. ";
    return out.str();
  }

  bool deadline_from_reply_;
  LeaseData lease_;
};

std::vector<Step> trace(int seed) {
  const TempDir folder;
  const Finished run = run_process({"spin", "-T", "-DTRACE", "-DWITH_ENDING", "-DFAULTS=250",
                                    "-DFAILOVERS=250", "-n" + std::to_string(seed), "-u20000",
                                    kModel + "lease.pml"},
                                   {.directory = folder.path()});
  EXPECT_EQ(run.code, 0) << run.out << run.err;
  std::vector<Step> steps;
  std::istringstream in(run.out);
  for (std::string line; std::getline(in, line);) {
    if (auto step = parse(line)) steps.push_back(*step);
  }
  return steps;
}

class TraceReplay : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (int seed = 1; seed <= kRuns; ++seed) {
      try {
        traces_.push_back(trace(seed));
      } catch (const std::exception& error) {
        problem_ = error.what();
        return;
      }
    }
  }
  void SetUp() override {
    ASSERT_EQ(traces_.size(), std::size_t{kRuns})
        << "the model was NOT replayed; without the package spin, run tools/setup: " << problem_;
  }

  inline static std::vector<std::vector<Step>> traces_;
  inline static std::string problem_;
};

TEST_F(TraceReplay, the_core_takes_every_step_of_the_model) {
  std::map<std::string, int> seen;
  int valid_looks = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<Client> clients(kClients, Client(false));
    for (const Step& step : traces_[run]) {
      ++seen[step.event];
      if (step.event == "look" && step.valid) ++valid_looks;
      ASSERT_EQ(clients.at(step.client).take(step), "")
          << "seed " << run + 1 << " tick " << step.tick << " client " << step.client << " "
          << step.event;
      ASSERT_FALSE(clients.at(step.client).minds_late_replies(step)) << "seed " << run + 1;
    }
  }
  int total = 0;
  for (const auto& [event, code] : events()) {
    EXPECT_GE(seen[event], 30) << event;
    total += seen[event];
  }
  EXPECT_GE(seen["crash"], 50);
  EXPECT_GE(seen["renew"], 1000);
  EXPECT_GE(valid_looks, 1000);
  EXPECT_GE(total, 20'000);
}

TEST_F(TraceReplay, a_core_that_counts_from_the_reply_would_be_noticed) {
  int noticed = 0;
  for (const auto& run : traces_) {
    std::vector<Client> clients(kClients, Client(true));
    for (const Step& step : run) {
      if (clients.at(step.client).take(step).empty()) continue;
      ++noticed;
      break;
    }
  }
  EXPECT_GE(noticed, kRuns / 2);
}

}  // namespace
}  // namespace mongoelector::test
