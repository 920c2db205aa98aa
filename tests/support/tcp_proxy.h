// A TCP proxy in front of a server of this machine, which does to connections what networks do.
//
// A control call has taken effect when it returns: after drop() or stall() not one more byte
// passes. Faults are per direction, replace one another, and may be kept to the connections of one
// peer (see Speech::mongodb); a fault of a peer goes before the fault of everybody.
//
// What it cannot do: new connections are always accepted, by the kernel, even where nothing passes
// (a black hole in a real network makes connect() itself hang), unless they are refused.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace mongoelector::test {

class TcpProxy {
 public:
  enum class Way { to_server, to_client };
  enum class Speech {
    bytes,
    // Whole messages of MongoDB's wire protocol pass or do not. Commands are counted, and the first
    // message of a connection says who its peer is: "client", or the port of another mongod. What
    // is no such message, TLS for one, is reset.
    mongodb
  };
  struct Counts {
    std::uint64_t accepted = 0;      // connections
    std::uint64_t to_server = 0;     // bytes delivered
    std::uint64_t to_client = 0;     // bytes delivered
    std::uint64_t dropped = 0;       // bytes read and not delivered
    int swallowed = 0;               // replies
    std::map<std::string, int> commands;  // of clients, by name, delivered or not
  };

  TcpProxy(int server_port, Speech speech);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

  // No faults from now on. Connections of which something was dropped are reset, as their two ends
  // no longer agree on what was said.
  void pass();
  // A black hole: read and thrown away, the end of a connection too, so that it stays half open.
  void drop(Way way, const std::string& peer = {});
  // Not read: the sender's buffers fill up. What was sent meanwhile arrives after pass().
  void stall(Way way, const std::string& peer = {});
  void delay(Way way, std::chrono::milliseconds by, const std::string& peer = {});
  void drip(Way way, std::size_t bytes, std::chrono::milliseconds every,
            const std::string& peer = {});
  void cut(const std::string& peer = {});  // resets the connections there are; new ones work
  void refuse();                           // new connections, until pass()
  // The next replies do not arrive, and their connections are closed instead: done at the server,
  // unknown to the client. Speech::mongodb: replies to `command`, of whoever sends it next;
  // otherwise whatever the server says next. pass() does not take this back.
  void swallow_replies(const std::string& command = {}, int times = 1);

  int connections() const;  // open now
  Counts counts() const;
  void reset_counts();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Kind { pass, drop, stall, delay, drip };
  struct Fault {
    Kind kind = Kind::pass;
    std::chrono::milliseconds time{0};
    std::size_t bytes = 0;
  };
  struct Chunk {
    Clock::time_point due;
    std::string bytes;
    std::size_t sent = 0;
  };
  struct Pipe {  // one direction of a connection
    int from = -1;
    int to = -1;
    std::string partial;  // the beginning of a message
    std::deque<Chunk> chunks;
    std::size_t waiting = 0;  // bytes in chunks
    Clock::time_point next_drip{};
    bool blocked = false;  // the receiver takes no more at the moment
    bool ended = false;    // nothing more comes from the sender
    bool closed = false;   // and the receiver was told
    bool lost = false;     // something was dropped
    bool deaf = false;     // the receiver is gone, and its peer must not know
  };
  struct Connection {
    std::array<Pipe, 2> pipes;  // by Way
    std::array<std::uint32_t, 2> interest{};
    std::string peer;
    bool greeted = false;
    std::optional<std::int32_t> swallow;  // the request whose reply must not arrive
  };
  using Connections = std::map<std::uint64_t, Connection>;
  enum class Fate { open, close, reset };

  void run();
  int next_wake() const;
  void handle(const epoll_event& event);
  void wake();

  void listen_again();
  void accept_one();
  void set(Way way, const std::string& peer, Fault fault);
  Fault fault_of(const Connection& connection, Way way) const;
  // What a connection does next: for each of its pipes, read if there is something, then write.
  Fate serve(Connection& connection, std::array<bool, 2> readable);
  void serve_all();
  void settle(Connections::iterator at, Fate fate);
  void watch(std::uint64_t id, Connection& connection);
  bool wants_to_read(const Connection& connection, Way way) const;

  Fate receive(Connection& connection, Way way);
  Fate take(Connection& connection, Way way, std::string_view bytes);
  Fate take_messages(Connection& connection, Way way);
  void note_request(Connection& connection, const std::string& message, std::int32_t id);
  void queue(Connection& connection, Way way, std::string bytes);
  void lose_queue(Pipe& pipe);
  Fate deliver(Connection& connection, Way way);
  Fate speaker_broke(Connection& connection, Way way);

  const int server_port_;
  const Speech speech_;
  int port_ = 0;
  int reserved_ = -1;  // keeps the port ours while connections are refused
  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;

  mutable std::mutex mutex_;  // everything below
  bool stopping_ = false;
  std::map<std::string, std::array<Fault, 2>> faults_;  // by peer; "" for everybody
  Connections connections_;
  std::uint64_t next_id_ = 2;
  std::string swallow_command_;
  int swallow_times_ = 0;
  Counts counts_;
  std::thread thread_;
};

}  // namespace mongoelector::test
