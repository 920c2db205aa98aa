// A command that changes something at the store: looks, asks if it has to, acts, tells.
#pragma once

#include <optional>
#include <string>

#include "cli/consent.h"
#include "cli/session.h"

namespace mongoelector::cli {

class ActCommand : public Command {
 public:
  void add_flags(Flags& flags) final;
  // --timeout bounds looking and acting, each; whoever is asked may take all day.
  int run(Context& context) final;

 protected:
  virtual void add_own_flags(Flags& flags) = 0;
  // Reads the flags; what is wrong with them is said without a store.
  virtual void prepare() = 0;
  // Looks at the store and throws what stands against it.
  virtual void look(Context& context, LeaseStore& store) = 0;
  // What the user has to agree to, after look().
  virtual std::optional<Question> question() const { return std::nullopt; }
  // What was seen may have changed since; then nothing is done and Failure thrown.
  virtual void act(Context& context, LeaseStore& store) = 0;
  // Instead of act() with --dry-run.
  virtual void rehearse() {}
  // After act(): waits for what comes of it. Not bounded by --timeout.
  virtual void follow(Context&, LeaseStore&) {}
  virtual void tell(Context& context) const = 0;  // in text
  // The schema of the document, and its keys beyond store, dry_run and by.
  virtual std::string_view schema() const = 0;
  virtual void fill(Json& document) const = 0;

  bool dry_run() const { return dry_run_; }
  const std::string& by() const { return by_; }

 private:
  bool dry_run_ = false;
  std::string by_;
};

}  // namespace mongoelector::cli
