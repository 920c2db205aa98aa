// SQLite moved its log into the file, two disk syncs, in whatever commit made the log long: a claim
// that took over from a holder then took 20 ms instead of one. Claims leave that to calls for which
// nobody waits.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "base/ids.h"
#include "stores/sqlite/sqlite_store.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

TEST(Regression, claims_leave_the_log_to_releases) {
  const TempDir folder;
  const std::string path = folder.file("leases.db");
  const auto store = internal::open_sqlite_store(path);
  const auto size = [&] { return std::filesystem::file_size(path); };
  const auto claim = [&](int number) {
    const Lease lease{.key = Key::lock("key " + std::to_string(number)),
                      .id = LeaseId(internal::new_uuid()),
                      .ttl = std::chrono::minutes(1)};
    EXPECT_EQ(store
                  ->claim({.key = lease.key,
                           .holder = {.uuid = internal::new_uuid(), .host = "host.example"},
                           .lease_id = lease.id,
                           .ttl = lease.ttl})
                  .outcome,
              Outcome::granted);
    return lease;
  };

  const auto empty = size();
  const Lease first = claim(0);
  for (int i = 1; i < 1500; ++i) claim(i);
  ASSERT_GT(std::filesystem::file_size(path + "-wal"), 4000U * 4096);
  EXPECT_EQ(size(), empty);
  EXPECT_EQ(store->release(first).outcome, Outcome::granted);
  EXPECT_GT(size(), empty);
}

// Nobody may ever release or renew: every holder is killed.
TEST(Regression, claims_alone_do_not_let_the_log_grow_for_ever) {
  const TempDir folder;
  const std::string path = folder.file("leases.db");
  const auto store = internal::open_sqlite_store(path);
  const ClaimRequest claim{.key = Key::lock("key"),
                           .holder = {.uuid = internal::new_uuid(), .host = "host.example"},
                           .lease_id = LeaseId(internal::new_uuid()),
                           .ttl = std::chrono::minutes(1)};
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(store->claim(claim).outcome, Outcome::granted);
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 20'000U * 4096);
}

}  // namespace
}  // namespace mongoelector::test
