// The verbs of a store, and what must be true of their answers whatever fails. Only the calls
// themselves are exposed to faults.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mongoelector/store.h"
#include "nth_failure/faults.h"

namespace mongoelector::test {

// What the store may hold, as far as its answers tell.
template <class Value>
class Possible {
 public:
  explicit Possible(Value value) : values_{std::move(value)} {}
  bool may_be(const Value& value) const { return values_.contains(value); }
  bool may_be_other_than(const Value& value) const {
    return values_.size() > (may_be(value) ? 1U : 0U);
  }
  void is(const Value& value) { values_ = {value}; }
  void may_also_be(const Value& value) { values_.insert(value); }
  void is_not(const Value& value) { values_.erase(value); }

 private:
  std::set<Value> values_;
};

class Script {
 public:
  explicit Script(std::string path) : path_(std::move(path)) {}

  bool open();  // false: refused
  void close();
  // Every verb at least once, granted and refused.
  void all_verbs();
  void claim_only();
  // Whatever came before: gives everything back, takes it again.
  void must_work();

 private:
  static Lease fresh(const Key& key);
  template <class Reply, class Call>
  Reply verb(const Call& call);

  Outcome claim(const Lease& lease);
  std::vector<Outcome> renew(const std::vector<Lease>& leases);
  Outcome release(const Lease& lease);
  Outcome break_lease(const Lease& lease);
  Outcome removed(const Lease& lease, Outcome outcome);
  ReadReply read(const Key& key);
  void list();
  Outcome control();
  void rows();
  // The record of `key`, or none, was shown.
  void shown(const Key& key, const std::optional<Record>& record);

  const std::string path_;
  const Key one_ = Key::lock("one");
  const Key two_ = Key::lock("two");
  const Key election_ = Key::election("e");
  std::shared_ptr<LeaseStore> store_;
  // A lease_id, or empty.
  std::map<Key, Possible<std::string>> holders_{{one_, Possible<std::string>("")},
                                                {two_, Possible<std::string>("")}};
  Possible<std::uint64_t> version_{0};            // of the control row
  Token largest_;
};

}  // namespace mongoelector::test
