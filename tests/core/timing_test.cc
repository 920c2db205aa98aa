// Timings: fractions of one number, validated together, errors that name what to change.
#include "core/timing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mongoelector/error.h"

namespace mongoelector::test {
namespace {

using internal::resolve_timing;
using internal::Timing;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::string refusal(Duration ttl, const TimingOptions& options,
                    Duration smallest = kSmallestTtlEmbedded) {
  try {
    resolve_timing(ttl, options, smallest);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

void expect_named(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
}

TEST(Timing, defaults_are_fractions_of_the_ttl) {
  const Timing timing = resolve_timing(seconds(20), {}, kSmallestTtlShared);
  EXPECT_EQ(timing.ttl, seconds(20));
  EXPECT_EQ(timing.renew_every, seconds(4));
  EXPECT_EQ(timing.margin, seconds(4));
  EXPECT_EQ(timing.call_budget, seconds(2));
  EXPECT_EQ(timing.retry_pause, seconds(1));
  EXPECT_EQ(timing.poll, seconds(4));
  EXPECT_EQ(timing.outage_survived(), seconds(9));
  EXPECT_EQ(timing.deadline(Instant(seconds(7))), Instant(seconds(23)));
  EXPECT_EQ(timing.forgotten(Instant(seconds(7))), Instant(milliseconds(27'200)));
}

TEST(Timing, one_call_is_given_five_seconds_at_most) {
  EXPECT_EQ(resolve_timing(seconds(600), {}, kSmallestTtlShared).call_budget, seconds(5));
  EXPECT_EQ(resolve_timing(seconds(600), {.call_budget = seconds(7)}, kSmallestTtlShared).call_budget,
            seconds(7));
}

TEST(Timing, each_can_be_set) {
  const Timing timing = resolve_timing(seconds(20),
                                       {.renew_every = seconds(3),
                                        .margin = seconds(2),
                                        .call_budget = seconds(1),
                                        .retry_pause = milliseconds(500),
                                        .poll = seconds(9)},
                                       kSmallestTtlShared);
  EXPECT_EQ(timing.renew_every, seconds(3));
  EXPECT_EQ(timing.margin, seconds(2));
  EXPECT_EQ(timing.call_budget, seconds(1));
  EXPECT_EQ(timing.retry_pause, milliseconds(500));
  EXPECT_EQ(timing.poll, seconds(9));
}

TEST(Timing, the_ttl_has_bounds_that_depend_on_the_store) {
  EXPECT_EQ(refusal(milliseconds(100), {}), "accepted");
  expect_named(refusal(milliseconds(99), {}), {"ttl 99ms", "100ms"});
  EXPECT_EQ(refusal(seconds(1), {}, kSmallestTtlShared), "accepted");
  expect_named(refusal(milliseconds(999), {}, kSmallestTtlShared), {"ttl 999ms", "1s"});
  EXPECT_EQ(refusal(hours(720), {}), "accepted");
  expect_named(refusal(hours(720) + nanoseconds(1), {}), {"ttl 30d", "longer than 30d"});
  expect_named(refusal(Duration::max(), {}), {"ttl"});
  expect_named(refusal(Duration::min() + nanoseconds(1), {}), {"ttl -"});
}

TEST(Timing, every_value_is_longer_than_nothing_and_no_longer_than_the_largest_ttl) {
  const std::vector<std::pair<std::string, std::optional<Duration> TimingOptions::*>> all{
      {"renew_every", &TimingOptions::renew_every},
      {"margin", &TimingOptions::margin},
      {"call_budget", &TimingOptions::call_budget},
      {"retry_pause", &TimingOptions::retry_pause},
      {"poll", &TimingOptions::poll}};
  for (const auto& [name, member] : all) {
    TimingOptions options;
    options.*member = Duration::zero();
    expect_named(refusal(seconds(20), options), {name + " 0s"});
    options.*member = seconds(-1);
    expect_named(refusal(seconds(20), options), {name + " -1s"});
    options.*member = Duration::max();
    expect_named(refusal(seconds(20), options), {name, "largest ttl 30d"});
    options.*member = Duration::min() + nanoseconds(1);
    expect_named(refusal(seconds(20), options), {name + " -"});
  }
}

TEST(Timing, what_does_not_go_together_is_named_with_its_values) {
  expect_named(refusal(seconds(20), {.margin = seconds(20)}), {"margin 20s", "ttl 20s"});
  expect_named(refusal(seconds(20), {.margin = seconds(21)}), {"margin 21s", "ttl 20s"});
  expect_named(refusal(seconds(20), {.renew_every = seconds(16)}),
               {"renew_every 16s", "ttl 20s", "margin 4s", "16s"});
  expect_named(refusal(seconds(20), {.renew_every = seconds(12), .margin = seconds(8)}),
               {"renew_every 12s", "ttl 20s", "margin 8s", "12s"});
  const std::vector<TimingOptions> too_much{{.renew_every = seconds(8)},
                                            {.margin = seconds(8)},
                                            {.call_budget = seconds(4)},
                                            {.retry_pause = seconds(3)}};
  for (const TimingOptions& options : too_much) {
    const Timing asked{.renew_every = options.renew_every.value_or(seconds(4)),
                       .margin = options.margin.value_or(seconds(4)),
                       .call_budget = options.call_budget.value_or(seconds(2)),
                       .retry_pause = options.retry_pause.value_or(seconds(1))};
    const auto shown = [](const std::string& name, Duration value) {
      return name + " " + std::to_string(value / seconds(1)) + "s";
    };
    expect_named(refusal(seconds(20), options),
                 {"three tries", "ttl 20s", shown("renew_every", asked.renew_every),
                  shown("margin", asked.margin), shown("call_budget", asked.call_budget),
                  shown("retry_pause", asked.retry_pause)});
  }
}

TEST(Timing, three_tries_fit_exactly_or_not) {
  // ttl - margin - renew_every = 12 s, so a budget and a pause of 4 s together are the most.
  EXPECT_EQ(refusal(seconds(20), {.call_budget = seconds(3)}), "accepted");
  EXPECT_NE(refusal(seconds(20), {.call_budget = seconds(3) + nanoseconds(1)}), "accepted");
}

TEST(Timing, a_poll_may_be_longer_than_the_ttl) {
  EXPECT_EQ(refusal(seconds(20), {.poll = seconds(60)}), "accepted");
}

TEST(Timing, the_defaults_fit_at_every_ttl) {
  for (Duration ttl = kSmallestTtlEmbedded; ttl <= kLargestTtl; ttl = ttl * 3 / 2 + nanoseconds(1)) {
    const Timing timing = resolve_timing(ttl, {}, kSmallestTtlEmbedded);
    EXPECT_GT(timing.outage_survived(), Duration::zero());
  }
}

}  // namespace
}  // namespace mongoelector::test
