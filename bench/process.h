// The other processes of the figures. They die with the thread that started them.
//
// They are told what to do by lines on stdin and answer with numbers, one a line; a time is that of
// CLOCK_MONOTONIC in ns, which all processes of a machine share, Python's too.
#pragma once

#include <string>
#include <vector>

namespace mongoelector::bench {

class Process {
 public:
  explicit Process(std::vector<std::string> command);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();  // kills it

  void tell(const std::string& line);
  long long read_number();  // blocks; throws when it has ended
  void close_stdin();       // asks it to end
  void kill();
  void wait();

 private:
  int pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

// This program in one of the roles below.
Process start_role(const std::vector<std::string>& arguments);
// bench/partner.py in the role of the same name, with the Python package.
Process start_partner(const std::vector<std::string>& arguments);

// `arguments` as given to start_role(); returns the exit code.
int run_role(const std::vector<std::string>& arguments);

// locker URI: "acquire" answers 0 before and the time after it; "release" the time before and 0
// after it; "pair" the ns that both took.
int run_locker(const std::string& uri);
// candidate URI KEY TTL_S: answers 0 once it has looked, the time at which it leads, and, when
// asked to end, the time before it stops.
int run_candidate(const std::string& uri, const std::string& key, int ttl_s);
// idler URI KEY TTL_S SPAN_S: a follower; answers the CPU time in us it took in that span.
int run_idler(const std::string& uri, const std::string& key, int ttl_s, int span_s);
// crowd URI SESSIONS WAITERS: lockers that want one lock, hold it for 50 ms and want it again, on
// each of so many sessions; answers 0 once all run.
int run_crowd(const std::string& uri, int sessions, int waiters);
// holder URI COUNT TTL_S: acquires that many locks; answers resident bytes and threads after the
// first hundred and after all; then to every line how many it still owns.
int run_holder(const std::string& uri, int count, int ttl_s);

}  // namespace mongoelector::bench
