// A lease that has outlived the session which took it was tied by its next renewal to whatever
// process sent that. If this one was killed, the lock was free at once on SQLite, although the work
// that it protects went on elsewhere. Found by review, before `renew` was shipped.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "mongoelector/connect.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

TEST(Regression, a_renewal_by_a_process_that_is_killed_leaves_the_lease_in_force) {
  const TempDir dir;
  const std::string uri = "sqlite:" + dir.file("leases.db");
  const ClaimRequest claim{.key = Key::lock("nightly"),
                           .holder = {"script", "here", 1},
                           .lease_id = LeaseId("1"),
                           .ttl = std::chrono::seconds(600)};
  Lease lease{.key = claim.key, .id = claim.lease_id, .token = {}, .ttl = claim.ttl};
  lease.token = connect(uri)->store().claim(claim).token;
  const pid_t child = fork();
  if (child == 0) {
    const auto session = connect(uri);
    // No destructor runs, as after kill -9.
    _exit(session->store().renew({&lease, 1}).outcomes.front() == Outcome::granted ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const auto record = connect(uri)->store().read(claim.key).record;
  EXPECT_FALSE(record->claimable);
  EXPECT_EQ(record->lease_id, claim.lease_id);
}

}  // namespace
}  // namespace mongoelector::test
