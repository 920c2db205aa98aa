// A process between the supervisor and its command that outlives either just long enough.
//
//   supervisor -> guardian -> command, the leader of a process group of its own
//
// Promises, whatever becomes of the supervisor (killed, stopped, hanging):
//   - the command's whole group gets KILL at kill_at(), and at once when the supervisor dies;
//     a guardian that is stopped itself goes on with the next order, signal_group() needs none;
//   - while one process of the group is left, the guardian holds what it inherited. On the embedded
//     store that is the descriptor which keeps the lease: nobody takes over before they are gone.
//     So there it is made when the lease is held; it needs no lock and no thread of the process it
//     comes from.
// Processes that leave the group (setsid) escape; one of them is named.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/file_descriptor.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

struct ChildPlan {
  std::vector<std::string> argv;         // argv[0] is looked up in PATH
  std::vector<std::string> environment;  // NAME=value, all of it
  sigset_t signal_mask{};
  int terminal = -1;          // becomes the terminal's foreground group; -1: leave it alone
  bool leave_strays = false;  // when the command ends by itself, others of its group live on
  // The lease is certain until then, unless it is renewed: the command starts before or not at all.
  Instant covered_until = Instant::max();
  std::vector<std::string> remove = {};  // files that go when the supervisor is killed
};

// What a supervisor and its guardian both see, at the same addresses: pointers in it hold on both
// sides.
class SharedMemory {
 public:
  SharedMemory();
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  void* begin() const { return begin_; }
  // Room for one more thing. Throws std::system_error (E2BIG) far beyond what exec() takes.
  void* take(std::size_t size);
  // NULL-terminated, as exec() wants them.
  char* const* put(const std::vector<std::string>& texts);

 private:
  void* begin_;
  std::size_t taken_ = 0;
};

// Made, used and destroyed by one thread.
class Guardian {
 public:
  struct Report {
    enum Kind : int {
      started,       // value: pid of the command, and of its group
      fork_failed,   // value: errno; `ended` follows
      exec_failed,   // value: errno; `ended` follows
      suspended,     // value: the signal that stopped the command
      ending,        // what is left of the group is killed, and its number free soon
      out_of_reach,  // what is left runs as somebody else and does not hear us
      escaped,       // value: pid of a process that left the group and lives on; `ended` follows
      ended,         // value: as waitpid() gives it, of KILL if it came too late to start; the last
      vanished,      // the guardian was killed; so is the command's group, of which some are left;
                     // value: EPERM if they may not be killed
      gone,          // the guardian was killed, and nothing is left of the group
    };
    Kind kind;
    long value = 0;
  };

  // Its process knows nothing yet; without start() it ends with us. Where it has nothing to inherit
  // it is best made before there are libraries and threads: forks of a small process are quick.
  // Throws std::system_error when there is no process, descriptor or memory to be had.
  explicit Guardian(const Clock& clock);
  // Whether its process is there to be told.
  bool waits() const;
  // Once, before anything below. `kill_at` holds from the start on: whoever calls this may be
  // stopped before he can say more. What the plan names by number was open when this was made.
  void start(const ChildPlan& plan, Instant kill_at);
  // Kills what is left of the group and waits for it.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  // False: the group runs as somebody else and does not hear us.
  bool signal_group(int signal);
  // Replaces the time set before; Instant::max(): never.
  void kill_at(Instant at);
  // Leave no strays after all.
  void sweep();

  // Readable when there is a report.
  int fd() const { return reports_.get(); }
  std::optional<Report> next_report();

 private:
  friend void dismiss_waiting_guardian();
  void end(int signal);
  void tell(int kind, long value);

  const Clock& clock_;
  SharedMemory memory_;
  FileDescriptor orders_;
  FileDescriptor reports_;
  pid_t process_ = -1;
  pid_t group_ = -1;
  bool ending_ = false;
};

// Before _exit(), from the thread that makes guardians: ends one that waits for its start, which
// nobody would be left to reap.
void dismiss_waiting_guardian();

}  // namespace mongoelector::cli
