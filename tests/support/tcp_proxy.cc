#include "support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "support/wire.h"

namespace mongoelector::test {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kWakeKey = 0;
constexpr std::uint64_t kListenerKey = 1;
// Waiting for its receiver, per direction, before the sender has to wait too.
constexpr std::size_t kLargestQueue = 1 << 20;

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
  return result;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int bound_socket(int port) {
  const int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  checked(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  return fd;
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  checked(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

void send_at_once(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void close_socket(int fd, bool reset) {
  const linger at_once{1, 0};
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
}

std::size_t index(TcpProxy::Way way) { return static_cast<std::size_t>(way); }

TcpProxy::Way other(TcpProxy::Way way) {
  return way == TcpProxy::Way::to_server ? TcpProxy::Way::to_client : TcpProxy::Way::to_server;
}

constexpr std::array<TcpProxy::Way, 2> kWays{TcpProxy::Way::to_server, TcpProxy::Way::to_client};

}  // namespace

TcpProxy::TcpProxy(int server_port, Speech speech)
    : server_port_(server_port),
      speech_(speech),
      reserved_(bound_socket(0)),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  port_ = port_of(reserved_);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeKey}};
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  listen_again();
  thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    wake();
  }
  thread_.join();
  while (!connections_.empty()) settle(connections_.begin(), Fate::reset);
  for (const int fd : {listener_, reserved_, wake_, epoll_})
    if (fd >= 0) close(fd);
}

void TcpProxy::pass() {
  const std::scoped_lock lock(mutex_);
  faults_.clear();
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto current = at++;
    const auto& pipes = current->second.pipes;
    if (pipes[0].lost || pipes[1].lost) settle(current, Fate::reset);
  }
  serve_all();
  if (listener_ < 0) listen_again();
  wake();
}

void TcpProxy::drop(Way way, const std::string& peer) { set(way, peer, {Kind::drop}); }

void TcpProxy::stall(Way way, const std::string& peer) { set(way, peer, {Kind::stall}); }

void TcpProxy::delay(Way way, milliseconds by, const std::string& peer) {
  set(way, peer, {Kind::delay, by});
}

void TcpProxy::drip(Way way, std::size_t bytes, milliseconds every, const std::string& peer) {
  set(way, peer, {Kind::drip, every, bytes});
}

void TcpProxy::set(Way way, const std::string& peer, Fault fault) {
  const std::scoped_lock lock(mutex_);
  faults_[peer][index(way)] = fault;
  serve_all();
  wake();
}

void TcpProxy::cut(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto current = at++;
    if (peer.empty() || current->second.peer == peer) settle(current, Fate::reset);
  }
}

void TcpProxy::refuse() {
  const std::scoped_lock lock(mutex_);
  if (listener_ >= 0) close(std::exchange(listener_, -1));
}

void TcpProxy::swallow_replies(const std::string& command, int times) {
  const std::scoped_lock lock(mutex_);
  swallow_command_ = command;
  swallow_times_ = times;
}

int TcpProxy::connections() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int>(connections_.size());
}

TcpProxy::Counts TcpProxy::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void TcpProxy::reset_counts() {
  const std::scoped_lock lock(mutex_);
  counts_ = {};
}

void TcpProxy::wake() { eventfd_write(wake_, 1); }

void TcpProxy::listen_again() {
  listener_ = bound_socket(port_);
  checked(listen(listener_, SOMAXCONN), "listen");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kListenerKey}};
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event), "epoll_ctl");
}

void TcpProxy::run() {
  std::array<epoll_event, 64> events;
  for (int timeout = -1;;) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), timeout);
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)]);
    timeout = next_wake();
    if (timeout != 0) continue;
    serve_all();  // what was held back is due
    timeout = next_wake();
  }
}

void TcpProxy::handle(const epoll_event& event) {
  const std::uint64_t key = event.data.u64;
  if (key == kWakeKey) {
    eventfd_t ignored;
    eventfd_read(wake_, &ignored);
  } else if (key == kListenerKey) {
    accept_one();
  } else if (const auto at = connections_.find(key / 2); at != connections_.end()) {
    std::array<bool, 2> readable{};
    readable[key % 2] = (event.events & ~EPOLLOUT) != 0;
    settle(at, serve(at->second, readable));
  }
}

void TcpProxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;  // it is gone again, or connections are refused since
  ++counts_.accepted;
  const int server =
      checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  const sockaddr_in address = loopback(server_port_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
      errno != EINPROGRESS) {
    close_socket(server, false);
    close_socket(client, true);
    return;
  }
  send_at_once(client);
  send_at_once(server);
  const auto at = connections_.try_emplace(next_id_++).first;
  std::array<Pipe, 2>& pipes = at->second.pipes;
  pipes[index(Way::to_server)].from = pipes[index(Way::to_client)].to = client;
  pipes[index(Way::to_server)].to = pipes[index(Way::to_client)].from = server;
  watch(at->first, at->second);
}

TcpProxy::Fault TcpProxy::fault_of(const Connection& connection, Way way) const {
  for (const std::string& peer : {connection.peer, std::string()}) {
    const auto at = faults_.find(peer);
    if (at != faults_.end() && at->second[index(way)].kind != Kind::pass)
      return at->second[index(way)];
  }
  return {};
}

int TcpProxy::next_wake() const {
  std::optional<Clock::time_point> next;
  for (const auto& [id, connection] : connections_) {
    for (const Way way : kWays) {
      const Pipe& pipe = connection.pipes[index(way)];
      const Kind kind = fault_of(connection, way).kind;
      if (pipe.chunks.empty() || pipe.blocked || (kind != Kind::delay && kind != Kind::drip))
        continue;
      const auto due = kind == Kind::drip ? pipe.next_drip : pipe.chunks.front().due;
      next = std::min(next.value_or(due), due);
    }
  }
  if (!next) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::max<milliseconds::rep>(left, 0));
}

TcpProxy::Fate TcpProxy::serve(Connection& connection, std::array<bool, 2> readable) {
  for (const Way way : kWays) {
    Fate fate = Fate::open;
    if (readable[index(way)] && wants_to_read(connection, way)) fate = receive(connection, way);
    if (fate == Fate::open) fate = deliver(connection, way);
    if (fate != Fate::open) return fate;
  }
  const auto& pipes = connection.pipes;
  return pipes[0].closed && pipes[1].closed ? Fate::close : Fate::open;
}

void TcpProxy::serve_all() {
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto current = at++;
    settle(current, serve(current->second, {}));
  }
}

void TcpProxy::settle(Connections::iterator at, Fate fate) {
  if (fate == Fate::open) {
    watch(at->first, at->second);
    return;
  }
  for (const Pipe& pipe : at->second.pipes) close_socket(pipe.from, fate == Fate::reset);
  connections_.erase(at);
}

bool TcpProxy::wants_to_read(const Connection& connection, Way way) const {
  const Pipe& pipe = connection.pipes[index(way)];
  return !pipe.ended && pipe.waiting < kLargestQueue &&
         fault_of(connection, way).kind != Kind::stall;
}

void TcpProxy::watch(std::uint64_t id, Connection& connection) {
  for (const Way way : kWays) {
    const std::size_t end = index(way);  // the one that speaks this way and hears the other
    const std::uint32_t wanted = (wants_to_read(connection, way) ? EPOLLIN : 0U) |
                                 (connection.pipes[index(other(way))].blocked ? EPOLLOUT : 0U);
    const std::uint32_t before = std::exchange(connection.interest[end], wanted);
    if (wanted == before) continue;
    // An end that is watched for nothing would still report its hang-up, again and again.
    const int action = wanted == 0   ? EPOLL_CTL_DEL
                       : before == 0 ? EPOLL_CTL_ADD
                                     : EPOLL_CTL_MOD;
    epoll_event event{.events = wanted, .data = {.u64 = id * 2 + end}};
    checked(epoll_ctl(epoll_, action, connection.pipes[end].from, &event), "epoll_ctl");
  }
}

TcpProxy::Fate TcpProxy::receive(Connection& connection, Way way) {
  std::array<char, 1 << 16> buffer;
  Pipe& pipe = connection.pipes[index(way)];
  const ssize_t size = recv(pipe.from, buffer.data(), buffer.size(), 0);
  if (size > 0) return take(connection, way, {buffer.data(), static_cast<std::size_t>(size)});
  if (size < 0) return errno == EAGAIN ? Fate::open : speaker_broke(connection, way);
  pipe.ended = true;
  if (fault_of(connection, way).kind == Kind::drop) pipe.lost = true;
  return Fate::open;
}

TcpProxy::Fate TcpProxy::take(Connection& connection, Way way, std::string_view bytes) {
  if (speech_ == Speech::mongodb) {
    connection.pipes[index(way)].partial += bytes;
    try {
      return take_messages(connection, way);
    } catch (const std::runtime_error&) {
      return Fate::reset;  // as a server answers nonsense
    }
  }
  if (way == Way::to_client && swallow_times_ > 0) {
    --swallow_times_;
    ++counts_.swallowed;
    counts_.dropped += bytes.size();
    return Fate::close;
  }
  queue(connection, way, std::string(bytes));
  return Fate::open;
}

TcpProxy::Fate TcpProxy::take_messages(Connection& connection, Way way) {
  std::string& partial = connection.pipes[index(way)].partial;
  for (;;) {
    const std::optional<WireHeader> header = wire_header(partial);
    if (!header || partial.size() < header->size) return Fate::open;
    std::string message = partial.substr(0, header->size);
    partial.erase(0, header->size);
    if (way == Way::to_server) {
      note_request(connection, message, header->request_id);
    } else if (connection.swallow == header->response_to) {
      ++counts_.swallowed;
      counts_.dropped += message.size();
      return Fate::close;
    }
    queue(connection, way, std::move(message));
  }
}

void TcpProxy::note_request(Connection& connection, const std::string& message, std::int32_t id) {
  if (!std::exchange(connection.greeted, true)) connection.peer = greeter_of(message);
  const std::string command = command_of(message);
  if (connection.peer == "client") ++counts_.commands[command];
  if (swallow_times_ > 0 && (swallow_command_.empty() || command == swallow_command_)) {
    --swallow_times_;
    connection.swallow = id;
  }
}

void TcpProxy::queue(Connection& connection, Way way, std::string bytes) {
  Pipe& pipe = connection.pipes[index(way)];
  const Fault fault = fault_of(connection, way);
  const milliseconds late = fault.kind == Kind::delay ? fault.time : milliseconds(0);
  pipe.waiting += bytes.size();
  pipe.chunks.push_back({Clock::now() + late, std::move(bytes)});
}

void TcpProxy::lose_queue(Pipe& pipe) {
  if (pipe.chunks.empty()) return;
  counts_.dropped += pipe.waiting;
  pipe.chunks.clear();
  pipe.waiting = 0;
  pipe.lost = true;
}

TcpProxy::Fate TcpProxy::deliver(Connection& connection, Way way) {
  Pipe& pipe = connection.pipes[index(way)];
  const Fault fault = fault_of(connection, way);
  pipe.blocked = false;
  if (fault.kind == Kind::drop || pipe.deaf) lose_queue(pipe);
  if (fault.kind == Kind::stall) return Fate::open;
  while (!pipe.chunks.empty()) {
    Chunk& chunk = pipe.chunks.front();
    const auto now = Clock::now();
    if (fault.kind == Kind::delay && now < chunk.due) return Fate::open;
    if (fault.kind == Kind::drip && now < pipe.next_drip) return Fate::open;
    std::size_t size = chunk.bytes.size() - chunk.sent;
    if (fault.kind == Kind::drip) size = std::min(size, fault.bytes);
    const ssize_t sent = send(pipe.to, chunk.bytes.data() + chunk.sent, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      pipe.blocked = true;
      return Fate::open;
    }
    if (sent < 0) return speaker_broke(connection, other(way));
    chunk.sent += static_cast<std::size_t>(sent);
    pipe.waiting -= static_cast<std::size_t>(sent);
    (way == Way::to_server ? counts_.to_server : counts_.to_client) +=
        static_cast<std::uint64_t>(sent);
    if (fault.kind == Kind::drip) pipe.next_drip = now + fault.time;
    if (chunk.sent == chunk.bytes.size()) pipe.chunks.pop_front();
  }
  if (pipe.ended && !pipe.lost && !std::exchange(pipe.closed, true)) shutdown(pipe.to, SHUT_WR);
  return Fate::open;
}

// The end that speaks `way` is gone. Its peer learns it unless what it says does not get through.
TcpProxy::Fate TcpProxy::speaker_broke(Connection& connection, Way way) {
  const Kind kind = fault_of(connection, way).kind;
  if (kind != Kind::drop && kind != Kind::stall) return Fate::reset;
  Pipe& pipe = connection.pipes[index(way)];
  pipe.ended = pipe.lost = true;
  Pipe& back = connection.pipes[index(other(way))];
  back.deaf = true;
  lose_queue(back);
  return Fate::open;
}

}  // namespace mongoelector::test
