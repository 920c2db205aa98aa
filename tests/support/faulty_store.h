// A store that misbehaves on request, around one that does not.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mongoelector/store.h"

namespace mongoelector::test {

enum class Verb {
  claim,
  renew,
  release,
  break_lease,
  read,
  list,
  info,
  report,
  retire,
  members,
  record_term,
  history,
  read_control,
  write_control,
  report_waiters
};

class FaultyStore : public LeaseStore {
 public:
  explicit FaultyStore(std::shared_ptr<LeaseStore> inner) : inner_(std::move(inner)) {}
  ~FaultyStore() override { heal(); }

  // From now on calls of `verb` ...
  void refuse(Verb verb, Outcome outcome);  // ... are not executed and answer this
  void lose_replies(Verb verb);             // ... are executed and answer "unknown"
  void hang(Verb verb);                     // ... block until heal(), then are executed
  void hang_all();
  void heal(Verb verb);  // ... work again, those that hang too
  void heal();           // every verb
  void be_shared(bool shared) { shared_ = shared; }
  void send_hints(bool hints) { hints_ = hints; }
  // What info() shows as the store's time, against the inner store's answer.
  void show_time(std::optional<WallTime> time);

  int calls(Verb verb) const;
  int hanging() const;
  std::vector<NodeStatus> reports() const;

  ClaimReply claim(const ClaimRequest& request) override;
  RenewReply renew(std::span<const Lease> leases) override;
  ReleaseReply release(const Lease& lease) override;
  ReleaseReply break_lease(const Record& seen) override;
  ReadReply read(const Key& key) override;
  ListReply list(Kind kind, const std::string& prefix) override;
  std::unique_ptr<Watch> watch() override { return hints_ ? inner_->watch() : nullptr; }
  StoreInfo info() override;
  ReleaseReply report(const NodeStatus& row) override;
  ReleaseReply retire(const Key& key, const std::string& uuid) override;
  MembersReply members(const Key& key) override;
  ReleaseReply record_term(const TermRow& row) override;
  HistoryReply history(const Key& key, WallTime since, std::size_t limit) override;
  ControlReply read_control(const Key& key) override;
  ReleaseReply write_control(const ControlRow& row) override;
  std::vector<std::string> maintain(const std::stop_token& stop) override {
    return inner_->maintain(stop);
  }
  bool needs_maintenance() const override { return inner_->needs_maintenance(); }
  StoreOpening opening() const override { return inner_->opening(); }
  bool keeps_waiters() const override { return inner_->keeps_waiters(); }
  ReleaseReply report_waiters(const WaitersRow& row) override;
  WaitersReply waiters(const std::string& prefix) override { return inner_->waiters(prefix); }
  bool shared() const override { return shared_; }
  void limit_calls(Duration budget) override { inner_->limit_calls(budget); }

 private:
  enum class Fault { none, refuse, lose_reply, hang };
  struct Plan {
    Fault fault = Fault::none;
    Outcome outcome = Outcome::unreachable;
  };
  Plan enter(Verb verb);
  template <class Reply, class Call>
  Reply around(Verb verb, const Call& call);

  const std::shared_ptr<LeaseStore> inner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Verb, Plan> plans_;
  std::map<Verb, int> calls_;
  int hanging_ = 0;
  std::vector<NodeStatus> reports_;
  std::optional<WallTime> time_;
  bool shared_ = false;
  bool hints_ = true;
};

}  // namespace mongoelector::test
