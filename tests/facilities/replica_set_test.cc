// The replica set of the tests fails over by each of the ways it offers.
#include "support/replica_set.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/eventually.h"

namespace mongoelector::test {
namespace {

using Direction = ReplicaSet::Direction;
using With = ReplicaSet::With;
using Timestamp = std::pair<long, long>;

class ThreeNodes : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared = std::make_unique<ReplicaSet>(ReplicaSet::Links::proxied);
  }
  static void TearDownTestSuite() { shared.reset(); }
  void TearDown() override {
    set_.heal();
    set_.await_all();
  }

  // The operation time of a majority write, from which tokens are made.
  Timestamp write(int member) {
    const std::string reply = set_.run_command(
        member, R"({"insert": "things", "documents": [{}], "writeConcern": {"w": "majority"}})",
        "facilities");
    const std::size_t at = reply.find(R"("operationTime")");
    Timestamp time;
    if (at == std::string::npos ||
        std::sscanf(reply.c_str() + at,
                    R"("operationTime" : { "$timestamp" : { "t" : %ld, "i" : %ld)", &time.first,
                    &time.second) != 2)
      throw std::runtime_error("no operationTime: " + reply);
    return time;
  }
  bool is_primary(int member) {
    return set_.run_command(member, R"({"hello": 1})").find(R"("isWritablePrimary" : true)") !=
           std::string::npos;
  }
  std::string ask_as_client(int member) {
    return run_command_at("mongodb://" + set_.address(member) +
                              "/?directConnection=true&serverSelectionTimeoutMS=500"
                              "&connectTimeoutMS=500",
                          R"({"hello": 1})");
  }

  static std::unique_ptr<ReplicaSet> shared;
  ReplicaSet& set_ = *shared;
  const int first_ = set_.await_primary();
};

std::unique_ptr<ReplicaSet> ThreeNodes::shared;

TEST_F(ThreeNodes, a_client_finds_the_primary_by_the_uri) {
  const std::string reply = run_command_at(set_.uri(), R"({"hello": 1})");
  EXPECT_NE(reply.find(R"("me" : ")" + set_.address(first_)), std::string::npos) << reply;
}

TEST_F(ThreeNodes, a_killed_primary_is_replaced_and_operation_times_grow) {
  const Timestamp before = write(first_);
  set_.kill(first_);
  const int second = set_.await_primary();
  EXPECT_NE(second, first_);
  const Timestamp after = write(second);
  EXPECT_LT(before, after);
  set_.restart(first_);
  set_.await_all();
  EXPECT_LT(after, write(set_.await_primary()));
}

TEST_F(ThreeNodes, a_primary_that_steps_down_is_replaced) {
  const Timestamp before = write(first_);
  set_.step_down();
  const int second = set_.await_primary(first_);
  EXPECT_FALSE(is_primary(first_));
  EXPECT_LT(before, write(second));
}

TEST_F(ThreeNodes, a_suspended_primary_is_replaced_and_comes_back_as_secondary) {
  set_.suspend(first_);
  EXPECT_NE(set_.await_primary(), first_);
  set_.resume(first_);
  EXPECT_TRUE(eventually([&] { return !is_primary(first_); }));
}

TEST_F(ThreeNodes, a_primary_cut_off_from_everybody_loses_its_role) {
  set_.partition(first_);
  const int second = set_.await_primary(first_);
  EXPECT_TRUE(eventually([&] { return !is_primary(first_); }));
  EXPECT_THROW(ask_as_client(first_), std::runtime_error);
  EXPECT_NE(ask_as_client(second), "");
}

TEST_F(ThreeNodes, a_primary_that_hears_no_member_loses_its_role_and_answers_clients) {
  set_.partition(first_, Direction::in, With::members);
  EXPECT_NE(set_.await_primary(first_), first_);
  EXPECT_TRUE(eventually([&] { return !is_primary(first_); }));
  EXPECT_NE(ask_as_client(first_), "");
}

TEST_F(ThreeNodes, a_primary_that_no_member_hears_is_replaced) {
  set_.partition(first_, Direction::out, With::members);
  EXPECT_NE(set_.await_primary(first_), first_);
}

TEST_F(ThreeNodes, a_primary_that_no_client_reaches_keeps_its_role) {
  set_.partition(first_, Direction::both, With::clients);
  EXPECT_THROW(ask_as_client(first_), std::runtime_error);
  write(first_);  // with the majority, so the members still hear each other
  EXPECT_TRUE(is_primary(first_));
}

}  // namespace
}  // namespace mongoelector::test
