#include "cli/password.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

#include "base/text.h"
#include "cli/consent.h"
#include "cli/deadline.h"

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
  static constexpr std::array<std::string_view, 3> kOthers{"mongodb-x509", "gssapi", "mongodb-aws"};
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

// Reads keys one by one and shows none of them. Ctrl-C comes as a key, so that the terminal is set
// right again before it ends us.
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

 private:
  termios before_{};
};

struct Typed {
  std::string line = {};
  bool interrupted = false;
};

Typed read_silently(const Output& out, const std::string& question) {
  // First, or what is typed at once would be seen, and lost.
  const SilentTerminal terminal;
  out.prompt(question);
  Typed typed;
  for (;;) {
    char key = 0;
    const ssize_t count = read(STDIN_FILENO, &key, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || key == '\n' || key == '\r' || terminal.is(key, VEOF)) return typed;
    if (terminal.is(key, VINTR) || terminal.is(key, VQUIT)) return {.interrupted = true};
    if (terminal.is(key, VKILL)) {
      typed.line.clear();
    } else if (!terminal.is(key, VERASE)) {
      typed.line += key;
    } else {
      // A character may be several bytes: the first of them goes last.
      while (!typed.line.empty()) {
        const auto byte = static_cast<unsigned char>(typed.line.back());
        typed.line.pop_back();
        if ((byte & 0xc0) != 0x80) break;
      }
    }
  }
}

// Nothing is held yet. Who is to supervise a command has held the signal back already.
void die_of_interrupt() {
  sigset_t interrupt{};
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  raise(SIGINT);
}

std::string ask_password(Context& context, const std::string& uri) {
  // Whoever types is not to be hurried.
  const Deadline::Pause pause(context);
  const Typed typed =
      read_silently(context.out, fmt::format("password for {}: ", shown(uri)));
  context.out.prompt("\n");
  if (typed.interrupted) die_of_interrupt();
  if (typed.line.empty()) throw Failure(Exit::denied, "no password was given");
  return typed.line;
}

}  // namespace

bool lacks_password(std::string_view uri) {
  const std::string_view credentials = credentials_of(uri);
  return !credentials.empty() && credentials.find(':') == std::string_view::npos;
}

void add_password(Context& context, StoreChoice& choice) {
  if (choice.password_added) return;
  const Setting& file = choice.password_file;
  const bool lacks = lacks_password(choice.uri);
  if (!file.value.empty() && choice.on_a_server() && !lacks) {
    throw Failure(Exit::config,
                  fmt::format("{} is given, but the URI of {} {}", file.origin, choice.origin,
                              credentials_of(choice.uri).empty() ? "names no user"
                                                                 : "has a password, too"),
                  "write mongodb://USER@HOST/...");
  }
  if (!lacks || (file.value.empty() && !takes_password(choice.uri))) return;
  std::string password;
  if (!file.value.empty()) {
    password = read_password(context, file);
  } else if (somebody_is_there(context.globals)) {
    password = ask_password(context, choice.shown_uri());
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
