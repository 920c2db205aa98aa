// What this machine is called, whoever has to be asked.
#include "base/host_name.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace mongoelector::test {
namespace {

using internal::NameLookUp;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Host, a_name_that_is_answered_is_known) {
  const NameLookUp name([] { return std::string("db1.example.org"); });
  EXPECT_EQ(name.get(hours(1)), "db1.example.org");
  EXPECT_EQ(name.get(hours(1)), "db1.example.org");
}

TEST(Host, a_resolver_that_hangs_is_not_waited_for) {
  std::promise<void> end;
  const NameLookUp name([over = end.get_future().share()] {
    over.wait();
    return std::string("too.late");
  });
  EXPECT_EQ(name.get(milliseconds(20)), "");
  end.set_value();
  EXPECT_EQ(name.get(hours(1)), "too.late");
}

TEST(Host, a_look_up_that_fails_is_no_name) {
  const NameLookUp name([]() -> std::string { throw std::runtime_error("no resolver"); });
  EXPECT_EQ(name.get(hours(1)), "");
}

TEST(Host, has_a_name_in_any_case) { EXPECT_FALSE(internal::qualified_host_name().empty()); }

}  // namespace
}  // namespace mongoelector::test
