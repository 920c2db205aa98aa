// A replica set of three: each member with its own wall clock and its own copy of the log, of which
// what a majority has is committed. A primary may be deposed without knowing it (its writes are
// rolled back later, and its reads are old), crash, be cut off, step down; the sweeper of the TTL
// index removes what is long over, sooner if somebody made the index so; somebody may drop the
// collection.
//
// The rules of a claim, a renewal and a release are those of docs/protocol.md section 4.
#pragma once

#include <array>
#include <deque>

#include "simulation/model/store_model.h"

namespace mongoelector::simulation {

class MongoModel : public StoreModel {
 public:
  static constexpr int kMembers = 3;

  explicit MongoModel(Telling& telling);

  int members() const override { return kMembers; }
  bool up(int member) const override { return members_[index(member)].up; }
  int claim_to_lead(int member) const override;
  void execute(const Request& request, int member, Respond respond) override;
  std::int64_t lease() const override;
  void client_died(int) override {}
  std::optional<int> suffer(Duration length) override;
  void heal(std::optional<int> away) override;

 private:
  struct Entry {
    Record record;
    std::int64_t expires_ms = 0;  // on the clock of `judge`
    int judge = 0;
  };
  struct Op {
    int parent = 0;
    int term = 0;
    int index = 0;
    std::uint64_t token = 0;
    Fact fact = {};  // told when it is committed
    std::optional<Entry> after = {};
  };
  struct Pending {
    int op;
    Served served;
    Respond respond;
    std::uint64_t number;
  };
  struct Member {
    DriftingClock clock;
    Duration stepped{};  // by how much it was set, in all
    bool up = true;
    bool acting = false;  // it believes to be primary
    int term = 0;
    int last = 0;       // of its log
    int committed = 0;  // as far as it knows
    TrueTime cut_off_until{};
    std::deque<Pending> pending = {};
  };
  enum class Disaster : std::uint8_t { step_down, cut_off, crash, clock_set, drop };

  static std::size_t index(int member) { return static_cast<std::size_t>(member); }
  Member& at(int member) { return members_[index(member)]; }
  std::int64_t now_ms(const Member& member) const;
  bool connected(int a, int b) const;
  bool within(int ancestor, int op) const;
  bool at_least(int a, int b) const;  // log a is as good as log b
  int primary() const;                // the acting one of the latest term, -1: none

  void claim(int member, const ClaimRequest& request, Respond respond);
  void renew(int member, const Request& request, Respond respond);
  void release(int member, const Request& request, Respond respond);
  bool has_expired(int member, const Entry& entry) const;
  bool free_for(int member, const ClaimRequest& request) const;
  Record shown(int member, const Entry& entry) const;
  void append(int member, std::optional<Entry> after, Fact fact, const Served& served,
              Respond respond);
  // Answers when everything the member has is committed.
  void answer_later(int member, const Served& served, Respond respond);
  void fail_pending(Member& member, const Failure& failure);

  Duration between_members();
  void pull(int member);
  void pull_soon();
  void acknowledged(int by, int to, int op, int term);
  void commit(int member, int op);
  bool elect(int member);
  void step_down(int member);
  void supervise();
  void cut_off(int member, Duration length);
  void crash(int member, Duration length);
  void set_clock(int member);
  void sweep();

  std::array<Member, kMembers> members_;
  std::vector<Op> ops_{Op{}};
  int term_ = 0;
  int committed_ = 0;  // in truth
  std::uint64_t pendings_ = 0;
  TrueTime clock_set_at_{};
  std::optional<int> away_;
};

}  // namespace mongoelector::simulation
