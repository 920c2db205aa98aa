#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace mongoelector::test {

namespace {

using Time = std::chrono::steady_clock::time_point;

Time patience() { return std::chrono::steady_clock::now() + kProcessPatience; }

std::map<std::string, std::string> inherited() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (name.starts_with("MONGO") || name == "STATE_DIRECTORY" || name == "XDG_STATE_HOME" ||
        name == "XDG_CONFIG_HOME")
      continue;
    all[name] = text.substr(std::min(name.size() + 1, text.size()));
  }
  // The driver keeps counters in shared memory; a killed process would leave its there.
  all.insert_or_assign("MONGOC_DISABLE_SHM", std::string("1"));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return ends;
}

// A file that is gone already: unlike a pipe it takes any amount without a reader.
int file_with(const std::string& text) {
  const int fd = static_cast<int>(syscall(SYS_memfd_create, "stdin", 1u /* close on exec */));
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      lseek(fd, 0, SEEK_SET) != 0) {
    throw std::runtime_error("no file for stdin");
  }
  return fd;
}

}  // namespace

void hear_signals() {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT}) ::signal(number, SIG_DFL);
}

Process::Process(const std::vector<std::string>& command, const ProcessOptions& options)
    : name_(command.at(0)) {
  auto variables = inherited();
  for (const auto& [name, value] : options.environment) variables[name] = value;
  std::vector<std::string> words = command;
  std::vector<std::string> settings;
  for (const auto& [name, value] : variables) settings.push_back(name + "=" + value);
  const auto argv = pointers(words);
  const auto envp = pointers(settings);
  int in = -1;
  if (options.talks) {
    // A socket, because only it can be written to without a signal when the other side is gone.
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw std::runtime_error("no socket for stdin");
    in = ends[0];
    in_ = ends[1];
  } else {
    in = file_with(options.input);
  }
  const auto out = make_pipe();
  const auto err = make_pipe();
  const auto trouble = make_pipe();  // closed by a successful exec
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    hear_signals();
    dup2(in, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    if (options.directory.empty() || chdir(options.directory.c_str()) == 0)
      execvpe(argv[0], argv.data(), envp.data());
    const int problem = errno;
    if (write(trouble[1], &problem, sizeof problem) < 0) _exit(126);
    _exit(127);
  }
  for (const int fd : {in, out[1], err[1], trouble[1]}) close(fd);
  int problem = 0;
  const bool failed = pid_ < 0 || read(trouble[0], &problem, sizeof problem) > 0;
  close(trouble[0]);
  out_.fd = out[0];
  err_.fd = err[0];
  for (const int fd : {out_.fd, err_.fd}) fcntl(fd, F_SETFL, O_NONBLOCK);
  if (failed) {
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    for (const int fd : {in_, out_.fd, err_.fd})
      if (fd >= 0) close(fd);
    throw std::runtime_error("cannot start " + name_ + ": " + std::strerror(problem));
  }
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {pidfd_, in_, out_.fd, err_.fd})
    if (fd >= 0) close(fd);
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::write_line(const std::string& line) const {
  const std::string whole = line + "\n";
  const ssize_t sent = send(in_, whole.data(), whole.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(whole.size()))
    throw std::runtime_error(name_ + " does not listen any more");
}

void Process::drain(Stream& stream) {
  std::array<char, 4096> buffer{};
  while (stream.fd >= 0) {
    const ssize_t count = read(stream.fd, buffer.data(), buffer.size());
    if (count > 0) {
      stream.text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      close(stream.fd);
      stream.fd = -1;
    } else if (errno != EINTR) {
      return;
    }
  }
}

bool Process::pump(Time until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  if (left.count() <= 0) {
    throw std::runtime_error(name_ + " took too long; it printed:\n" + out_.text + "\n" +
                             err_.text);
  }
  std::array<pollfd, 3> waits{
      {{pidfd_, POLLIN, 0}, {out_.fd, POLLIN, 0}, {err_.fd, POLLIN, 0}}};
  poll(waits.data(), waits.size(), static_cast<int>(left.count()));
  const bool over = waits[0].revents != 0;
  drain(out_);
  drain(err_);
  return over;
}

std::string Process::next_line(Stream& stream) {
  const Time until = patience();
  for (bool over = false;;) {
    const std::size_t end = stream.text.find('\n', stream.read);
    if (end != std::string::npos) {
      const std::string line = stream.text.substr(stream.read, end - stream.read);
      stream.read = end + 1;
      return line;
    }
    if (over || stream.fd < 0) {
      throw std::runtime_error(name_ + " ended before the line that was waited for; it printed:\n" +
                               out_.text + "\n" + err_.text);
    }
    over = pump(until);
  }
}

std::string Process::await_line(const std::string& text) {
  for (;;) {
    std::string line = read_line();
    if (line.find(text) != std::string::npos) return line;
  }
}

std::string Process::await_error_line(const std::string& text) {
  for (;;) {
    std::string line = read_error_line();
    if (line.find(text) != std::string::npos) return line;
  }
}

bool Process::running() {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  const int answered =
      waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return answered == 0 && info.si_pid == 0;
}

Finished Process::wait() {
  const Time until = patience();
  while (!pump(until)) {
  }
  Finished finished;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + finished.signal;
  finished.out = out_.text;
  finished.err = err_.text;
  return finished;
}

Finished run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  return Process(command, options).wait();
}

}  // namespace mongoelector::test
