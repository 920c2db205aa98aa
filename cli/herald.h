// Says who leads, in every way that was asked for: lines or JSON, the role file, the service
// manager, hooks.
#pragma once

#include <optional>
#include <string>

#include "cli/cover.h"
#include "cli/hooks.h"
#include "cli/notifier.h"
#include "cli/output.h"
#include "mongoelector/elector.h"

namespace mongoelector::cli {

// "term 17, token 7561203348214579202", or without the number if it is not known.
std::string show_term(std::uint64_t number, Token token);

class Herald {
 public:
  // `answers`: the role is what is asked for, on stdout; else stdout is the command's, and people
  // read it on stderr. Writes the role file at once: it exists from the start. Throws Failure if it
  // cannot be written.
  Herald(Output& out, bool answers, std::string role_file, Key key, Notifier& notifier,
         Hooks& hooks);
  ~Herald();
  Herald(const Herald&) = delete;
  Herald& operator=(const Herald&) = delete;

  Role role() const { return role_; }
  // Whether somebody who read the answers has gone away: there is no use in more of them.
  bool unread() const { return unread_; }
  // In error as soon as he has; -1: nobody can.
  int reader() const { return reader_; }
  void reader_is_gone() { unread_ = true; }
  // `number`: the term's, for people; 0: not known.
  void leading(const Term& term, std::uint64_t number, const Holder& self);
  // The lease has been renewed.
  void renewed(const Cover& cover);
  void standby(const Record& leader, WallTime now);
  // Nobody can tell just now, or there is no leader.
  void unknown(const std::string& why);

 private:
  struct Known {
    std::optional<Holder> leader = {};
    std::uint64_t number = 0;
    Token token = {};
    std::optional<WallTime> since = {};
  };
  void change(Role role, Known known, const std::string& line, std::string_view what);
  Json event(std::string_view what, const Known& about) const;
  void write_role_file();

  Output& out_;
  const bool answers_;
  const int reader_;
  bool unread_ = false;
  const std::string role_file_;
  const Key key_;
  Notifier& notifier_;
  Hooks& hooks_;
  Role role_ = Role::unknown;
  Known known_;
  Duration valid_until_{};
  bool complained_ = false;
};

}  // namespace mongoelector::cli
