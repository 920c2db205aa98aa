// timing: the arithmetic of docs/protocol.md section 3, without a store.
#include <gtest/gtest.h>

#include "cli/contract.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

// Nobody listens there: who answers at once has not asked.
constexpr char kShared[] = "mongodb://127.0.0.1:1/ops";

json timing(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"timing", "--json"});
  const Finished tool = run_tool(flags);
  EXPECT_EQ(tool.code, 0) << tool.err;
  return document_of(tool.out, "mongoelector.timing/1");
}

TEST(TimingCommand, the_figures_follow_from_the_ttl) {
  const json figures = timing({"--uri", kShared});
  EXPECT_EQ(figures.at("shared"), true);
  EXPECT_DOUBLE_EQ(figures.at("ttl_seconds"), 30);
  EXPECT_DOUBLE_EQ(figures.at("renew_every_seconds"), 6);
  EXPECT_DOUBLE_EQ(figures.at("margin_seconds"), 6);
  EXPECT_DOUBLE_EQ(figures.at("grace_seconds"), 4);
  // T + poll; half a renewal less and half a look; T - M - R - (C + pause); 3600 / R.
  EXPECT_DOUBLE_EQ(figures.at("takeover_worst_seconds"), 36);
  EXPECT_DOUBLE_EQ(figures.at("takeover_typical_seconds"), 30);
  EXPECT_DOUBLE_EQ(figures.at("outage_survived_seconds"), 30 - 6 - 6 - (3 + 1.5));
  EXPECT_DOUBLE_EQ(figures.at("writes_per_hour"), 600);
}

TEST(TimingCommand, every_flag_counts) {
  const json figures = timing({"--uri", "memory:", "--ttl", "20s", "--renew", "2s", "--margin",
                               "5s", "--poll", "1s", "--grace", "3s"});
  EXPECT_EQ(figures.at("shared"), false);
  EXPECT_DOUBLE_EQ(figures.at("takeover_worst_seconds"), 21);
  EXPECT_DOUBLE_EQ(figures.at("takeover_typical_seconds"), 20 - 1 + 0.5);
  EXPECT_DOUBLE_EQ(figures.at("outage_survived_seconds"), 20 - 5 - 2 - (2 + 1));
  EXPECT_DOUBLE_EQ(figures.at("grace_seconds"), 3);
  EXPECT_DOUBLE_EQ(figures.at("writes_per_hour"), 1800);
  EXPECT_DOUBLE_EQ(timing({"--uri", kShared, "--margin", "5s"}).at("grace_seconds"), 4);
}

TEST(TimingCommand, people_read_it_as_sentences) {
  EXPECT_EQ(run_tool({"timing", "--uri", kShared, "--ttl", "20s", "--grace", "3s"}).out,
            "lease            20s, renewed every 4s\n"
            "takeover         within 24s after a crash, typically 20s; at once after a clean stop\n"
            "outage survived  9s without the store, whenever it begins\n"
            "                 NOT enough for an election of MongoDB, which takes up to 12s by "
            "default\n"
            "stop             TERM 16s after the last renewal, KILL after a grace of 3s, 1s before "
            "the lease ends\n"
            "a try            up to 2s, and 1s before the next\n"
            "writes           900 per hour to keep one lease\n");
  const std::string longer = run_tool({"timing", "--uri", kShared, "--ttl", "30s"}).out;
  EXPECT_NE(longer.find("\n                 enough for an"), std::string::npos) << longer;
}

TEST(TimingCommand, what_cannot_work_is_refused_with_78) {
  struct Refusal {
    std::vector<std::string> flags;
    std::string says;
  };
  const std::vector<Refusal> refusals{
      {{"--ttl", "10s"},
       "three tries of call_budget 1s + retry_pause 500ms (4s500ms) must fit into ttl - margin - "
       "renew_every (ttl 10s, margin 5s, renew_every 2s: 3s); --ttl 15s works with --grace 4s"},
      {{"--ttl", "500ms", "--margin", "100ms"},
       "ttl 500ms is shorter than the smallest ttl of this store, 1s"},
      {{"--ttl", "30s", "--margin", "40s"}, "margin 40s must be shorter than ttl 30s"},
      {{"--poll", "0"}, "poll 0s must be longer than 0"},
      {{"--margin", "4s", "--grace", "4s"},
       "margin 4s is shorter than grace 4s + 1s for a late kill"}};
  for (const Refusal& refusal : refusals) {
    std::vector<std::string> words{"timing", "--uri", kShared};
    words.insert(words.end(), refusal.flags.begin(), refusal.flags.end());
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 78) << refusal.says;
    EXPECT_EQ(tool.out, "");
    EXPECT_EQ(tool.err, "mongoelector: " + refusal.says + "\n");
  }
}

}  // namespace
}  // namespace mongoelector::test
