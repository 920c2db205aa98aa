// A plain server and its clients, both ends in the hands of the test.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace mongoelector::test {

// One end of a connection. Calls block, 20 s at most.
class End {
 public:
  explicit End(int fd) : fd_(fd) {
    const timeval bound{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  }
  ~End() { hang_up(); }
  End(End&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  void say(const std::string& words) {
    if (send(fd_, words.data(), words.size(), MSG_NOSIGNAL) != std::ssize(words))
      throw std::runtime_error("cannot send");
  }
  // As much as the other end and the kernel take at the moment.
  std::size_t say_all_that_fits(const std::string& words) {
    std::size_t said = 0;
    for (ssize_t n = 0; said < words.size() && n >= 0; said += n > 0 ? n : 0)
      n = send(fd_, words.data() + said, words.size() - said, MSG_NOSIGNAL | MSG_DONTWAIT);
    return said;
  }
  // `size` bytes, or fewer if the connection ends before.
  std::string hear(std::size_t size) {
    std::string words(size, '\0');
    const ssize_t got = recv(fd_, words.data(), size, MSG_WAITALL);
    words.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return words;
  }
  bool has_ended() { return ends_with(0); }
  bool was_reset() { return ends_with(ECONNRESET); }
  bool hears_nothing() {
    char byte;
    return recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
  }
  void say_goodbye() { shutdown(fd_, SHUT_WR); }
  void hang_up() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  bool ends_with(int error) {
    char byte;
    const ssize_t got = recv(fd_, &byte, 1, 0);
    return error == 0 ? got == 0 : got < 0 && errno == error;
  }

  int fd_;
};

class Server {
 public:
  Server() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || listen(fd_, 16) != 0 || getsockname(fd_, any, &size) != 0)
      throw std::runtime_error("no server");
    port_ = ntohs(address.sin_port);
    const timeval bound{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  }
  ~Server() { close_down(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return port_; }
  End accept() {
    const int fd = ::accept(fd_, nullptr, nullptr);
    if (fd < 0) throw std::runtime_error("nobody connects");
    return End(fd);
  }
  void close_down() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  // 0 and a connected socket, or errno.
  static std::pair<int, int> try_connect(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return {0, fd};
    const int error = errno;
    close(fd);
    return {error, -1};
  }
  static End connect_to(int port) {
    const auto [error, fd] = try_connect(port);
    if (error != 0) throw std::runtime_error("cannot connect");
    return End(fd);
  }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

}  // namespace mongoelector::test
