// Promise 3: what a fenced register accepts, and that no accepted update is lost.
#include <algorithm>
#include <tuple>

#include "verification/checker/endings.h"

namespace verification::internal {

namespace {

// The writes of one register in order, and what each may be. Writes of unknown outcome may have
// happened at any time after they began, so what is known is a range.
class Register {
 public:
  Register(const History& history, std::vector<Violation>& found, Counts& counts)
      : history_(history), found_(found), counts_(counts) {}

  void take(const Write& write) {
    fenced_ = fenced_ && write.fenced;
    if (!write.accepted) {
      ++unknown_;
      ++counts_.unknown;
      return;
    }
    if (!*write.accepted) {
      ++counts_.refused;
      return;
    }
    if (last_ == nullptr || last_->at != write.at || last_->token != write.token) close_instant();
    ++(write.fenced ? counts_.accepted : counts_.unfenced);
    if (write.fenced) judge_token(write);
    if (write.fenced && (highest_ == nullptr || write.token >= highest_->token)) highest_ = &write;
    if (write.value) {
      ++accepted_;
      if (fenced_) judge_value(*write.value, write);
    } else {
      ++unplaced_;
    }
    last_ = &write;
  }

  void end(const Final& final) {
    close_instant();
    if (!fenced_) {
      const std::uint64_t kept = std::min(final.value, accepted_);
      counts_.unfenced_lost += accepted_ - kept;
      return;
    }
    if (possible(final.value)) return;
    found_.push_back({3, name(final.reg) + " ends at " + std::to_string(final.value) + " after " +
                             std::to_string(accepted_) + " accepted and " +
                             std::to_string(unknown_) + " unknown updates",
                      last_ == nullptr ? final.place : last_->place, final.place});
  }

 private:
  std::string name(NameId reg) const { return "register \"" + history_.names.text(reg) + "\""; }

  void judge_token(const Write& write) {
    if (highest_ == nullptr || highest_->token <= write.token) return;
    found_.push_back({3, name(write.reg) + " accepted token " + std::to_string(write.token) +
                             " after token " + std::to_string(highest_->token),
                      highest_->place, write.place});
  }

  void judge_value(std::uint64_t value, const Write& write) {
    if (possible(value)) {
      surplus_ = value - accepted_;
      return;
    }
    const bool lost = value < accepted_ + surplus_;
    found_.push_back({3, name(write.reg) + " holds " + std::to_string(value) + " after " +
                             std::to_string(accepted_ + unplaced_) + " accepted and " +
                             std::to_string(unknown_) + " unknown updates: " +
                             (lost ? "an update was lost" : "an update came from nowhere"),
                      last_ == nullptr ? write.place : last_->place, write.place});
    // Counted from there, so that one loss is told once.
    if (value >= surplus_) accepted_ = value - surplus_;
  }

  bool possible(std::uint64_t value) const {
    return value >= accepted_ && value - accepted_ >= surplus_ &&
           value - accepted_ <= unknown_ + unplaced_;
  }

  // What has no value happened by now; what it does not explain were unknown writes.
  void close_instant() {
    accepted_ += unplaced_;
    happened_ = std::max(happened_, surplus_ - std::min(surplus_, unplaced_));
    surplus_ = happened_;
    unplaced_ = 0;
  }

  const History& history_;
  std::vector<Violation>& found_;
  Counts& counts_;
  bool fenced_ = true;
  std::uint64_t accepted_ = 0;
  // Accepted at the instant that is being read, without a value: before or after those with one.
  std::uint64_t unplaced_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t surplus_ = 0;   // of these two kinds, as many as the last value has shown
  std::uint64_t happened_ = 0;  // of unknown writes, as many as the values have shown
  const Write* highest_ = nullptr;
  const Write* last_ = nullptr;
};

}  // namespace

void judge_registers(const History& history, std::vector<Violation>& found, Counts& counts) {
  std::vector<const Write*> writes;
  for (const Write& write : history.writes) writes.push_back(&write);
  // At one instant in the only order that can be legal; without a value comes first.
  std::sort(writes.begin(), writes.end(), [](const Write* a, const Write* b) {
    return std::tie(a->reg, a->at, a->token, a->value) <
           std::tie(b->reg, b->at, b->token, b->value);
  });
  std::vector<Register> registers(history.names.size(), Register(history, found, counts));
  for (const Write* write : writes) registers[write->reg].take(*write);
  for (const Final& final : history.finals) registers[final.reg].end(final);
}

}  // namespace verification::internal
