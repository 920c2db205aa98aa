#include "cli/password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>

#include "base/poll.h"
#include "base/text.h"
#include "cli/consent.h"
#include "cli/deadline.h"
#include "cli/file_descriptor.h"
#include "cli/guardian.h"
#include "mongoelector/clock.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

namespace {

// The user, and the password if there is one, as the URI has them.
std::string_view credentials_of(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  if (!uri.starts_with("mongodb") || scheme == std::string_view::npos) return {};
  const std::string_view rest = uri.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
}

// Whoever proves who he is by something else is not asked for a password.
bool takes_password(std::string_view uri) {
  std::string options(uri.substr(std::min(uri.find('?'), uri.size())));
  std::transform(options.begin(), options.end(), options.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 4> kOthers{"mongodb-x509", "gssapi", "mongodb-aws",
                                                          "mongodb-oidc"};
  return std::none_of(kOthers.begin(), kOthers.end(), [&](std::string_view one) {
    return options.find("authmechanism=" + std::string(one)) != std::string::npos;
  });
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && std::isalnum(byte) != 0;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

std::string read_password(Context& context, const Setting& file) {
  std::string password = read_file(file.value, file.origin);
  // An editor ends the line; whatever else is there may belong to the password.
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty() || password.find('\0') != std::string::npos) {
    throw Failure(Exit::config, fmt::format("{}: {} holds no password", file.origin,
                                            internal::quoted(file.value)));
  }
  struct stat status {};
  if (stat(file.value.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    context.out.warn(fmt::format("not only its owner may use {}; chmod 600 {}",
                                 shown(file.value), shown(file.value)));
  }
  return password;
}

int heard_into = -1;  // while signals are heard

extern "C" void hear(int signal) {
  const auto byte = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t written = write(heard_into, &byte, 1);
}

// Signals that end a program would leave the terminal silent. Whichever thread they come to, and
// also if who is to supervise a command has held them back already, they are heard here.
class HeardSignals {
 public:
  HeardSignals() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    source_ = FileDescriptor(ends[0]);
    sink_ = FileDescriptor(ends[1]);
    heard_into = sink_.get();
    sigset_t ours{};
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      struct sigaction action {};
      action.sa_handler = hear;
      sigaction(kSignals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) continue;
      sigaction(kSignals[i], &action, nullptr);
      sigaddset(&ours, kSignals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, &mask_);
  }
  ~HeardSignals() {
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  HeardSignals(const HeardSignals&) = delete;
  HeardSignals& operator=(const HeardSignals&) = delete;

  int fd() const { return source_.get(); }
  // The next; 0: none.
  int next() const {
    char signal = 0;
    return read(source_.get(), &signal, 1) == 1 ? signal : 0;
  }

 private:
  static constexpr std::array<int, 4> kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> before_{};
  sigset_t mask_{};
  FileDescriptor source_;
  FileDescriptor sink_;
};

// Keys come one by one and none is shown; Ctrl-C is a key like others.
class SilentTerminal {
 public:
  SilentTerminal() {
    tcgetattr(STDIN_FILENO, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~SilentTerminal() { tcsetattr(STDIN_FILENO, TCSADRAIN, &before_); }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  bool is(char key, std::size_t control) const {
    return key != '\0' && static_cast<cc_t>(key) == before_.c_cc[control];
  }
  // The signal that the key stands for; 0: none.
  int signal_of(char key) const {
    return is(key, VINTR) ? SIGINT : is(key, VQUIT) ? SIGQUIT : 0;
  }

 private:
  termios before_{};
};

struct Typed {
  std::string line = {};
  int interrupted_by = 0;  // a signal
};

// A character may be several bytes: the first of them goes last.
void erase_character(std::string& line) {
  while (!line.empty()) {
    const auto byte = static_cast<unsigned char>(line.back());
    line.pop_back();
    if ((byte & 0xc0) != 0x80) return;
  }
}

Typed read_silently(const Output& out, const std::string& question) {
  const HeardSignals signals;
  // Before the question, or what is typed at once would be seen, and lost.
  const SilentTerminal terminal;
  out.prompt(question);
  const auto clock = make_machine_clock();
  Typed typed;
  for (;;) {
    std::array<pollfd, 2> watched{{{.fd = STDIN_FILENO, .events = POLLIN},
                                   {.fd = signals.fd(), .events = POLLIN}}};
    internal::poll_until(*clock, watched, Instant::max());
    if (const int signal = signals.next()) return {.interrupted_by = signal};
    if (watched[0].revents == 0) continue;
    char key = 0;
    const ssize_t count = read(STDIN_FILENO, &key, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || key == '\n' || key == '\r' || terminal.is(key, VEOF)) return typed;
    if (const int signal = terminal.signal_of(key)) return {.interrupted_by = signal};
    if (terminal.is(key, VKILL)) {
      typed.line.clear();
    } else if (terminal.is(key, VERASE)) {
      erase_character(typed.line);
    } else if (!terminal.is(key, VSUSP)) {
      typed.line += key;
    }
  }
}

[[noreturn]] void die_of(int signal) {
  dismiss_waiting_guardian();
  sigset_t one{};
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  raise(signal);
  _exit(128 + signal);  // it is ignored
}

std::string ask_password(Context& context, const std::string& uri,
                         const std::function<void(int)>& interrupted) {
  // Whoever types is not to be hurried.
  const Deadline::Pause pause(context);
  const Typed typed =
      read_silently(context.out, fmt::format("password for {}: ", shown(uri)));
  context.out.prompt("\n");
  if (typed.interrupted_by != 0) {
    if (interrupted) interrupted(typed.interrupted_by);
    die_of(typed.interrupted_by);
  }
  if (typed.line.empty()) throw Failure(Exit::denied, "no password was given");
  return typed.line;
}

}  // namespace

bool lacks_password(std::string_view uri) {
  const std::string_view credentials = credentials_of(uri);
  return !credentials.empty() && credentials.find(':') == std::string_view::npos;
}

void add_password(Context& context, StoreChoice& choice,
                  const std::function<void(int)>& interrupted) {
  if (choice.password_added) return;
  if (choice.origin == "--uri" && redact_uri(choice.uri) != choice.uri) {
    context.out.warn(
        "the password in --uri was visible to other users of this machine; use --uri-file, "
        "--password-file or MONGOELECTOR_URI");
  }
  const Setting& file = choice.password_file;
  const bool lacks = lacks_password(choice.uri);
  if (!file.value.empty() && choice.on_a_server() && !lacks) {
    throw Failure(Exit::config,
                  fmt::format("{} is given, but the URI of {} {}", file.origin, choice.origin,
                              credentials_of(choice.uri).empty() ? "names no user"
                                                                 : "has a password, too"),
                  "write mongodb://USER@HOST/..., or leave the file out: --password-file ''");
  }
  if (!lacks || (file.value.empty() && !takes_password(choice.uri))) return;
  std::string password;
  if (!file.value.empty()) {
    password = read_password(context, file);
  } else if (somebody_is_there(context.globals) && tcgetpgrp(STDIN_FILENO) == getpgrp()) {
    password = ask_password(context, choice.shown_uri(), interrupted);
  } else {
    throw Failure(Exit::denied,
                  fmt::format("the URI of {} names a user, but no password", choice.origin),
                  "--password-file FILE or MONGOELECTOR_PASSWORD_FILE says it");
  }
  const std::string_view credentials = credentials_of(choice.uri);
  const auto end = static_cast<std::size_t>(credentials.data() - choice.uri.data()) +
                   credentials.size();
  choice.uri.insert(end, ":" + percent_encoded(password));
  choice.password_added = true;
}

}  // namespace mongoelector::cli
