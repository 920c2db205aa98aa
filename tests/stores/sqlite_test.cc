// What the embedded store promises beyond S1-S12: processes that die, freeze or race, files that
// are removed, copied or not ours.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>

#include "base/host.h"
#include "base/ids.h"
#include "mongoelector/error.h"
#include "stores/sqlite/place.h"
#include "stores/sqlite/sqlite_store.h"
#include "support/eventually.h"
#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

using internal::open_sqlite_store;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A process of its own that does `work`, tells its result and stays until it is killed.
class Child {
 public:
  explicit Child(const std::function<std::string()>& work) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      std::string result;
      try {
        result = work();
      } catch (const std::exception& error) {
        result = error.what();
      }
      result += '\n';
      const ssize_t written = write(out[1], result.data(), result.size());
      while (written > 0) pause();
      _exit(1);
    }
    close(out[1]);
    out_ = out[0];
  }
  ~Child() {
    kill_now();
    close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string result() {
    std::string line;
    for (char byte = 0; read(out_, &byte, 1) == 1 && byte != '\n';) line += byte;
    return line;
  }
  void kill_now() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  void send(int signal) const { kill(pid_, signal); }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

// The file as somebody else may use it.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& path) {
    if (sqlite3_open(path.c_str(), &handle_) != SQLITE_OK) throw std::runtime_error("no file");
    sqlite3_busy_timeout(handle_, 5000);
  }
  ~RawDatabase() { sqlite3_close(handle_); }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  void run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_));
  }

 private:
  sqlite3* handle_ = nullptr;
};

ClaimRequest request(const Key& key, Duration ttl) {
  return {.key = key,
          .holder = {.uuid = internal::new_uuid(), .host = "host.example", .pid = 4711},
          .lease_id = internal::new_lease_id(),
          .ttl = ttl};
}

class Sqlite : public testing::Test {
 protected:
  std::shared_ptr<LeaseStore> open() const { return open_sqlite_store(path_); }
  Lease hold(LeaseStore& store, Duration ttl) const {
    const ClaimRequest mine = request(key_, ttl);
    const ClaimReply reply = store.claim(mine);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return {.key = key_, .id = mine.lease_id, .token = reply.token, .ttl = ttl};
  }
  // A process that holds the key; forked before this one opens the file.
  std::unique_ptr<Child> holder(Duration ttl) const {
    auto child = std::make_unique<Child>([path = path_, mine = request(key_, ttl)] {
      // Not closed when `work` is over: the process goes on holding it.
      static std::shared_ptr<LeaseStore> store;
      store = open_sqlite_store(path);
      return std::string(to_string(store->claim(mine).outcome));
    });
    EXPECT_EQ(child->result(), "granted");
    return child;
  }
  bool claimable(LeaseStore& store) const {
    const ReadReply reply = store.read(key_);
    EXPECT_EQ(reply.outcome, Outcome::granted) << reply.detail;
    return reply.record && reply.record->claimable;
  }
  Outcome claim(LeaseStore& store) const { return store.claim(request(key_, seconds(60))).outcome; }
  Outcome renew(LeaseStore& store, const Lease& lease) const {
    return store.renew({&lease, 1}).outcomes.at(0);
  }
  std::optional<ConnectProblem> refusal(const std::string& path) const {
    try {
      open_sqlite_store(path);
      return std::nullopt;
    } catch (const ConnectError& error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
      return error.problem();
    }
  }

  TempDir dir_;
  const std::string path_ = dir_.file("leases.db");
  const std::string sessions_ = path_ + "-sessions";
  const Key key_ = Key::election("billing");
};

TEST_F(Sqlite, a_killed_process_frees_its_lease_at_once_and_wakes_who_waits) {
  for (int round = 0; round < 10; ++round) {
    const auto child = holder(hours(1));
    const auto store = open();
    const auto watch = store->watch();
    ASSERT_TRUE(watch);
    ASSERT_FALSE(claimable(*store));
    EXPECT_EQ(claim(*store), Outcome::held);
    child->send(SIGKILL);
    EXPECT_TRUE(watch->next().anything);
    // The first look after the hint must do: no second one will come.
    const auto record = store->read(key_).record;
    ASSERT_TRUE(record);
    EXPECT_TRUE(record->claimable);
    EXPECT_GT(record->remaining, Duration::zero());
    const Lease lease = hold(*store, seconds(60));
    EXPECT_EQ(store->release(lease).outcome, Outcome::granted);
  }
}

TEST_F(Sqlite, a_frozen_process_keeps_its_lease_until_the_ttl_is_over) {
  constexpr auto kTtl = milliseconds(600);
  const std::int64_t before = internal::monotonic_ms();
  const auto child = holder(kTtl);
  child->send(SIGSTOP);
  const auto store = open();
  EXPECT_EQ(claim(*store), Outcome::held);
  ASSERT_TRUE(eventually([&] { return claim(*store) == Outcome::granted; }));
  EXPECT_GE(internal::monotonic_ms() - before, kTtl.count());
}

TEST_F(Sqlite, a_lease_of_another_boot_is_free) {
  const auto store = open();
  const Lease lease = hold(*store, hours(1));
  RawDatabase(path_).run("UPDATE leases SET boot = 'another'");
  EXPECT_EQ(renew(*store, lease), Outcome::lost);
  EXPECT_TRUE(claimable(*store));
  EXPECT_EQ(claim(*store), Outcome::granted);
}

TEST_F(Sqlite, a_session_file_that_is_not_the_sessions_own_says_nothing) {
  const auto child = holder(hours(1));
  const std::string file = std::filesystem::directory_iterator(sessions_)->path().string();
  const auto store = open();
  // The same name, unlocked, but another file.
  std::filesystem::copy_file(file, file + ".copy");
  std::filesystem::rename(file + ".copy", file);
  EXPECT_FALSE(claimable(*store));
  std::filesystem::remove(file);
  EXPECT_FALSE(claimable(*store));
  EXPECT_EQ(claim(*store), Outcome::held);
}

TEST_F(Sqlite, files_of_dead_sessions_do_not_pile_up) {
  for (int i = 0; i < 5; ++i) {
    const auto child = holder(milliseconds(1));
    child->kill_now();
  }
  const auto store = open();
  hold(*store, seconds(60));
  // Its own, and that of the dead holder whose row it has just replaced.
  const auto files = std::filesystem::directory_iterator(sessions_);
  EXPECT_LE(std::distance(begin(files), end(files)), 2);
}

// As a command line does it: one store for each lease.
TEST_F(Sqlite, many_short_sessions_keep_the_log_short) {
  std::uintmax_t longest = 0;
  for (int i = 0; i < 300; ++i) {
    const auto store = open();
    EXPECT_EQ(store->release(hold(*store, seconds(60))).outcome, Outcome::granted);
    if (std::filesystem::exists(path_ + "-wal"))
      longest = std::max(longest, std::filesystem::file_size(path_ + "-wal"));
  }
  EXPECT_GT(longest, 0U);
  EXPECT_LT(longest, 100U * 4096);
}

TEST_F(Sqlite, a_store_that_is_closed_leaves_its_leases_to_their_ttl) {
  auto store = open();
  hold(*store, hours(1));
  store.reset();
  store = open();
  EXPECT_FALSE(claimable(*store));
  EXPECT_EQ(claim(*store), Outcome::held);
}

TEST_F(Sqlite, judges_by_the_time_after_waiting_for_the_write_lock) {
  constexpr auto kTtl = milliseconds(300);
  const auto store = open();
  store->limit_calls(seconds(20));
  const Lease lease = hold(*store, kTtl);
  RawDatabase blocker(path_);
  blocker.run("BEGIN IMMEDIATE");
  const std::int64_t until = internal::monotonic_ms() + kTtl.count() + 20;
  auto renewed = std::async(std::launch::async, [&] { return renew(*store, lease); });
  ASSERT_TRUE(eventually([&] { return internal::monotonic_ms() > until; }));
  blocker.run("COMMIT");
  EXPECT_EQ(renewed.get(), Outcome::lost);
}

TEST_F(Sqlite, a_busy_file_is_unreachable_within_the_budget_and_nothing_is_left_behind) {
  const auto store = open();
  constexpr auto kBudget = milliseconds(200);
  store->limit_calls(kBudget);
  RawDatabase blocker(path_);
  blocker.run("BEGIN IMMEDIATE");
  const std::int64_t before = internal::monotonic_ms();
  const ClaimReply reply = store->claim(request(key_, seconds(60)));
  EXPECT_LE(internal::monotonic_ms() - before, kBudget.count());
  EXPECT_EQ(reply.outcome, Outcome::unreachable);
  EXPECT_NE(reply.detail.find(path_), std::string::npos) << reply.detail;
  // Reading goes on.
  EXPECT_EQ(store->read(key_).outcome, Outcome::granted);
  blocker.run("ROLLBACK");
  EXPECT_FALSE(store->read(key_).record);
  EXPECT_EQ(claim(*store), Outcome::granted);
}

TEST_F(Sqlite, a_session_that_failed_for_a_while_is_not_taken_for_one_on_other_files) {
  const auto store = open();
  store->limit_calls(milliseconds(10));
  const Lease lease = hold(*store, hours(1));
  {
    RawDatabase blocker(path_);
    blocker.run("BEGIN IMMEDIATE");
    EXPECT_EQ(renew(*store, lease), Outcome::unreachable);
  }
  EXPECT_EQ(store->release(lease).outcome, Outcome::granted);
  EXPECT_EQ(claim(*open()), Outcome::granted);
}

TEST_F(Sqlite, a_removed_file_grants_nothing_and_its_successor_waits_for_the_old_leases) {
  constexpr auto kTtl = milliseconds(800);
  const auto store = open();
  const Lease lease = hold(*store, kTtl);
  const std::int64_t held_from = internal::monotonic_ms();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  EXPECT_EQ(renew(*store, lease), Outcome::unreachable);
  EXPECT_EQ(store->read(key_).outcome, Outcome::unreachable);
  const auto successor = open();
  EXPECT_EQ(claim(*successor), Outcome::unreachable);
  ASSERT_TRUE(eventually([&] { return claim(*successor) == Outcome::granted; }));
  EXPECT_GE(internal::monotonic_ms() - held_from, kTtl.count());
  // The old session finds the new file.
  EXPECT_EQ(renew(*store, lease), Outcome::lost);
  EXPECT_EQ(claim(*store), Outcome::held);
}

TEST_F(Sqlite, a_log_that_was_removed_under_the_file_is_noticed) {
  const auto store = open();
  const Lease lease = hold(*store, seconds(60));
  std::filesystem::remove(path_ + "-wal");
  std::filesystem::remove(path_ + "-shm");
  // The lease was in the log.
  for (int i = 0; i < 2; ++i) {
    Child other([this] { return std::string(to_string(claim(*open()))); });
    EXPECT_EQ(other.result(), "unreachable");
  }
  const RenewReply reply = store->renew({&lease, 1});
  EXPECT_EQ(reply.outcomes.at(0), Outcome::unreachable);
  EXPECT_NE(reply.detail.find("removed or replaced"), std::string::npos) << reply.detail;
}

TEST_F(Sqlite, a_full_disk_grants_nothing_and_is_survived) {
  Child child([this] {
    const auto store = open();
    const Lease lease = hold(*store, hours(1));
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit full{.rlim_cur = 4096, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    const ClaimReply claimed = store->claim(request(Key::lock("another"), seconds(60)));
    const Outcome renewed = renew(*store, lease);
    setrlimit(RLIMIT_FSIZE, &limit);
    const bool left = store->read(Key::lock("another")).record.has_value();
    const Outcome after = renew(*store, lease);
    return std::string(to_string(claimed.outcome)) + " " + std::string(to_string(renewed)) +
           (left ? " left " : " nothing ") + std::string(to_string(after));
  });
  // Full while committing: only a look tells that nothing came of it.
  EXPECT_EQ(child.result(), "unknown unknown nothing granted");
}

TEST_F(Sqlite, a_program_that_closes_all_files_gets_a_session_anew) {
  Child child([this] {
    static std::shared_ptr<LeaseStore> store;
    store = open();
    const Lease lease = hold(*store, hours(1));
    ClaimRequest passing = request(Key::lock("passing"), hours(1));
    const Token token = store->claim(passing).token;
    const std::string file = std::filesystem::directory_iterator(sessions_)->path().string();
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry, gone) == file)
        close(std::stoi(entry.path().filename().string()));
    }
    // Whoever gets the number next keeps what it writes.
    std::ofstream(dir_.file("notes")) << "untouched";
    const int notes = ::open(dir_.file("notes").c_str(), O_RDWR | O_CLOEXEC);
    const bool released =
        store->release({passing.key, passing.lease_id, token, passing.ttl}).outcome ==
        Outcome::granted;
    const Outcome renewed = renew(*store, lease);
    return std::string(notes >= 0 && released ? to_string(renewed) : "no notes");
  });
  EXPECT_EQ(child.result(), "granted");
  EXPECT_EQ(claim(*open()), Outcome::held);
  std::string notes;
  std::ifstream(dir_.file("notes")) >> notes;
  EXPECT_EQ(notes, "untouched");
}

TEST_F(Sqlite, tokens_grow_in_a_new_epoch_after_a_boot) {
  const Token before = hold(*open(), milliseconds(1)).token;
  RawDatabase(path_).run("UPDATE meta SET boot = 'another'; DELETE FROM leases");
  const Token after = hold(*open(), seconds(60)).token;
  EXPECT_EQ(after.value() >> 36, (before.value() >> 36) + 1);
}

TEST_F(Sqlite, tokens_grow_though_an_older_file_or_none_is_put_back) {
  // As an old copy has it: a file of the third boot, long ago.
  hold(*open(), milliseconds(1));
  RawDatabase(path_).run("UPDATE meta SET boot = 'another', token = 3 << 36; DELETE FROM leases");
  const std::uint64_t now = static_cast<std::uint64_t>(std::time(nullptr));
  EXPECT_GE(hold(*open(), seconds(60)).token.value() >> 36, (now >> 5) - 1);
}

TEST_F(Sqlite, many_processes_may_open_a_fresh_file_at_once) {
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 20; ++i) {
    children.push_back(std::make_unique<Child>([this, mine = request(key_, hours(1))] {
      static std::shared_ptr<LeaseStore> store;
      store = open();
      store->limit_calls(seconds(20));
      const ClaimReply reply = store->claim(mine);
      return std::string(to_string(reply.outcome)) + reply.detail;
    }));
  }
  int granted = 0;
  for (const auto& child : children) {
    const std::string result = child->result();
    EXPECT_TRUE(result == "granted" || result == "held") << result;
    granted += result == "granted";
  }
  EXPECT_EQ(granted, 1);
}

TEST_F(Sqlite, a_forked_child_has_a_store_of_its_own) {
  auto store = open();
  const Lease lease = hold(*store, hours(1));
  const std::string parent_closed = dir_.file("parent closed");
  const Key other = Key::lock("of the child");
  // The child opens the file that its parent has open, and goes on when the parent has closed it.
  Child child([&] {
    const auto own = open();
    const ClaimRequest mine = request(other, hours(1));
    const bool refused = claim(*own) == Outcome::held;
    const ClaimReply reply = own->claim(mine);
    eventually([&] { return std::filesystem::exists(parent_closed); });
    const Lease kept{.key = other, .id = mine.lease_id, .token = reply.token, .ttl = mine.ttl};
    return std::string(refused ? to_string(renew(*own, kept)) : "not refused");
  });
  ASSERT_TRUE(eventually([&] { return store->read(other).record.has_value(); }));
  EXPECT_EQ(store->release(lease).outcome, Outcome::granted);
  store.reset();
  std::ofstream(parent_closed).close();
  EXPECT_EQ(child.result(), "granted");
  EXPECT_TRUE(open()->read(other).record);
}

TEST_F(Sqlite, a_forked_child_does_not_keep_its_parents_lease) {
  Child child([&] {
    static std::shared_ptr<LeaseStore> own;
    own = open();
    hold(*own, hours(1));
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      for (;;) pause();
    }
    return std::to_string(grandchild);
  });
  const pid_t grandchild = std::stoi(child.result());
  const auto store = open();
  EXPECT_EQ(claim(*store), Outcome::held);
  child.kill_now();
  EXPECT_TRUE(eventually([&] { return claim(*store) == Outcome::granted; }));
  kill(grandchild, SIGKILL);
}

TEST_F(Sqlite, renewals_wake_nobody) {
  const auto store = open();
  const Lease lease = hold(*store, seconds(60));
  const auto watch = open()->watch();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(renew(*store, lease), Outcome::granted);
  watch->cancel();
  const Watch::Hints hints = watch->next();
  EXPECT_TRUE(hints.ended);
  EXPECT_FALSE(hints.anything);
  EXPECT_TRUE(hints.freed.empty());
}

TEST_F(Sqlite, a_breaking_process_wakes_who_waits) {
  const auto store = open();
  hold(*store, hours(1));
  const auto watch = store->watch();
  const auto other = open();
  ASSERT_EQ(other->break_lease(*other->read(key_).record).outcome, Outcome::granted);
  EXPECT_TRUE(watch->next().anything);
}

TEST_F(Sqlite, lets_no_other_user_in) {
  const std::string path = dir_.file("state/leases.db");
  const auto store = open_sqlite_store(path);
  hold(*store, seconds(60));
  const auto mode = [](const std::string& file) {
    struct stat info {};
    return stat(file.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
  };
  EXPECT_EQ(mode(dir_.file("state")), 0700u);
  EXPECT_EQ(mode(path), 0600u);
  EXPECT_EQ(mode(path + "-wal"), 0600u);
  EXPECT_EQ(mode(path + "-sessions"), 0700u);
}

TEST_F(Sqlite, makes_no_file_where_it_cannot) {
  // Permission bits do not bind root, these places do.
  for (const std::string path : {"/proc/leases.db", "/proc/a/leases.db"})
    EXPECT_EQ(refusal(path), ConnectProblem::cannot_create) << path;
  EXPECT_EQ(refusal(dir_.path()), ConnectProblem::cannot_create);
  EXPECT_EQ(refusal(dir_.file("a/b/leases.db")), ConnectProblem::cannot_create);
}

TEST_F(Sqlite, takes_no_file_that_is_not_its_own) {
  std::ofstream(dir_.file("empty.db"));
  EXPECT_EQ(refusal(dir_.file("empty.db")), ConnectProblem::damaged);
  RawDatabase(dir_.file("foreign.db")).run("CREATE TABLE notes (text)");
  EXPECT_EQ(refusal(dir_.file("foreign.db")), ConnectProblem::damaged);
  EXPECT_FALSE(std::filesystem::exists(dir_.file("foreign.db-sessions")));
  open();
  RawDatabase(path_).run("PRAGMA user_version = 99");
  EXPECT_EQ(refusal(path_), ConnectProblem::damaged);
}

TEST_F(Sqlite, refuses_a_second_name_of_the_file) {
  open();
  std::filesystem::create_hard_link(path_, dir_.file("second.db"));
  EXPECT_EQ(refusal(dir_.file("second.db")), ConnectProblem::unsupported);
}

TEST_F(Sqlite, a_symbolic_link_leads_to_the_same_leases_and_sessions) {
  const auto child = holder(hours(1));
  std::filesystem::create_symlink(path_, dir_.file("link.db"));
  const auto store = open_sqlite_store(dir_.file("link.db"));
  EXPECT_EQ(claim(*store), Outcome::held);
  child->kill_now();
  EXPECT_TRUE(claimable(*store));
}

TEST_F(Sqlite, refuses_a_file_used_in_another_time_namespace) {
  open();
  RawDatabase(path_).run("UPDATE meta SET time_namespace = 'time:[1]'");
  EXPECT_EQ(refusal(path_), ConnectProblem::unsupported);
}

TEST_F(Sqlite, knows_file_systems_that_other_machines_may_write_to) {
  for (const std::int64_t type : {std::int64_t{NFS_SUPER_MAGIC}, std::int64_t{CIFS_SUPER_MAGIC},
                                  std::int64_t{FUSE_SUPER_MAGIC}, std::int64_t{V9FS_MAGIC}}) {
    EXPECT_FALSE(internal::unfit_file_system(type).empty()) << type;
    // A 32-bit f_type arrives sign-extended.
    EXPECT_FALSE(internal::unfit_file_system(static_cast<std::int32_t>(type)).empty()) << type;
  }
  for (const std::int64_t type : {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC})
    EXPECT_TRUE(internal::unfit_file_system(type).empty()) << type;
}

TEST_F(Sqlite, a_row_that_promises_more_than_its_ttl_blocks_nobody_for_ever) {
  const auto store = open();
  hold(*store, seconds(60));
  RawDatabase(path_).run("UPDATE leases SET expires_ms = 9223372036854775807");
  EXPECT_EQ(store->read(key_).outcome, Outcome::damaged);
  ClaimRequest forced = request(key_, seconds(60));
  forced.force = true;
  EXPECT_EQ(store->claim(forced).outcome, Outcome::granted);
}

TEST_F(Sqlite, keeps_terms_for_thirty_days_and_leaves_damaged_ones_out) {
  const auto store = open();
  const Key key = Key::election("billing");
  for (const int token : {1, 2, 3}) {
    ASSERT_EQ(store->record_term({.key = key, .token = Token(token)}).outcome, Outcome::granted);
  }
  RawDatabase(path_).run("UPDATE terms SET ended_by = 'somehow' WHERE token = 2");
  EXPECT_EQ(store->history(key, {}, 9).rows.size(), 2u);
  RawDatabase(path_).run("UPDATE terms SET written_wall_ms = written_wall_ms - 31 * 86400000");
  ASSERT_EQ(store->record_term({.key = key, .token = Token(4)}).outcome, Outcome::granted);
  const auto rows = store->history(key, {}, 9).rows;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].token, Token(4));
}

TEST_F(Sqlite, tells_a_damaged_control_row) {
  const auto store = open();
  const Key key = Key::election("billing");
  ASSERT_EQ(store->write_control({.key = key, .pause = Pause{.until = WallTime{}}}).outcome,
            Outcome::granted);
  ASSERT_TRUE(store->read_control(key).row);
  RawDatabase(path_).run("UPDATE controls SET pause_until_wall_ms = 9223372036854775807");
  const ControlReply reply = store->read_control(key);
  EXPECT_EQ(reply.outcome, Outcome::damaged);
  EXPECT_FALSE(reply.row);
}

}  // namespace
}  // namespace mongoelector::test
