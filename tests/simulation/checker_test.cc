// The checker against histories made by hand: bad ones it must reject, for the right reason, and
// odd but legal ones it must accept.
#include "simulation/model/checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace mongoelector::simulation {
namespace {

using std::chrono::seconds;

// Facts in short; times in seconds.
Fact at(int when, What what, int client, std::int64_t lease = 0, int until = 0) {
  return {.when = seconds(when),
          .what = what,
          .client = client,
          .lease = lease,
          .token = static_cast<std::uint64_t>(lease),
          .until = seconds(until)};
}
Fact with_token(Fact fact, std::uint64_t token) {
  fact.token = token;
  return fact;
}
Fact by(Fact fact, Verb verb, std::int64_t cause) {
  fact.detail = static_cast<int>(verb);
  fact.cause = cause;
  return fact;
}
Fact call(int when, int client, ApiCall what) {
  Fact fact = at(when, What::called, client);
  fact.detail = static_cast<int>(what);
  return fact;
}
Fact returned(int when, int client, ApiCall what) {
  Fact fact = at(when, What::returned, client);
  fact.detail = static_cast<int>(what);
  return fact;
}
Fact created(int when, std::int64_t lease) {
  return by(at(when, What::created, -1, lease), Verb::claim, lease);
}

// Client 0 holds lease 1 from 1 to 11; client 1 holds lease 2 from 12 on.
History one_after_another() {
  return {at(0, What::sends_claim, 0, 1), created(1, 1),
          at(1, What::holds, 0, 1, 11),   at(1, What::began_told, 0, 1),
          at(11, What::ends, 0, 1),       at(11, What::revoked, 0, 1),
          at(11, What::loss_told, 0, 1),  at(12, What::loss_done, 0, 1),
          at(12, What::sends_claim, 1, 2),
          by(at(12, What::replaced, -1, 1), Verb::claim, 2),
          created(12, 2),                 at(12, What::holds, 1, 2, 30),
          at(12, What::began_told, 1, 2)};
}

std::string judged(const History& history, Kind kind = Kind::election) {
  const auto breach = check(history, {.kind = kind,
                                      .told_within = seconds(1),
                                      .hold_off = seconds(10),
                                      .holder_within = seconds(8),
                                      .end = seconds(25)});
  return breach ? breach->promise : "good";
}

// The good history with some facts changed.
template <class Change>
std::string judged_after(const Change& change) {
  History history = one_after_another();
  change(history);
  return judged(history);
}
History::iterator find(History& history, What what) {
  return std::find_if(history.begin(), history.end(),
                      [what](const Fact& fact) { return fact.what == what; });
}

TEST(Checker, accepts_one_term_after_another) { EXPECT_EQ(judged(one_after_another()), "good"); }
TEST(Checker, accepts_nothing_at_all) { EXPECT_EQ(judged({}), "good"); }

TEST(Checker, rejects_two_at_once) {
  // The first term's deadline is later than the start of the second, and it was not ended.
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 20), at(12, What::holds, 1, 2, 24)}), "one_holder");
}

TEST(Checker, counts_a_frozen_holder_until_its_deadline_and_no_further) {
  const auto with_rival_at = [](int when) {
    return judged({at(1, What::holds, 0, 1, 11), at(2, What::frozen, 0),
                   at(when, What::holds, 1, 2, 30)});
  };
  EXPECT_EQ(with_rival_at(10), "one_holder");
  EXPECT_EQ(with_rival_at(11), "good");
}

TEST(Checker, rejects_tokens_that_do_not_grow) {
  for (const std::uint64_t token : {1u, 0u}) {
    EXPECT_EQ(judged_after([&](History& history) {
                for (Fact& fact : history) {
                  if (fact.lease == 2 && fact.what == What::holds) fact.token = token;
                }
              }),
              "tokens_grow");
  }
  EXPECT_EQ(judged_after([](History& history) { find(history, What::created)->token = 9; }),
            "tokens_grow");
}

TEST(Checker, rejects_a_term_that_resumes_or_shrinks) {
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(12, What::holds, 0, 1, 20)}),
            "no_resumption");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(5, What::ends, 0, 1),
                    at(6, What::holds, 0, 1, 20)}),
            "no_resumption");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(5, What::holds, 0, 1, 9)}),
            "no_resumption");
}

TEST(Checker, rejects_an_end_that_is_told_twice_too_early_or_never) {
  EXPECT_EQ(judged_after([](History& history) {
              history.insert(find(history, What::loss_told), at(11, What::revoked, 0, 1));
            }),
            "end_told_once");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(5, What::revoked, 0, 1)}), "end_told_once");
  EXPECT_EQ(judged({at(5, What::revoked, 0, 1)}), "end_told_once");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(12, What::holds, 0, 2, 24)}),
            "end_told_once");
  EXPECT_EQ(judged_after([](History& history) { history.erase(find(history, What::loss_told)); }),
            "end_told_once");
}

TEST(Checker, rejects_a_loss_that_is_told_only_when_asked) {
  EXPECT_EQ(judged_after([](History& history) {
              find(history, What::revoked)->when = seconds(14);
              find(history, What::loss_told)->when = seconds(14);
            }),
            "end_told_in_time");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11)}), "end_told_in_time");
}

TEST(Checker, accepts_a_late_loss_of_a_frozen_process_and_none_of_a_crashed_one) {
  EXPECT_EQ(judged_after([](History& history) {
              history.insert(find(history, What::ends), at(10, What::frozen, 0));
              for (Fact& fact : history) {
                if (fact.client == 0 && fact.when == seconds(11)) fact.when = seconds(12);
              }
              history.insert(find(history, What::ends), at(12, What::thawed, 0));
            }),
            "good");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(5, What::crashed, 0),
                    at(6, What::started, 0), at(12, What::holds, 0, 2, 30)}),
            "good");
}

TEST(Checker, rejects_callbacks_out_of_turn) {
  EXPECT_EQ(judged_after([](History& history) {
              history.insert(find(history, What::ends), at(2, What::began_told, 0, 1));
            }),
            "callbacks_alternate");
  EXPECT_EQ(judged_after([](History& history) { history.erase(find(history, What::began_told)); }),
            "callbacks_alternate");
}

TEST(Checker, accepts_a_lock_that_was_given_back_without_on_lost) {
  Fact given_back = at(5, What::revoked, 0, 1);
  given_back.detail = 1;
  const History history{at(1, What::holds, 0, 1, 11), at(5, What::ends, 0, 1), given_back,
                        at(5, What::sends_release, 0, 1)};
  EXPECT_EQ(judged(history, Kind::lock), "good");
  EXPECT_EQ(judged(history, Kind::election), "stop_then_release");
}

TEST(Checker, rejects_a_release_of_a_valid_term) {
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 11), at(5, What::sends_release, 0, 1)}, Kind::lock),
            "stop_then_release");
}

TEST(Checker, rejects_requests_after_the_release_and_accepts_its_retries) {
  const Fact release = at(5, What::sends_release, 0, 1);
  EXPECT_EQ(judged({release, at(6, What::sends_renew, 0, 1)}), "silence_after_release");
  EXPECT_EQ(judged({release, at(6, What::sends_claim, 0, 1)}), "silence_after_release");
  EXPECT_EQ(judged({release, at(6, What::sends_release, 0, 1)}), "good");
}

TEST(Checker, rejects_what_was_not_claimed) {
  const Fact claim = at(0, What::sends_claim, 0, 1);
  EXPECT_EQ(judged({created(1, 1)}), "only_claims_create");
  EXPECT_EQ(judged({claim, by(at(1, What::created, -1, 1), Verb::renew, 1)}),
            "only_claims_create");
  EXPECT_EQ(judged({claim, created(1, 1), by(at(2, What::extended, -1, 1), Verb::renew, 2)}),
            "only_claims_create");
}

TEST(Checker, rejects_a_removal_by_anything_but_its_own_release) {
  const Fact claim = at(0, What::sends_claim, 0, 1);
  const Fact release_of_1 = at(2, What::sends_release, 0, 1);
  const Fact release_of_2 = at(2, What::sends_release, 1, 2);
  const auto removed_by = [](std::int64_t cause) {
    return by(at(3, What::removed, -1, 1), Verb::release, cause);
  };
  EXPECT_EQ(judged({claim, created(1, 1), removed_by(1)}), "only_own_release");
  EXPECT_EQ(judged({claim, created(1, 1), release_of_2, removed_by(2)}), "only_own_release");
  EXPECT_EQ(judged({claim, created(1, 1), release_of_1, removed_by(1)}), "good");
}

TEST(Checker, accepts_a_lost_answer_both_ways) {
  // The claim that was never answered may have done it or not, and a duplicate may do it again.
  const Fact claim = at(0, What::sends_claim, 0, 1);
  const Fact release = at(2, What::sends_release, 0, 1);
  const Fact removed = by(at(3, What::removed, -1, 1), Verb::release, 1);
  EXPECT_EQ(judged({claim}), "good");
  EXPECT_EQ(judged({claim, created(1, 1), release, removed, with_token(created(4, 1), 2)}), "good");
}

TEST(Checker, rejects_a_term_that_nobody_asked_for) {
  const Fact stop = call(1, 0, ApiCall::stop);
  const Fact stopped = returned(1, 0, ApiCall::stop);
  EXPECT_EQ(judged({stop, stopped, at(2, What::holds, 0, 1, 30)}), "only_when_asked");
  EXPECT_EQ(judged({stop, stopped, call(2, 0, ApiCall::poll), at(3, What::holds, 0, 1, 30)}),
            "good");
  // Who starts while another stops may be heard last.
  EXPECT_EQ(judged({stop, call(1, 0, ApiCall::start), stopped, at(3, What::holds, 0, 1, 30)}),
            "good");
  EXPECT_EQ(judged({at(1, What::holds, 0, 1, 30), call(2, 0, ApiCall::release),
                    at(2, What::ends, 0, 1), at(2, What::revoked, 0, 1),
                    at(4, What::holds, 0, 2, 30)}),
            "only_when_asked");
}

TEST(Checker, rejects_a_client_that_hammers_the_store) {
  History history;
  for (int i = 0; i < 12; ++i) history.push_back(at(i / 4, What::sends_read, 0));
  Demands demands{.end = seconds(25), .requests_per_ttl = 12, .ttl = seconds(10)};
  EXPECT_FALSE(check(history, demands));
  history.push_back(at(3, What::sends_read, 0));
  const auto breach = check(history, demands);
  ASSERT_TRUE(breach);
  EXPECT_EQ(breach->promise, "few_requests");
}

TEST(Checker, rejects_an_end_without_a_reason_where_none_is_hidden) {
  const Demands demands{
      .told_within = seconds(1), .end = seconds(6), .every_end_has_a_reason = true};
  Fact end = at(5, What::revoked, 0, 1);
  const auto judge = [&] {
    return check({at(1, What::holds, 0, 1, 11), at(5, What::ends, 0, 1), end}, demands);
  };
  EXPECT_EQ(judge().value_or(Breach{}).promise, "no_needless_end");
  end.detail = 1;
  EXPECT_NE(judge().value_or(Breach{}).promise, "no_needless_end");
}

TEST(Checker, rejects_a_callback_of_an_object_that_is_gone_and_misses_none) {
  const History holds{at(1, What::holds, 0, 1, 30),   at(1, What::began_told, 0, 1),
                      call(2, 0, ApiCall::destroy),   at(2, What::ends, 0, 1),
                      at(2, What::revoked, 0, 1),     returned(3, 0, ApiCall::destroy)};
  EXPECT_EQ(judged(holds), "good");
  History late = holds;
  late.push_back(at(4, What::loss_told, 0, 1));
  EXPECT_EQ(judged(late), "callbacks_alternate");
}

TEST(Checker, rejects_a_master_that_leads_on_after_onmaster_threw) {
  EXPECT_EQ(judged_after([](History& history) {
              history.insert(find(history, What::ends), at(2, What::threw, 0, 1));
            }),
            "throwing_is_leaving");
}

TEST(Checker, rejects_a_register_that_refuses_a_holder_or_takes_a_smaller_token) {
  const Fact holds = at(1, What::holds, 0, 1, 30);
  EXPECT_EQ(judged({holds, at(5, What::refused, 0, 1)}), "register_takes_holders");
  EXPECT_EQ(judged({at(5, What::accepted, 0, 2), at(6, What::accepted, 1, 1)}), "tokens_grow");
}

TEST(Checker, demands_a_holder_that_stays_when_faults_have_stopped) {
  const Fact healed{.when = seconds(10), .what = What::healed};
  EXPECT_EQ(judged({healed}), "holder_in_calm");
  EXPECT_EQ(judged({healed, at(17, What::holds, 0, 1, 30)}), "good");
  EXPECT_EQ(judged({healed, at(19, What::holds, 0, 1, 30)}), "holder_in_calm");
  EXPECT_EQ(judged({healed, at(17, What::holds, 0, 1, 30), at(20, What::ends, 0, 1),
                    at(20, What::revoked, 0, 1)}),
            "holder_in_calm");
}

}  // namespace
}  // namespace mongoelector::simulation
