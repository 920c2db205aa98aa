// The driver follows a server that says it compresses, or does so, without having been asked. What
// decompresses was not loaded then, and the tool ended with 127: command not found. By review.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/supervised.h"
#include "support/mute_server.h"

namespace mongoelector::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::int32_t kReply = 1;
constexpr std::int32_t kQuery = 2004;
constexpr std::int32_t kCompressed = 2012;
constexpr std::int32_t kMessage = 2013;
constexpr std::uint8_t kZlib = 2;

void add(Bytes& to, std::int64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

bool read_all(int socket, Bytes& into) {
  for (std::size_t got = 0; got < into.size();) {
    const ssize_t more = read(socket, into.data() + got, into.size() - got);
    if (more <= 0) return false;
    got += static_cast<std::size_t>(more);
  }
  return true;
}

std::int32_t number_at(const Bytes& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number |= static_cast<std::uint32_t>(bytes[at + i]) << 8 * i;
  return static_cast<std::int32_t>(number);
}

// Answers each request with a greeting, until its clients have gone.
class Compressor {
 public:
  explicit Compressor(bool only_says_so) : only_says_so_(only_says_so) {
    acceptor_ = std::thread([this] {
      for (int client = 0; (client = accept(server_.socket(), nullptr, nullptr)) >= 0;)
        clients_.emplace_back([this, client] { serve(client); });
    });
  }
  ~Compressor() {
    shutdown(server_.socket(), SHUT_RDWR);
    acceptor_.join();
    for (std::thread& client : clients_) client.join();
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  std::string uri() const { return server_.uri(); }
  bool was_sent_compressed() const { return sent_compressed_; }

 private:
  void serve(int client) {
    Bytes header(16);
    while (read_all(client, header)) {
      Bytes body(static_cast<std::size_t>(number_at(header, 0)) - header.size());
      if (!read_all(client, body)) break;
      if (number_at(header, 12) == kCompressed) sent_compressed_ = true;
      const Bytes reply = answer(number_at(header, 12), number_at(header, 4));
      if (write(client, reply.data(), reply.size()) < 0) break;
    }
    close(client);
  }

  Bytes answer(std::int32_t asked, std::int32_t request) const {
    const Bytes greeting = nlohmann::json::to_bson({{"ok", 1},
                                                    {"ismaster", true},
                                                    {"maxBsonObjectSize", 16777216},
                                                    {"maxMessageSizeBytes", 48000000},
                                                    {"maxWriteBatchSize", 100000},
                                                    {"minWireVersion", 0},
                                                    {"maxWireVersion", 17},
                                                    {"compression", {"zlib"}}});
    std::int32_t kind = asked == kQuery ? kReply : kMessage;
    Bytes body(asked == kQuery ? 16 : 5);  // flags, cursor and place, or flags and section
    if (asked == kQuery) add(body, 1, 4);
    body.insert(body.end(), greeting.begin(), greeting.end());
    if (!only_says_so_) {
      Bytes packed;
      add(packed, std::exchange(kind, kCompressed), 4);
      add(packed, static_cast<std::int64_t>(body.size()), 4);
      packed.push_back(kZlib);
      packed.insert(packed.end(), body.begin(), body.end());
      body = packed;
    }
    Bytes reply;
    for (const std::int64_t number : {static_cast<std::int64_t>(body.size() + 16), std::int64_t{0},
                                      std::int64_t{request}, std::int64_t{kind}})
      add(reply, number, 4);
    reply.insert(reply.end(), body.begin(), body.end());
    return reply;
  }

  const bool only_says_so_;
  std::atomic<bool> sent_compressed_ = false;
  const MuteServer server_;
  std::vector<std::thread> clients_;
  std::thread acceptor_;
};

TEST(Compression, that_a_server_merely_offers_is_not_used) {
  const Compressor server(true);
  const Finished tool = run_tool({"--uri", server.uri(), "--timeout", "20s", "list"});
  // A greeting is no answer to anything else, but it was read.
  EXPECT_EQ(tool.code, 69);
  EXPECT_NE(tool.err.find("Invalid reply to find"), std::string::npos) << tool.err;
  EXPECT_FALSE(server.was_sent_compressed());
}

TEST(Compression, that_was_not_asked_for_is_a_broken_answer) {
  const Compressor server(false);
  const Finished tool = run_tool({"--uri", server.uri(), "--timeout", "20s", "list"});
  EXPECT_EQ(tool.code, 69) << tool.err;
}

}  // namespace
}  // namespace mongoelector::test
