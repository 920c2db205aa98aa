// A program run as a child process, with what it prints. It dies with the test, whatever happens.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace mongoelector::test {

struct ProcessOptions {
  // Set on top of the test's own environment, from which everything that tells MongoElector where
  // its store is has been removed.
  std::map<std::string, std::string> environment = {};
  std::string input = {};    // all of stdin
  bool talks = false;        // stdin is what write_line() says instead, and ends with the Process
  std::string directory = {};  // empty: the test's own
};

struct Finished {
  int code = -1;   // exit code, or 128 + signal
  int signal = 0;  // what ended it, if a signal did
  std::string out;
  std::string err;
};

// Every wait throws std::runtime_error with what was printed so far if it takes longer than this.
inline constexpr std::chrono::seconds kProcessPatience{30};

// Between fork and exec, as a terminal starts programs: a test program that runs in the background
// of a script, or under nohup, was itself started with some signals ignored.
void hear_signals();

// Used by one thread.
class Process {
 public:
  // Throws std::runtime_error if the program cannot be started.
  explicit Process(const std::vector<std::string>& command, const ProcessOptions& options = {});
  ~Process();  // kills it, if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void write_line(const std::string& line) const;  // only if it talks
  // The next line of stdout or stderr, without its end.
  std::string read_line() { return next_line(out_); }
  std::string read_error_line() { return next_line(err_); }
  // Skips lines of stdout or stderr up to the first that contains `text`; that line.
  std::string await_line(const std::string& text);
  std::string await_error_line(const std::string& text);
  bool running();
  // Blocks until the program itself is over; processes it left behind may still hold its output.
  // `out` and `err` are everything it printed, lines read before included.
  Finished wait();

 private:
  struct Stream {
    int fd = -1;
    std::string text = {};
    std::size_t read = 0;  // how much of it read_line() has given out
  };

  std::string next_line(Stream& stream);
  // Waits for output or the end and takes in what there is; true once the program is over.
  bool pump(std::chrono::steady_clock::time_point until);
  static void drain(Stream& stream);

  std::string name_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int in_ = -1;
  Stream out_;
  Stream err_;
};

// Runs it to its end.
Finished run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

}  // namespace mongoelector::test
