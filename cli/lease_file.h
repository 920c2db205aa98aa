// What a command, and whatever it starts, can read about the lease it runs under.
#pragma once

#include <string>

#include "cli/cover.h"
#include "cli/output.h"

namespace mongoelector::cli {

struct Tenure;

// A small JSON file of its own name, rewritten as the lease is renewed, gone when the lease is. It
// helps, nothing depends on it: where it cannot be written, the command does without.
//
// `valid_until_boottime` is in seconds of CLOCK_BOOTTIME of this machine, the deadline at which the
// supervisor stops the command; so a reader needs no clock but its own, and a file that nobody
// renews any more says so by itself.
class LeaseFile {
 public:
  LeaseFile(Output& out, const Tenure& tenure, const Cover& cover);
  ~LeaseFile() { remove(); }
  LeaseFile(const LeaseFile&) = delete;
  LeaseFile& operator=(const LeaseFile&) = delete;

  // Empty: there is no such file.
  const std::string& path() const { return path_; }
  void renewed(const Cover& cover);
  void remove() noexcept;

 private:
  bool write(Duration valid_until);  // false: it could not, which is said once

  Output& out_;
  Json content_;
  std::string path_;
  Duration written_{};
};

}  // namespace mongoelector::cli
