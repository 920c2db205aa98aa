// What the conformance suite needs to know of a store under test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "mongoelector/store.h"

namespace mongoelector::test {

class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  // Another client of the same leases, as another process would have.
  virtual std::shared_ptr<LeaseStore> open() = 0;
  // From now on the lease of `key` has expired by the store's clock; its record is still there.
  virtual void let_lapse(const Key& key) = 0;
  // From now on the record of `key` is one that nobody understands.
  virtual void damage(const Key& key) = 0;
};

struct StoreUnderTest {
  std::string name;
  bool sends_hints;
  std::function<std::unique_ptr<StoreFixture>()> make;
};

std::unique_ptr<StoreFixture> make_memory_fixture();
std::unique_ptr<StoreFixture> make_sqlite_fixture();
std::unique_ptr<StoreFixture> make_replica_set_fixture();
std::unique_ptr<StoreFixture> make_standalone_fixture();

}  // namespace mongoelector::test
