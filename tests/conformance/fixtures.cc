// The stores that come with the library, as the conformance suite sees them. A store of your own
// joins by one more class here and one more line in conformance_test.cc.
#include <sqlite3.h>

#include <stdexcept>
#include <utility>

#include "conformance/fixture.h"
#include "mongoelector/memory_store.h"
#include "mongoelector/options.h"
#include "stores/mongo/mongo_store.h"
#include "stores/sqlite/sqlite_store.h"
#include "support/fake_clock.h"
#include "support/mongod.h"
#include "support/temp_dir.h"

namespace mongoelector::test {

namespace {

class MemoryFixture : public StoreFixture {
 public:
  std::shared_ptr<LeaseStore> open() override { return store_; }
  void let_lapse(const Key& key) override {
    const ReadReply reply = store_->read(key);
    if (reply.record) clock_->advance(reply.record->remaining);
  }
  void damage(const Key&) override { throw std::logic_error("memory cannot be damaged"); }

 private:
  std::shared_ptr<FakeClock> clock_ = std::make_shared<FakeClock>();
  std::shared_ptr<LeaseStore> store_ = make_memory_store(clock_);
};

class SqliteFixture : public StoreFixture {
 public:
  std::shared_ptr<LeaseStore> open() override { return internal::open_sqlite_store(path_); }
  void let_lapse(const Key& key) override { change("expires_ms = 0", key); }
  void damage(const Key& key) override { change("ttl_ms = 'soon'", key); }

 private:
  void change(const std::string& assignment, const Key& key) {
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "UPDATE leases SET " + assignment + " WHERE name = ?";
    const std::string& name = key.name();
    const bool done =
        sqlite3_open(path_.c_str(), &database) == SQLITE_OK &&
        sqlite3_busy_timeout(database, 5000) == SQLITE_OK &&
        sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_bind_text(statement, 1, name.data(), static_cast<int>(name.size()), nullptr) ==
            SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_DONE && sqlite3_changes(database) == 1;
    const std::string why = sqlite3_errmsg(database);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    if (!done) throw std::runtime_error("cannot change the lease behind the store's back: " + why);
  }

  TempDir dir_;
  std::string path_ = dir_.file("leases.db");
};

class MongoFixture : public StoreFixture {
 public:
  explicit MongoFixture(const Mongod& server) : server_(server) {}
  ~MongoFixture() override { server_.run_command(R"({"dropDatabase": 1})", database_); }
  std::shared_ptr<LeaseStore> open() override {
    return internal::open_mongo_store(server_.uri(database_), {});
  }
  void let_lapse(const Key& key) override {
    change(R"([{"$set": {"ts_expire": {"$subtract": ["$$NOW", 1]}}}])", key);
  }
  void damage(const Key& key) override { change(R"([{"$set": {"ts_expire": 7}}])", key); }

 private:
  void change(const std::string& pipeline, const Key& key) {
    const std::string collection = key.kind() == Kind::election ? "elector.locks" : "mongolocker";
    const std::string reply =
        server_.run_command(R"({"update": ")" + collection + R"(", "updates": [{"q": {"_id": ")" +
                                key.name() + R"("}, "u": )" + pipeline + "}]}",
                            database_);
    if (reply.find(R"("n" : 1)") == std::string::npos)
      throw std::runtime_error("cannot change the lease behind the store's back: " + reply);
  }

  const Mongod& server_;
  std::string database_ = fresh_database();
};

}  // namespace

std::unique_ptr<StoreFixture> make_memory_fixture() { return std::make_unique<MemoryFixture>(); }
std::unique_ptr<StoreFixture> make_sqlite_fixture() { return std::make_unique<SqliteFixture>(); }
std::unique_ptr<StoreFixture> make_replica_set_fixture() {
  return std::make_unique<MongoFixture>(Mongod::shared_replica_set());
}
std::unique_ptr<StoreFixture> make_standalone_fixture() {
  return std::make_unique<MongoFixture>(Mongod::shared_standalone());
}

}  // namespace mongoelector::test
