#include "cli/notifier.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>

#include "cli/globals.h"

namespace mongoelector::cli {

namespace {

std::optional<std::string> take(const char* name) {
  auto value = environment(name);
  unsetenv(name);
  return value;
}

std::optional<long> number(const std::optional<std::string>& text) {
  long value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

long microseconds(Duration time) {
  return std::chrono::ceil<std::chrono::microseconds>(time).count();
}

}  // namespace

Notifier::Notifier() : address_(take("NOTIFY_SOCKET").value_or("")) {
  const auto every = number(take("WATCHDOG_USEC"));
  const auto whom = number(take("WATCHDOG_PID"));
  if (address_.empty() || address_.size() >= sizeof sockaddr_un{}.sun_path) {
    address_.clear();
    return;
  }
  socket_ = FileDescriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Twice as often as it has to be.
  if (every && *every > 0 && whom.value_or(getpid()) == getpid())
    watchdog_ = std::chrono::microseconds(*every) / 2;
}

void Notifier::status(std::string_view text) {
  std::string line = fmt::format("STATUS={}", text);
  std::replace(line.begin(), line.end(), '\n', ' ');  // a line break would begin another word
  send(line);
}

void Notifier::stopping(Duration within) {
  send(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", microseconds(within)));
}

void Notifier::send(const std::string& text) {
  if (address_.empty()) return;
  sockaddr_un to{.sun_family = AF_UNIX, .sun_path = {}};
  std::copy(address_.begin(), address_.end(), to.sun_path);
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  // A manager that does not listen any more misses nothing.
  [[maybe_unused]] const ssize_t sent =
      sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace mongoelector::cli
