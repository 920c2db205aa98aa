// The embedded store with its n-th allocation or its n-th file operation failing, for every n that
// a script of all verbs reaches: as SQLite tests itself.
//
// What is promised: no crash, no exception out of a verb, no leak; no answer that is not true
// ("granted" and "lost" least of all); and when the trouble is over the store works, what it holds
// is what its answers said, and tokens have not gone back.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "nth_failure/faults.h"
#include "nth_failure/script.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

// All of them take a minute of processor time for memory: `make test` takes every seventh,
// `make verify` sets EVERY_N=1.
std::int64_t stride(Resource resource) {
  return resource == Resource::memory && std::getenv("EVERY_N") == nullptr ? 7 : 1;
}

class NthFailure : public testing::TestWithParam<FaultPlan> {
 protected:
  static void SetUpTestSuite() { install_faults(); }

  // Runs `work` with its n-th operation failing; false if it has fewer.
  bool with_fault(std::int64_t n, const std::function<void()>& work) {
    FaultPlan plan = GetParam();
    plan.at = n;
    plan_faults(plan);
    work();
    const bool hit = fault_hit();
    plan_faults({});
    return hit;
  }

  // `round` for each n, on a file of its own, until it meets no fault any more; then the store must
  // work when it is opened anew.
  void for_every_n(const std::function<bool(Script& script, std::int64_t n)>& round) {
    std::int64_t blocks = 0;
    std::int64_t n = 1;
    for (bool hit = true; hit && !HasFailure(); n += stride(GetParam().resource)) {
      SCOPED_TRACE("n = " + std::to_string(n));
      {
        const TempDir dir;
        Script script(dir.file("leases.db"));
        hit = round(script, n);
        ASSERT_TRUE(script.open());
        script.must_work();
        script.close();
      }
      EXPECT_EQ(sqlite3_memory_used(), 0) << "SQLite leaks";
      // The first rounds fill what is kept for the life of the process.
      if (n > 10) {
        EXPECT_EQ(live_blocks(), blocks) << "leaks";
      }
      blocks = live_blocks();
    }
    EXPECT_GT(n, 30) << "hardly anything was made to fail";
    RecordProperty("reached", static_cast<int>(n));
  }
};

TEST_P(NthFailure, in_any_verb_makes_no_answer_untrue) {
  for_every_n([&](Script& script, std::int64_t n) {
    EXPECT_TRUE(script.open());
    const bool hit = with_fault(n, [&] { script.all_verbs(); });
    script.must_work();  // the same store, too
    script.close();
    return hit;
  });
}

TEST_P(NthFailure, in_making_a_file_leaves_none_that_cannot_be_used) {
  for_every_n([&](Script& script, std::int64_t n) {
    return with_fault(n, [&] {
      if (script.open()) script.close();
    });
  });
}

TEST_P(NthFailure, in_opening_or_closing_leaves_all_leases_as_they_were) {
  for_every_n([&](Script& script, std::int64_t n) {
    EXPECT_TRUE(script.open());
    script.claim_only();
    script.close();
    return with_fault(n, [&] {
      if (script.open()) script.claim_only();
      script.close();
    });
  });
}

INSTANTIATE_TEST_SUITE_P(
    , NthFailure,
    testing::Values(FaultPlan{Resource::memory, Persistence::once},
                    FaultPlan{Resource::memory, Persistence::for_good},
                    FaultPlan{Resource::files, Persistence::once},
                    FaultPlan{Resource::files, Persistence::for_good},
                    FaultPlan{Resource::files, Persistence::once, FileFault::disk_full},
                    FaultPlan{Resource::files, Persistence::for_good, FileFault::disk_full}),
    [](const auto& plan) {
      const FaultPlan& faults = plan.param;
      const std::string how = faults.persistence == Persistence::once ? "_once" : "_for_good";
      if (faults.resource == Resource::memory) return "memory_fails" + how;
      return (faults.fault == FileFault::disk_full ? "disk_is_full" : "files_fail") + how;
    });

}  // namespace
}  // namespace mongoelector::test
