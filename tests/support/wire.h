// As much of MongoDB's wire protocol as a proxy needs to tell what passes through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mongoelector::test {

struct WireHeader {
  std::size_t size = 0;  // of the whole message
  std::int32_t request_id = 0;
  std::int32_t response_to = 0;
};

// Nothing while `bytes` are fewer than a header. Throws std::runtime_error for what no message can
// begin with.
std::optional<WireHeader> wire_header(std::string_view bytes);

// The name of the command in a whole message: "findAndModify". Empty when there is none to see, as
// in a compressed message.
std::string command_of(std::string_view message);

// Who greets with `message`, the first of a connection: "client", or for a mongod that runs with
// test commands the port it listens on, in digits.
std::string greeter_of(std::string_view message);

}  // namespace mongoelector::test
