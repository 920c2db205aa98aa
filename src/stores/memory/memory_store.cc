#include "mongoelector/memory_store.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "base/records.h"

namespace mongoelector {

namespace {

struct Entry {
  Record record;
  Instant expires{};
};

// What the store and its watches share; watches may outlive the store.
struct Hub {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<int, Watch::Hints> news;  // by watch, not told yet
  int next_watch = 0;

  void publish(const Key& freed) {
    for (auto& [watch, hints] : news) hints.freed.push_back(freed);
    changed.notify_all();
  }
  void publish_anything() {
    for (auto& [watch, hints] : news) hints.anything = true;
    changed.notify_all();
  }
};

class MemoryWatch : public Watch {
 public:
  explicit MemoryWatch(std::shared_ptr<Hub> hub) : hub_(std::move(hub)) {
    const std::lock_guard lock(hub_->mutex);
    id_ = hub_->next_watch++;
    hub_->news[id_];
  }
  ~MemoryWatch() override {
    const std::lock_guard lock(hub_->mutex);
    hub_->news.erase(id_);
  }

  Hints next() override {
    std::unique_lock lock(hub_->mutex);
    Hints& news = hub_->news[id_];
    hub_->changed.wait(lock, [&] { return cancelled_ || news.anything || !news.freed.empty(); });
    Hints hints = std::exchange(news, {});
    hints.ended = cancelled_;
    return hints;
  }

  void cancel() noexcept override {
    const std::lock_guard lock(hub_->mutex);
    cancelled_ = true;
    hub_->changed.notify_all();
  }

 private:
  std::shared_ptr<Hub> hub_;
  int id_ = 0;
  bool cancelled_ = false;
};

class MemoryStore : public LeaseStore {
 public:
  explicit MemoryStore(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  ClaimReply claim(const ClaimRequest& request) override {
    const std::lock_guard lock(hub_->mutex);
    const auto found = leases_.find(request.key);
    if (found != leases_.end() && !request.force && live(found->second) &&
        found->second.record.lease_id != request.lease_id) {
      return {.outcome = Outcome::held, .record = shown(found->second)};
    }
    const bool ours = found != leases_.end() && live(found->second) &&
                      found->second.record.lease_id == request.lease_id;
    Entry entry{
        .record = Record{.key = request.key,
                         .holder = request.holder,
                         .lease_id = request.lease_id,
                         .token = ours ? found->second.record.token : Token(++last_token_),
                         .ttl = request.ttl,
                         .created_at = ours ? found->second.record.created_at : clock_->wall()}};
    extend(entry);
    const Token token = entry.record.token;
    leases_.insert_or_assign(request.key, std::move(entry));
    return {.outcome = Outcome::granted, .token = token};
  }

  RenewReply renew(std::span<const Lease> leases) override {
    const std::lock_guard lock(hub_->mutex);
    RenewReply reply;
    for (const Lease& lease : leases) {
      Entry* mine = find(lease);
      const bool ours = mine != nullptr && live(*mine);
      if (ours) {
        mine->record.ttl = lease.ttl;
        extend(*mine);
      }
      reply.outcomes.push_back(ours ? Outcome::granted : Outcome::lost);
    }
    return reply;
  }

  ReleaseReply release(const Lease& lease) override {
    const std::lock_guard lock(hub_->mutex);
    if (find(lease) == nullptr) return {.outcome = Outcome::lost};
    return remove(lease.key);
  }

  ReleaseReply break_lease(const Record& seen) override {
    const std::lock_guard lock(hub_->mutex);
    const auto found = leases_.find(seen.key);
    if (found == leases_.end() || mark_of(found->second.record).owner != mark_of(seen).owner)
      return {.outcome = Outcome::lost};
    return remove(seen.key);
  }

  ReadReply read(const Key& key) override {
    const std::lock_guard lock(hub_->mutex);
    const auto found = leases_.find(key);
    if (found == leases_.end()) return {.outcome = Outcome::granted};
    return {.outcome = Outcome::granted, .record = shown(found->second)};
  }

  ListReply list(Kind kind, const std::string& prefix) override {
    const std::lock_guard lock(hub_->mutex);
    ListReply reply{.outcome = Outcome::granted};
    for (const auto& [key, entry] : leases_) {
      if (key.kind() == kind && key.name().starts_with(prefix))
        reply.records.push_back(shown(entry));
    }
    return reply;
  }

  std::unique_ptr<Watch> watch() override { return std::make_unique<MemoryWatch>(hub_); }

  StoreInfo info() override {
    return {.outcome = Outcome::granted,
            .kind = "memory",
            .location = "memory:",
            .topology = "process",
            .judge = "this process"};
  }

  ReleaseReply report(const NodeStatus& row) override {
    const std::lock_guard lock(hub_->mutex);
    NodeStatus written = row;
    written.timestamp = clock_->wall();
    rows_.insert_or_assign(row.uuid, std::move(written));
    return {.outcome = Outcome::granted};
  }

  ReleaseReply retire(const Key& key, const std::string& uuid) override {
    const std::lock_guard lock(hub_->mutex);
    const auto found = rows_.find(uuid);
    if (found == rows_.end() || found->second.key != key) return {.outcome = Outcome::lost};
    rows_.erase(found);
    return {.outcome = Outcome::granted};
  }

  MembersReply members(const Key& key) override {
    const std::lock_guard lock(hub_->mutex);
    MembersReply reply{.outcome = Outcome::granted};
    for (const auto& [uuid, row] : rows_) {
      if (row.key == key) reply.members.push_back(row);
    }
    std::stable_sort(
        reply.members.begin(), reply.members.end(),
        [](const NodeStatus& a, const NodeStatus& b) { return a.timestamp > b.timestamp; });
    return reply;
  }

  ReleaseReply record_term(const TermRow& row) override {
    const std::lock_guard lock(hub_->mutex);
    auto& terms = terms_[row.key];
    std::erase_if(terms, [&](const auto& old) {
      return old.second.written < clock_->wall() - internal::kKeepTermsFor;
    });
    const auto found = terms.find(row.token);
    if (found != terms.end() && internal::finality(found->second.row.ended_by) >=
                                    internal::finality(row.ended_by)) {
      return {.outcome = Outcome::lost};
    }
    terms.insert_or_assign(row.token, Term{row, clock_->wall()});
    return {.outcome = Outcome::granted};
  }

  HistoryReply history(const Key& key, WallTime since, std::size_t limit) override {
    const std::lock_guard lock(hub_->mutex);
    HistoryReply reply{.outcome = Outcome::granted};
    const auto& terms = terms_[key];
    for (auto term = terms.rbegin(); term != terms.rend(); ++term) {
      if (reply.rows.size() >= limit) break;
      const TermRow& row = term->second.row;
      if (row.end.value_or(WallTime::max()) >= since) reply.rows.push_back(row);
    }
    return reply;
  }

  ControlReply read_control(const Key& key) override {
    const std::lock_guard lock(hub_->mutex);
    ControlReply reply{.outcome = Outcome::granted, .time = clock_->wall()};
    const auto found = controls_.find(key);
    if (found != controls_.end()) reply.row = found->second;
    return reply;
  }

  ReleaseReply write_control(const ControlRow& row) override {
    const std::lock_guard lock(hub_->mutex);
    const auto found = controls_.find(row.key);
    const std::uint64_t version = found == controls_.end() ? 0 : found->second.version;
    if (version != row.version) return {.outcome = Outcome::lost};
    ControlRow written = row;
    ++written.version;
    controls_.insert_or_assign(row.key, std::move(written));
    hub_->publish_anything();
    return {.outcome = Outcome::granted};
  }

  bool keeps_waiters() const override { return true; }

  ReleaseReply report_waiters(const WaitersRow& row) override {
    const std::lock_guard lock(hub_->mutex);
    std::erase_if(waiters_, [&](const auto& one) { return one.second.expires <= clock_->now(); });
    if (row.waiting > 0) {
      waiters_.insert_or_assign({row.key, row.uuid},
                                Waiters{row.waiting, clock_->now() + row.ttl});
    } else {
      waiters_.erase({row.key, row.uuid});
    }
    return {.outcome = Outcome::granted};
  }

  WaitersReply waiters(const std::string& prefix) override {
    const std::lock_guard lock(hub_->mutex);
    WaitersReply reply{.outcome = Outcome::granted};
    for (const auto& [of, row] : waiters_) {
      if (of.first.name().starts_with(prefix) && clock_->now() < row.expires)
        reply.waiting[of.first] += row.count;
    }
    return reply;
  }

  bool shared() const override { return false; }
  void limit_calls(Duration) override {}

 private:
  // All of these with the mutex held.
  bool live(const Entry& entry) const { return clock_->now() < entry.expires; }

  Entry* find(const Lease& lease) {
    const auto found = leases_.find(lease.key);
    const bool ours = found != leases_.end() && found->second.record.lease_id == lease.id;
    return ours ? &found->second : nullptr;
  }

  void extend(Entry& entry) {
    entry.expires = clock_->now() + entry.record.ttl;
    entry.record.expires_at =
        clock_->wall() + std::chrono::duration_cast<WallTime::duration>(entry.record.ttl);
    entry.record.version = ++last_version_;
  }

  ReleaseReply remove(const Key& key) {
    leases_.erase(key);
    hub_->publish(key);
    return {.outcome = Outcome::granted};
  }

  Record shown(const Entry& entry) const {
    Record record = entry.record;
    record.remaining = entry.expires - clock_->now();
    record.claimable = !live(entry);
    return record;
  }

  const std::shared_ptr<Clock> clock_;
  const std::shared_ptr<Hub> hub_ = std::make_shared<Hub>();
  std::map<Key, Entry> leases_;
  std::map<std::string, NodeStatus> rows_;
  struct Term {
    TermRow row;
    WallTime written;
  };
  std::map<Key, std::map<Token, Term>> terms_;
  std::map<Key, ControlRow> controls_;
  struct Waiters {
    std::int64_t count;
    Instant expires;
  };
  std::map<std::pair<Key, std::string>, Waiters> waiters_;
  std::uint64_t last_token_ = 0;
  std::uint64_t last_version_ = 0;
};

}  // namespace

std::shared_ptr<LeaseStore> make_memory_store(std::shared_ptr<Clock> clock) {
  return std::make_shared<MemoryStore>(std::move(clock));
}

}  // namespace mongoelector
