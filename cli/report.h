// How a supervising command ended, for scripts: its exit code may be the command's or ours, the
// report tells which.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/child.h"
#include "cli/command.h"
#include "cli/file_descriptor.h"

namespace mongoelector::cli {

// One line of JSON (mongoelector.report/1) to where --report-fd or MONGOELECTOR_REPORT_FILE says;
// nowhere without them. `cause` is one of
//
//   child_exit, child_signal   the command ended by itself: exit_code is its own
//   cannot_run                 there was no such command
//   not_due                    once: somebody else did it, or does it
//   busy, interrupted, store   nothing was started: held by another, a signal, no store
//   lease_lost, max_hold       we stopped the command; its exit code is child_exit_code
//   gave_up                    run: it ended too often
//
// or, for mistakes of whoever called us, a name of exit_codes.h.
class Report {
 public:
  void add_flag(Flags& flags);
  // Runs `work` and writes how it ended, also when it throws.
  int around(Context& context, std::string_view command, const Key& key,
             const std::function<int()>& work);

  void because(std::string_view cause) { cause_ = cause; }
  void ended(const Child& child);
  void held(Token token) { token_ = token; }
  // For a process that ends on the spot.
  void interrupted(int signal);
  void failed(const Failure& failure);

 private:
  void open();
  void write(int exit_code, const std::string& message);

  Output* out_ = nullptr;  // while `work` runs
  std::optional<int> number_;
  std::string path_;
  FileDescriptor file_;
  Json document_;
  std::string cause_;
  Token token_;
  std::optional<int> child_code_;
  std::optional<int> child_signal_;
};

}  // namespace mongoelector::cli
