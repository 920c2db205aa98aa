// The stores that the tool is tested on, each empty, and this process as a holder there.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "mongoelector/connect.h"
#include "mongoelector/elector.h"
#include "mongoelector/locker.h"
#include "support/eventually.h"
#include "support/mongod.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/tool.h"

namespace mongoelector::test {

class StoreUnderTest {
 public:
  explicit StoreUnderTest(const std::string& kind)
      : uri_(kind == "mongodb" ? Mongod::shared_replica_set().uri(fresh_database())
                               : "sqlite:" + dir_.file("leases.db")),
        session_(connect(uri_)) {}

  const std::string& uri() const { return uri_; }
  LeaseStore& store() const { return session_->store(); }
  const std::shared_ptr<Session>& session() const { return session_; }

  Finished tool(std::vector<std::string> arguments, ProcessOptions options = {}) const {
    options.environment.emplace("MONGODB_URI", uri_);
    return run_tool(std::move(arguments), options);
  }

  // As in a shell: with a terminal for stdin, stdout and stderr.
  std::vector<std::string> on_terminal(const std::string& arguments) const {
    return {"script", "-qec",
            std::string(MONGOELECTOR_CLI) + " --uri '" + uri_ + "' " + arguments, "/dev/null"};
  }
  Finished typed(const std::string& arguments, const std::string& keys) const {
    return run_process(on_terminal(arguments), {.input = keys});
  }

  // A lock held by this process whose token is at the store.
  std::unique_ptr<MongoLocker> hold(const std::string& name, LockerOptions options = {}) const {
    auto locker = std::make_unique<MongoLocker>(session_, name, std::move(options));
    locker->acquire();
    locker->touch();
    return locker;
  }

  // An election led by this process.
  std::unique_ptr<MongoElector> lead(const std::string& name, ElectorOptions options = {}) const {
    auto elector = std::make_unique<MongoElector>(session_, name, std::move(options));
    elector->start();
    if (!eventually([&] { return elector->ismaster(); }))
      throw std::runtime_error("never elected");
    elector->poll();
    elector->report_status();
    return elector;
  }

  // A lease of somebody who does nothing more about it.
  void claim(const Key& key, const std::string& label, Duration ttl) const {
    const ClaimReply reply = store().claim({.key = key,
                                            .holder = {.uuid = internal::new_uuid(),
                                                       .host = "elsewhere",
                                                       .pid = 99,
                                                       .label = label},
                                            .lease_id = internal::new_lease_id(),
                                            .ttl = ttl});
    ASSERT_EQ(reply.outcome, Outcome::granted) << reply.detail;
  }

  // The history of an election, newest first.
  std::vector<TermRow> terms(const std::string& name) const {
    return store().history(Key::election(name), {}, 100).rows;
  }

  // What an operator asks for.
  void control(const std::string& name, const ControlChange& change) const {
    ASSERT_EQ(change_control(store(), Key::election(name), change).outcome, Outcome::granted);
  }

 private:
  TempDir dir_;
  std::string uri_;
  std::shared_ptr<Session> session_;
};

}  // namespace mongoelector::test
