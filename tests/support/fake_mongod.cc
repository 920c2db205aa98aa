#include "support/fake_mongod.h"

#include <arpa/inet.h>
#include <bson/bson.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace mongoelector::test {

namespace {

constexpr std::size_t kHeader = 16;
constexpr std::int32_t kReply = 1;
constexpr std::int32_t kQuery = 2004;
constexpr std::int32_t kMessage = 2013;

std::int32_t number_at(const std::string& bytes, std::size_t at) {
  std::int32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::string bytes_of(std::int32_t number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

bool read_all(int fd, std::string& into, std::size_t size) {
  while (into.size() < size) {
    char buffer[4096];
    const ssize_t count = recv(fd, buffer, std::min(sizeof buffer, size - into.size()), 0);
    if (count <= 0) return false;
    into.append(buffer, static_cast<std::size_t>(count));
  }
  return true;
}

std::string document(const std::string& json) {
  bson_error_t error;
  bson_t* made = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                    static_cast<ssize_t>(json.size()), &error);
  if (made == nullptr) throw std::runtime_error(json + ": " + error.message);
  std::string bytes(reinterpret_cast<const char*>(bson_get_data(made)), made->len);
  bson_destroy(made);
  return bytes;
}

// The name of the first field of the document at `at`.
std::string first_field(const std::string& message, std::size_t at) {
  return message.c_str() + at + 5;
}

}  // namespace

FakeMongod::FakeMongod(std::map<std::string, std::string> replies)
    : replies_(std::move(replies)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, any, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, any, &size) != 0) {
    throw std::runtime_error("no port for a fake server");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeMongod::~FakeMongod() {
  over_ = true;
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string FakeMongod::uri(const std::string& database) const {
  return "mongodb://127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void FakeMongod::serve() {
  std::vector<pollfd> waits{{listener_, POLLIN, 0}};
  while (!over_) {
    poll(waits.data(), waits.size(), -1);
    for (std::size_t i = waits.size(); i-- > 1;) {
      if (waits[i].revents == 0 || answer(waits[i].fd)) continue;
      close(waits[i].fd);
      waits.erase(waits.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waits[0].revents == 0 || over_) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) waits.push_back({connection, POLLIN, 0});
  }
  for (std::size_t i = 1; i < waits.size(); ++i) close(waits[i].fd);
}

bool FakeMongod::answer(int connection) const {
  std::string message;
  if (!read_all(connection, message, kHeader)) return false;
  if (!read_all(connection, message, static_cast<std::size_t>(number_at(message, 0))))
    return false;
  const std::string reply = reply_to(message);
  return send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(reply.size());
}

std::string FakeMongod::reply_to(const std::string& message) const {
  const bool old_form = number_at(message, 12) == kQuery;
  // Flags and section kind; or flags, the collection's name, skip and limit.
  const std::size_t at =
      old_form ? kHeader + 4 + std::strlen(message.c_str() + kHeader + 4) + 1 + 8 : kHeader + 5;
  std::string command = first_field(message, at);
  if (command == "isMaster" || command == "ismaster") command = "hello";
  const auto known = replies_.find(command);
  const std::string body = document(
      known != replies_.end() ? known->second
                              : R"({"ok": 0, "code": 59, "errmsg": "no such command"})");
  // Flags, cursor, offset and count; or flags and section kind.
  const std::string start = old_form
                                ? bytes_of(8) + std::string(8, '\0') + bytes_of(0) + bytes_of(1)
                                : bytes_of(0) + std::string(1, '\0');
  const auto size = static_cast<std::int32_t>(kHeader + start.size() + body.size());
  return bytes_of(size) + bytes_of(1) + bytes_of(number_at(message, 4)) +
         bytes_of(old_form ? kReply : kMessage) + start + body;
}

}  // namespace mongoelector::test
