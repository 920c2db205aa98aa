#include "session/guarded_store.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace mongoelector::internal {

namespace {

bool is_answer(Outcome outcome) {
  return outcome != Outcome::unknown && outcome != Outcome::unreachable;
}

template <class Reply>
bool is_answer(const Reply& reply) {
  return is_answer(reply.outcome);
}

bool is_answer(const RenewReply& reply) {
  return std::any_of(reply.outcomes.begin(), reply.outcomes.end(),
                     [](Outcome outcome) { return is_answer(outcome); });
}

class GuardedStore : public LeaseStore {
 public:
  GuardedStore(std::shared_ptr<LeaseStore> store, std::shared_ptr<std::atomic<bool>> answers)
      : store_(std::move(store)), answers_(std::move(answers)) {}

  ClaimReply claim(const ClaimRequest& request) override {
    return guarded<ClaimReply>([&] { return store_->claim(request); });
  }
  RenewReply renew(std::span<const Lease> leases) override {
    return guarded<RenewReply>([&] { return store_->renew(leases); });
  }
  ReleaseReply release(const Lease& lease) override {
    return guarded<ReleaseReply>([&] { return store_->release(lease); });
  }
  ReleaseReply break_lease(const Record& seen) override {
    return guarded<ReleaseReply>([&] { return store_->break_lease(seen); });
  }
  ReadReply read(const Key& key) override {
    return guarded<ReadReply>([&] { return store_->read(key); });
  }
  ListReply list(Kind kind, const std::string& prefix) override {
    return guarded<ListReply>([&] { return store_->list(kind, prefix); });
  }
  // The waker, its only caller, knows what a throw means.
  std::unique_ptr<Watch> watch() override { return store_->watch(); }
  StoreInfo info() override {
    return guarded<StoreInfo>([&] { return store_->info(); });
  }
  ReleaseReply report(const NodeStatus& row) override {
    return guarded<ReleaseReply>([&] { return store_->report(row); });
  }
  ReleaseReply retire(const Key& key, const std::string& uuid) override {
    return guarded<ReleaseReply>([&] { return store_->retire(key, uuid); });
  }
  MembersReply members(const Key& key) override {
    return guarded<MembersReply>([&] { return store_->members(key); });
  }
  ReleaseReply record_term(const TermRow& row) override {
    return guarded<ReleaseReply>([&] { return store_->record_term(row); });
  }
  HistoryReply history(const Key& key, WallTime since, std::size_t limit) override {
    return guarded<HistoryReply>([&] { return store_->history(key, since, limit); });
  }
  ControlReply read_control(const Key& key) override {
    return guarded<ControlReply>([&] { return store_->read_control(key); });
  }
  ReleaseReply write_control(const ControlRow& row) override {
    return guarded<ReleaseReply>([&] { return store_->write_control(row); });
  }
  // What it throws is for whoever asked.
  std::vector<std::string> maintain(const std::stop_token& stop) override {
    return store_->maintain(stop);
  }
  StoreOpening opening() const override { return store_->opening(); }
  bool needs_maintenance() const override { return store_->needs_maintenance(); }
  bool keeps_waiters() const override { return store_->keeps_waiters(); }
  ReleaseReply report_waiters(const WaitersRow& row) override {
    return guarded<ReleaseReply>([&] { return store_->report_waiters(row); });
  }
  WaitersReply waiters(const std::string& prefix) override {
    return guarded<WaitersReply>([&] { return store_->waiters(prefix); });
  }
  bool shared() const override { return store_->shared(); }
  void limit_calls(Duration budget) override {
    try {
      store_->limit_calls(budget);
    } catch (...) {  // promptness only; safety never rests on it
    }
  }

 private:
  template <class Reply, class Call>
  Reply guarded(const Call& call) noexcept {
    Reply reply;
    try {
      reply = call();
    } catch (const std::exception& error) {
      reply.detail = error.what();
    } catch (...) {
      reply.detail = "the store threw something that is no std::exception";
    }
    answers_->store(is_answer(reply));
    return reply;
  }

  const std::shared_ptr<LeaseStore> store_;
  const std::shared_ptr<std::atomic<bool>> answers_;
};

}  // namespace

std::shared_ptr<LeaseStore> guard_store(std::shared_ptr<LeaseStore> store,
                                        std::shared_ptr<std::atomic<bool>> answers) {
  return std::make_shared<GuardedStore>(std::move(store), std::move(answers));
}

}  // namespace mongoelector::internal
