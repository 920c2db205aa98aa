#include "bench/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <utility>

namespace mongoelector::bench {

Process::Process(std::vector<std::string> command) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
  if (pid_ < 0) throw std::runtime_error("cannot start " + command.front());
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)) {}

Process::~Process() {
  kill();
  if (in_ >= 0) close(in_);
  if (out_ >= 0) close(out_);
}

void Process::tell(const std::string& line) {
  const std::string text = line + "\n";
  if (write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the other process does not listen");
}

long long Process::read_number() {
  std::string line;
  char byte = 0;
  while (read(out_, &byte, 1) == 1 && byte != '\n') line += byte;
  if (line.empty()) throw std::runtime_error("the other process has ended early");
  return std::stoll(line);
}

void Process::close_stdin() {
  close(in_);
  in_ = -1;
}

void Process::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  wait();
}

void Process::wait() {
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Process start_role(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe"), "role"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Process(std::move(command));
}

Process start_partner(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"python3", MONGOELECTOR_SOURCE_DIR "/bench/partner.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Process(std::move(command));
}

}  // namespace mongoelector::bench
