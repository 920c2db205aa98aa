// The proxy of the tests does to a connection what it says, and nothing else.
#include "support/tcp_proxy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "facilities/socket_pair.h"
#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using std::chrono::milliseconds;
using Way = TcpProxy::Way;
using Clock = std::chrono::steady_clock;

class Proxied : public testing::Test {
 protected:
  bool drops(std::uint64_t bytes) {
    return eventually([&] { return proxy_.counts().dropped == bytes; });
  }

  Server listener_;
  TcpProxy proxy_{listener_.port(), TcpProxy::Speech::bytes};
  End client_ = Server::connect_to(proxy_.port());
  End server_ = listener_.accept();
};

TEST_F(Proxied, words_pass_both_ways_and_are_counted) {
  client_.say("ask");
  EXPECT_EQ(server_.hear(3), "ask");
  server_.say("answer");
  EXPECT_EQ(client_.hear(6), "answer");
  EXPECT_TRUE(eventually([&] { return proxy_.counts().to_client == 6; }));
  EXPECT_EQ(proxy_.counts().to_server, 3U);
  EXPECT_EQ(proxy_.counts().accepted, 1U);
  EXPECT_EQ(proxy_.counts().dropped, 0U);
  proxy_.reset_counts();
  EXPECT_EQ(proxy_.counts().to_server, 0U);
}

TEST_F(Proxied, the_end_of_one_direction_leaves_the_other_open) {
  client_.say("last");
  client_.say_goodbye();
  EXPECT_EQ(server_.hear(10), "last");
  server_.say("answer");
  EXPECT_EQ(client_.hear(6), "answer");
  server_.hang_up();
  EXPECT_TRUE(client_.has_ended());
  EXPECT_TRUE(eventually([&] { return proxy_.connections() == 0; }));
}

TEST_F(Proxied, a_black_hole_takes_one_direction_and_spares_the_other) {
  proxy_.drop(Way::to_server);
  client_.say("lost");
  ASSERT_TRUE(drops(4));
  server_.say("heard");
  EXPECT_EQ(client_.hear(5), "heard");
  EXPECT_TRUE(server_.hears_nothing());
}

TEST_F(Proxied, a_black_hole_leaves_a_connection_half_open) {
  proxy_.drop(Way::to_server);
  client_.hang_up();
  // Only a client that is gone makes the proxy throw away what passes the open direction.
  ASSERT_TRUE(eventually([&] {
    server_.say("x");
    return proxy_.counts().dropped > 0;
  }));
  EXPECT_TRUE(server_.hears_nothing());
  EXPECT_EQ(proxy_.connections(), 1);
}

TEST_F(Proxied, a_connection_that_lost_words_is_reset_when_the_fault_is_over) {
  End other = Server::connect_to(proxy_.port());
  End other_server = listener_.accept();
  proxy_.drop(Way::to_client);
  server_.say("lost");
  ASSERT_TRUE(drops(4));
  proxy_.pass();
  EXPECT_TRUE(client_.was_reset());
  EXPECT_TRUE(server_.was_reset());
  other_server.say("heard");
  EXPECT_EQ(other.hear(5), "heard");
}

TEST_F(Proxied, a_stalled_direction_fills_up_and_loses_nothing) {
  proxy_.stall(Way::to_server);
  const std::string flood(std::size_t{64} << 20, 'x');
  const std::size_t said = client_.say_all_that_fits(flood);
  EXPECT_LT(said, flood.size());
  EXPECT_TRUE(server_.hears_nothing());
  server_.say("heard");
  EXPECT_EQ(client_.hear(5), "heard");
  proxy_.pass();
  EXPECT_EQ(server_.hear(said).size(), said);
}

TEST_F(Proxied, a_delayed_direction_is_late_and_in_order) {
  proxy_.delay(Way::to_client, milliseconds(100));
  const auto before = Clock::now();
  client_.say("ask");
  EXPECT_EQ(server_.hear(3), "ask");
  server_.say("one");
  server_.say("two");
  EXPECT_EQ(client_.hear(6), "onetwo");
  EXPECT_GE(Clock::now() - before, milliseconds(100));
}

TEST_F(Proxied, the_other_direction_of_a_delayed_one_is_not_late) {
  proxy_.delay(Way::to_client, std::chrono::hours(1));
  server_.say("late");
  client_.say("ask");
  EXPECT_EQ(server_.hear(3), "ask");
  EXPECT_TRUE(client_.hears_nothing());
  proxy_.pass();
  EXPECT_EQ(client_.hear(4), "late");
}

TEST_F(Proxied, a_dripping_direction_delivers_bit_by_bit) {
  proxy_.drip(Way::to_server, 2, milliseconds(20));
  const auto before = Clock::now();
  client_.say("0123456789");
  EXPECT_EQ(server_.hear(10), "0123456789");
  EXPECT_GE(Clock::now() - before, milliseconds(80));
}

TEST_F(Proxied, a_cut_resets_what_is_open_and_lets_new_ones_in) {
  proxy_.cut();
  EXPECT_TRUE(client_.was_reset());
  EXPECT_TRUE(server_.was_reset());
  End again = Server::connect_to(proxy_.port());
  End server_again = listener_.accept();
  again.say("ask");
  EXPECT_EQ(server_again.hear(3), "ask");
}

TEST_F(Proxied, new_connections_are_refused_while_old_ones_live) {
  proxy_.refuse();
  EXPECT_EQ(Server::try_connect(proxy_.port()).first, ECONNREFUSED);
  client_.say("ask");
  EXPECT_EQ(server_.hear(3), "ask");
  proxy_.pass();
  End again = Server::connect_to(proxy_.port());
  again.say("again");
  EXPECT_EQ(listener_.accept().hear(5), "again");
}

TEST_F(Proxied, a_swallowed_reply_was_asked_for_and_ends_the_connection) {
  proxy_.swallow_replies();
  client_.say("ask");
  EXPECT_EQ(server_.hear(3), "ask");
  server_.say("answer");
  EXPECT_TRUE(client_.has_ended());
  EXPECT_EQ(proxy_.counts().swallowed, 1);
  End again = Server::connect_to(proxy_.port());
  End server_again = listener_.accept();
  server_again.say("answer");
  EXPECT_EQ(again.hear(6), "answer");
}

TEST_F(Proxied, a_server_that_is_gone_resets_its_clients) {
  listener_.close_down();
  End late = Server::connect_to(proxy_.port());
  EXPECT_TRUE(late.was_reset());
}

}  // namespace
}  // namespace mongoelector::test
