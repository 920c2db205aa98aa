// What `stepdown` and `switchover` share: the leader is asked to hand over.
#pragma once

#include <optional>
#include <string>

#include "cli/control.h"

namespace mongoelector::cli {

class HandoverCommand : public ControlCommand {
 protected:
  struct Plan {
    std::string to = {};         // the successor, as the control row names it
    std::string successor = {};  // as people know it
    std::optional<WallTime> at = {};  // not before; otherwise as soon as `notice` allows
    Duration notice{};                // for the others to read whom they leave the election to
    bool cancel = false;              // what was announced is called off
  };

  // --for, --reason, --wait
  void add_handover(Flags& flags, const std::string& out_for);
  void prepare() override;
  // The successor and the time; throws if there is no way.
  virtual Plan plan(const Electorate& seen) const = 0;
  virtual Duration shortest_absence(const Electorate& seen) const = 0;
  // What to ask of the user for the plan itself, if anything; empty: nothing.
  virtual std::string stakes(const Electorate& seen, const Plan& plan) const = 0;

  void judge(Context& context) final;
  bool needed(const Electorate& seen) const final;
  void edit(const Electorate& seen, ControlRow& row, WallTime now) const final;
  std::string told(const Request& request) const final;
  std::optional<Question> question() const final;
  void act(Context& context, LeaseStore& store) final;
  void follow(Context& context, LeaseStore& store) final;

  // The request in force, if its leader still leads: it would be replaced.
  static std::optional<StepDown> pending(const Electorate& seen);

 private:
  bool successor_leads(const Electorate& seen) const;

  std::optional<Duration> out_for_;
  bool wait_ = false;
  Plan plan_;
};

// One line for each member: whether it could take over and why not.
std::vector<std::string> verdicts(const Electorate& seen);

}  // namespace mongoelector::cli
