#include "cli/guardian.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include "base/poll.h"

namespace mongoelector::cli {

namespace {

enum Order : int { start_order, signal_group_order, kill_at_order, sweep_order };

// A plan as the guardian reads it, in the shared memory.
struct Start {
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  char* const* remove = nullptr;
  sigset_t signal_mask{};
  int terminal = -1;
  bool leave_strays = false;
  Duration jumped{};  // of the supervisor's clock
  Instant covered_until = Instant::max();
  Instant kill_at = Instant::max();
};
static_assert(std::is_trivially_destructible_v<Start>);

// How far a clock has been moved by steps of the wall clock that it has seen. A pause in here makes
// it too large, or else too small.
Duration jumped_at_most(const Clock& clock) {
  const Duration passed = clock.passed();
  return clock.now().time_since_epoch() - passed;
}
Duration jumped_at_least(const Clock& clock) {
  const Duration now = clock.now().time_since_epoch();
  return now - clock.passed();
}

// The one that waits for its start: there is one at most, and one thread that makes them.
Guardian* waiting = nullptr;

// Room for more than exec() takes; what is not used costs nothing.
constexpr std::size_t kMemory = std::size_t{16} << 20;

// One message of either direction. Far below PIPE_BUF, so each is written and read whole.
struct Message {
  int kind = 0;
  long value = 0;
};

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// The guardian's side. Other threads of the supervisor may have held any lock at the moment of the
// fork, so from here on there are system calls only: no allocation, no library.
class Guard {
 public:
  // `plan` is there once the first order has come.
  Guard(const Start& plan, const Clock& clock, int orders, int reports)
      : plan_(plan), clock_(clock), orders_(orders), reports_(reports) {}

  [[noreturn]] void run() {
    sigset_t all{};
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    ::signal(SIGCHLD, SIG_DFL);  // ignored, it would swallow the command's status
    prctl(PR_SET_NAME, "elector-guard");
    // Orphans of the group come to us, so that we know when the last of them is gone.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t ended{};
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    const int children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
    const int no_children = errno;
    if (!told_to_start()) _exit(0);
    // Out of reach of whoever kills or stops the supervisor's group. Not before: there was nothing
    // to guard, and somebody who left the group would be taken for one that escaped.
    setpgid(0, 0);
    behind_ = std::max(plan_.jumped - jumped_at_least(clock_), Duration::zero());
    kill_at_ = by_our_clock(plan_.kill_at);
    // The supervisor may have been stopped for longer than its lease on the way to us.
    if (clock_.now() >= by_our_clock(plan_.covered_until)) {
      report(Guardian::Report::ended, SIGKILL);
      _exit(0);
    }
    guardian_ = getpid();
    errno = no_children;
    child_ = children < 0 ? -1 : _Fork();
    if (child_ == 0) become_command();
    if (child_ < 0) {
      report(Guardian::Report::fork_failed, errno);
      report(Guardian::Report::ended, 0);
      _exit(0);
    }
    setpgid(child_, child_);  // here too: an order may come before the child has done it
    report(Guardian::Report::started, child_);
    while (!child_ended()) watch(children);
    const int status = reap();
    if (orders_ < 0) {
      for (char* const* file = plan_.remove; *file != nullptr; ++file) unlink(*file);
    } else if (!plan_.leave_strays || sweep_) {
      name_escaped();
    }
    report(Guardian::Report::ended, status);
    _exit(0);
  }

 private:
  [[noreturn]] void become_command() {
    setpgid(0, 0);
    // Should somebody kill the guardian, the command goes with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guardian_) _exit(127);
    if (plan_.terminal >= 0) tcsetpgrp(plan_.terminal, getpid());
    sigprocmask(SIG_SETMASK, &plan_.signal_mask, nullptr);
    execvpe(plan_.argv[0], plan_.argv, plan_.environment);
    report(Guardian::Report::exec_failed, errno);
    _exit(127);
  }

  // False: the supervisor has gone without a word.
  bool told_to_start() {
    std::array<pollfd, 1> watched{{{.fd = orders_, .events = POLLIN}}};
    for (;;) {
      Message order;
      const ssize_t size = read(orders_, &order, sizeof order);
      if (size >= 0) return size > 0 && order.kind == start_order;
      internal::poll_until(clock_, watched, Instant::max());
    }
  }

  // Before its start a guardian looks at no clock, so it may have missed what the supervisor's has
  // taken for elapsed (make_shared_store_clock). Late it must not be.
  Instant by_our_clock(Instant at) const { return at == Instant::max() ? at : at - behind_; }

  void watch(int children) {
    std::array<pollfd, 2> watched{
        {{.fd = orders_, .events = POLLIN}, {.fd = children, .events = POLLIN}}};
    internal::poll_until(clock_, watched, kill_at_);
    // All of them first: whoever was stopped for a while finds renewals among them.
    while (watched[0].revents != 0 && obey()) {
    }
    if (clock_.now() >= kill_at_) kill_group();
    signalfd_siginfo ignored{};
    while (read(children, &ignored, sizeof ignored) > 0) {
    }
    reap_orphans();
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(child_), &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid == child_) {
      report(Guardian::Report::suspended, info.si_status);
    }
  }

  // All but the command, whose zombie keeps the number of the group.
  void reap_orphans() const {
    for (siginfo_t one{}; waitid(P_ALL, 0, &one, WEXITED | WNOHANG | WNOWAIT) == 0; one = {}) {
      if (one.si_pid == 0 || one.si_pid == child_) return;
      waitpid(one.si_pid, nullptr, 0);
    }
  }

  // False: there was no order.
  bool obey() {
    Message order;
    const ssize_t size = read(orders_, &order, sizeof order);
    if (size < 0) return false;
    if (size == 0) {  // the supervisor is gone
      orders_ = -1;
      kill_group();
      return false;
    }
    switch (static_cast<Order>(order.kind)) {
      case start_order:  // it was the first
        break;
      case signal_group_order:
        kill(-child_, static_cast<int>(order.value));
        break;
      case kill_at_order:
        kill_at_ = by_our_clock(Instant(Duration(order.value)));
        break;
      case sweep_order:
        sweep_ = true;
        break;
    }
    return true;
  }

  void kill_group() {
    kill_at_ = Instant::max();
    sweep_ = true;
    kill(-child_, SIGKILL);
  }

  // Leaves the zombie in place: it keeps the group's number from being given to somebody else.
  bool child_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child_;
  }

  int reap() const {
    int status = 0;
    const bool leave_strays = plan_.leave_strays && !sweep_;
    if (!leave_strays) kill(-child_, SIGKILL);
    report(Guardian::Report::ending, 0);
    if (leave_strays) {
      waitpid(child_, &status, 0);
      return status;
    }
    int one = 0;
    bool said = false;  // once, or a supervisor that reads nothing would miss the end
    while (const pid_t pid = waitpid(-child_, &one, 0)) {
      if (pid == child_) status = one;
      if (pid < 0 && errno != EINTR) break;  // nobody of the group is left
      if (said || kill(-child_, 0) == 0 || errno != EPERM) continue;
      report(Guardian::Report::out_of_reach, 0);
      said = true;
    }
    return status;
  }

  // Whoever left the group has come to us when its parents were gone.
  void name_escaped() const {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    std::array<char, 16> digits{};  // of the first; one is enough to look for the others
    const ssize_t size = list < 0 ? 0 : read(list, digits.data(), digits.size());
    long pid = 0;
    for (const char digit : std::span(digits).first(static_cast<std::size_t>(std::max<ssize_t>(
             size, 0)))) {
      if (digit < '0' || digit > '9') break;
      pid = pid * 10 + digit - '0';
    }
    if (list >= 0) close(list);
    if (pid > 0) report(Guardian::Report::escaped, pid);
  }

  void report(Guardian::Report::Kind kind, long value) const {
    const Message message{.kind = kind, .value = value};
    // Whoever does not read has gone, and needs no report.
    [[maybe_unused]] const ssize_t written = write(reports_, &message, sizeof message);
  }

  const Start& plan_;
  const Clock& clock_;
  int orders_;
  const int reports_;
  pid_t guardian_ = -1;
  pid_t child_ = -1;
  Duration behind_{};  // our clock, against the supervisor's
  Instant kill_at_ = Instant::max();
  bool sweep_ = false;
};

}  // namespace

SharedMemory::SharedMemory()
    : begin_(mmap(nullptr, kMemory, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (begin_ == MAP_FAILED) fail("mmap");
}

SharedMemory::~SharedMemory() { munmap(begin_, kMemory); }

void* SharedMemory::take(std::size_t size) {
  constexpr std::size_t kUnit = alignof(std::max_align_t);
  const std::size_t whole = (size + kUnit - 1) / kUnit * kUnit;
  if (whole < size || whole > kMemory - taken_)
    throw std::system_error(E2BIG, std::generic_category(), "the command and its environment");
  void* const room = static_cast<char*>(begin_) + taken_;
  taken_ += whole;
  return room;
}

char* const* SharedMemory::put(const std::vector<std::string>& texts) {
  auto** const list = static_cast<char**>(take((texts.size() + 1) * sizeof(char*)));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t size = texts[i].size() + 1;
    list[i] = static_cast<char*>(std::memcpy(take(size), texts[i].c_str(), size));
  }
  list[texts.size()] = nullptr;
  return list;
}

Guardian::Guardian(const Clock& clock) : clock_(clock) {
  const auto* const plan = new (memory_.take(sizeof(Start))) Start;
  Pipe orders = make_pipe();
  Pipe reports = make_pipe();
  // Without the handlers of fork(): there the embedded store closes what the guardian is to hold.
  process_ = _Fork();
  if (process_ < 0) fail("fork");
  if (process_ == 0) {
    // Its own copy of this end would hide the supervisor's death from it.
    close(orders.write.get());
    Guard(*plan, clock, orders.read.get(), reports.write.get()).run();
  }
  orders_ = std::move(orders.write);
  reports_ = std::move(reports.read);
  waiting = this;
}

bool Guardian::waits() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

void Guardian::start(const ChildPlan& plan, Instant kill_at) {
  *static_cast<Start*>(memory_.begin()) = {.argv = memory_.put(plan.argv),
                                           .environment = memory_.put(plan.environment),
                                           .remove = memory_.put(plan.remove),
                                           .signal_mask = plan.signal_mask,
                                           .terminal = plan.terminal,
                                           .leave_strays = plan.leave_strays,
                                           .jumped = jumped_at_most(clock_),
                                           .covered_until = plan.covered_until,
                                           .kill_at = kill_at};
  tell(start_order, 0);
  waiting = nullptr;
}

Guardian::~Guardian() { end(waiting == this ? SIGKILL : SIGCONT); }

void dismiss_waiting_guardian() {
  if (waiting != nullptr) waiting->end(SIGKILL);  // it guards nothing
}

void Guardian::end(int signal) {
  if (waiting == this) waiting = nullptr;
  orders_.reset();
  const pid_t process = std::exchange(process_, -1);
  if (process < 0) return;
  kill(process, signal);
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Guardian::tell(int kind, long value) {
  const Message message{.kind = kind, .value = value};
  // A guardian that is gone says so by the end of its reports.
  [[maybe_unused]] const ssize_t written = write(orders_.get(), &message, sizeof message);
  // One that somebody has stopped obeys nothing and guards nothing.
  if (process_ > 0) kill(process_, SIGCONT);
}

bool Guardian::signal_group(int signal) {
  if (ending_) return true;
  if (group_ < 0) {
    tell(signal_group_order, signal);
    return true;
  }
  return kill(-group_, signal) == 0 || errno != EPERM;
}

void Guardian::kill_at(Instant at) { tell(kill_at_order, at.time_since_epoch().count()); }
void Guardian::sweep() { tell(sweep_order, 0); }

std::optional<Guardian::Report> Guardian::next_report() {
  Message message;
  const ssize_t size = read(reports_.get(), &message, sizeof message);
  if (size < 0) return std::nullopt;
  if (size == 0) {
    ending_ = true;
    // A group that may not be signalled is there all the same.
    const int error = group_ < 0 ? ESRCH : kill(-group_, SIGKILL) == 0 ? 0 : errno;
    if (error == ESRCH) return Report{.kind = Report::gone};
    return Report{.kind = Report::vanished, .value = error};
  }
  if (message.kind == Report::started) group_ = static_cast<pid_t>(message.value);
  if (message.kind == Report::ending) ending_ = true;
  return Report{.kind = static_cast<Report::Kind>(message.kind), .value = message.value};
}

}  // namespace mongoelector::cli
