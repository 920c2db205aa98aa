// What one process saw, in a file that is mapped into its memory, so that nothing of it is lost by
// kill -9.
//
// A term is evidence of validity, not a claim: `start` is read after a look that found the lease
// valid, `end` before the latest such look. A term that has ended never resumes, so between the two
// it was valid, however long the process was stopped in between. Records have a fixed size, and one
// counts once its kind is set, which happens last.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mongoelector::torture {

// Nanoseconds of CLOCK_BOOTTIME, which orders everything on this machine.
std::int64_t boot_time();
void pause_for_us(std::int64_t microseconds);

enum class Subject : std::uint32_t { election, lock };
enum class Register : std::uint32_t { fenced, unfenced };
inline constexpr const char* kSubjectNames[] = {"election", "lock"};
inline constexpr const char* kRegisterNames[] = {"fenced", "unfenced"};

enum class WriteState : std::uint32_t { unknown, accepted, refused };

// Who writes: a worker, or the command that a runner started.
struct Identity {
  std::string name;    // of the client, without its incarnation
  bool child = false;  // then the parent is the guardian
  pid_t pid = 0;
  pid_t parent = 0;
};

struct TermRecord;
struct WriteRecord;
struct EvidenceFile;

// The writing side. Records are added by any thread, each is changed by one.
class Evidence {
 public:
  // A new file in `directory`. Throws std::runtime_error.
  Evidence(const std::string& directory, const Identity& identity);
  ~Evidence();
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;

  // nullptr, and the file says so, once it is full.
  TermRecord* add_term(Subject subject, std::uint64_t token, std::int64_t start);
  static void still_valid(TermRecord* term, std::int64_t at);
  // The program was told of the end; perhaps before anybody has noted the term.
  void told(Subject subject, std::uint64_t token, std::int64_t at);

  // Before the write, which may happen or not from now on.
  WriteRecord* add_write(Register which, std::uint64_t token, std::uint64_t value);
  static void settle(WriteRecord* write, WriteState state, std::int64_t at);

 private:
  EvidenceFile* file_ = nullptr;
};

struct SeenTerm {
  Subject subject = Subject::election;
  std::uint64_t token = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::vector<std::int64_t> told;
};

struct SeenWrite {
  Register which = Register::fenced;
  std::uint64_t token = 0;
  std::uint64_t value = 0;
  std::int64_t at = 0;
  WriteState state = WriteState::unknown;
};

// The reading side, also while it is being written.
struct Seen {
  Identity identity;
  bool full = false;  // something was not noted any more
  std::vector<SeenTerm> terms;
  std::vector<SeenWrite> writes;
};

// Nothing for a file whose writer died before it had said who it is.
std::optional<Seen> read_evidence(const std::string& file);
// All of a directory, by file name.
std::vector<Seen> read_all_evidence(const std::string& directory);
// The name of who was seen to hold it at `since` or later, if anybody was.
std::optional<std::string> holder_of(const std::string& directory, Subject subject,
                                     std::int64_t since);
// Of the commands that `name` started, the one whose evidence is newest, if it says so.
std::optional<Identity> newest_child(const std::string& directory, const std::string& name);

}  // namespace mongoelector::torture
