// A command with which an operator asks something of elections: it edits their control rows and
// shows them as they are then. Rows that somebody else edits at the same time lose nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/act.h"
#include "cli/electorate.h"

namespace mongoelector::cli {

class ControlCommand : public ActCommand {
 protected:
  struct Request {
    Electorate seen;
    ControlRow row;        // as it is now; with --dry-run: as it would be
    bool changed = false;
    std::optional<Record> next_leader = {};  // if somebody waited for it
  };

  enum class Needed { yes, no };
  void add_election(Flags& flags, Needed needed = Needed::yes);
  void add_reason(Flags& flags);
  void prepare() override;  // checks these two

  bool named() const { return key_.has_value(); }
  // Which elections it is about; the one named unless said otherwise.
  virtual std::vector<Electorate> elections(Context& context, LeaseStore& store);
  // Throws what stands against it, warns of what does not.
  virtual void judge(Context& context) = 0;
  // False: the row is already as it should be.
  virtual bool needed(const Electorate&) const { return true; }
  // `row` and `now` are what the store holds at this moment, which may be more than was seen.
  virtual void edit(const Electorate& seen, ControlRow& row, WallTime now) const = 0;
  // One line: what was done, or would be.
  virtual std::string told(const Request& request) const = 0;

  void act(Context& context, LeaseStore& store) override;

  std::vector<Request>& requests() { return requests_; }
  const std::vector<Request>& requests() const { return requests_; }
  const std::string& reason() const { return reason_; }
  // "asked", "would have asked"
  std::string done(std::string_view past, std::string_view conditional) const;
  // For edit(): what was seen is not there any more, and the user knows nothing of what is.
  [[noreturn]] static void overtaken(const Electorate& seen, const std::string& by);

 private:
  void look(Context& context, LeaseStore& store) final;
  void rehearse() final;
  void tell(Context& context) const final;
  std::string_view schema() const final { return "mongoelector.control/1"; }
  void fill(Json& document) const final;

  std::optional<std::string> name_;
  std::string reason_;
  std::optional<Key> key_;
  std::vector<Request> requests_;
};

}  // namespace mongoelector::cli
