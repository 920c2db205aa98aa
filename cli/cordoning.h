// What `cordon` and `uncordon` share: one member, in one election or in all that know it.
#pragma once

#include <string>
#include <vector>

#include "cli/control.h"

namespace mongoelector::cli {

class CordoningCommand : public ControlCommand {
 protected:
  void add_own_flags(Flags& flags) final;
  void prepare() final;
  std::vector<Electorate> elections(Context& context, LeaseStore& store) final;
  // Whether an election is one of those that are meant when none is named.
  virtual bool concerns(const Electorate& seen) const = 0;

  const std::string& member() const { return member_; }
  // As the control row names it.
  std::string word_in(const Electorate& seen) const;
  static bool lists(const ControlRow& row, const std::string& word);
  // In the row as it was read.
  bool listed(const Electorate& seen) const { return lists(seen.control(), word_in(seen)); }

 private:
  std::string member_;
};

}  // namespace mongoelector::cli
