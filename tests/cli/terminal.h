// The tool in a terminal of its own, as a person has it.
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/eventually.h"
#include "support/process.h"

namespace mongoelector::test {

// Killed, if it still runs, when this goes.
class InTerminal {
 public:
  explicit InTerminal(const std::vector<std::string>& command, unsigned short columns = 80) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ < 0) throw std::runtime_error("no terminal to be had");
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    hear_signals();
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    setenv("TERM", "xterm", 1);
    execvp(words[0], words.data());
    _exit(127);
  }
  ~InTerminal() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    close(master_);
  }
  InTerminal(const InTerminal&) = delete;
  InTerminal& operator=(const InTerminal&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& seen() const { return seen_; }
  bool await(const std::string& text) {
    return eventually([&] {
      take();
      return seen_.find(text) != std::string::npos;
    });
  }
  void type(const std::string& text) const {
    if (write(master_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("the terminal takes no input");
  }
  // The exit code as a shell gives it; -1 if it does not end.
  int wait() {
    int status = 0;
    const bool ended = eventually([&] {
      take();
      return waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!ended) return -1;
    pid_ = -1;
    take();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  void take() {
    std::array<pollfd, 1> watched{{{.fd = master_, .events = POLLIN}}};
    std::array<char, 1024> buffer{};
    while (poll(watched.data(), 1, 0) > 0) {
      const ssize_t count = read(master_, buffer.data(), buffer.size());
      if (count <= 0) return;
      seen_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  int master_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
};

}  // namespace mongoelector::test
