#include "support/wire.h"

#include <bson/bson.h>

#include <cstring>
#include <stdexcept>

namespace mongoelector::test {

namespace {

constexpr std::size_t kHeaderSize = 16;
constexpr std::int32_t kLargestMessage = 48'000'000;
constexpr std::int32_t kOpReply = 1;
constexpr std::int32_t kOpQuery = 2004;  // what a driver greets a server of unknown version with
constexpr std::int32_t kOpCompressed = 2012;
constexpr std::int32_t kOpMsg = 2013;

std::int32_t number_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t number = 0;
  if (offset + sizeof number > bytes.size()) return 0;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return static_cast<std::int32_t>(BSON_UINT32_FROM_LE(number));
}

// The document with the command; empty when this message has none.
std::string_view body_of(std::string_view message) {
  std::size_t at = kHeaderSize + 4;  // flags
  const std::int32_t code = number_at(message, 12);
  if (code == kOpQuery) {
    at = message.find('\0', at);  // the collection's name, then skip and limit
    if (at == std::string_view::npos) return {};
    at += 1 + 8;
  } else if (code == kOpMsg) {
    // Sections of another kind than 0 carry the bulk of a command and their own size.
    while (at < message.size() && message[at] != 0) {
      const std::int32_t size = number_at(message, at + 1);
      if (size <= 0) return {};
      at += 1 + static_cast<std::size_t>(size);
    }
    ++at;
  } else {
    return {};
  }
  const auto size = static_cast<std::size_t>(number_at(message, at));
  return at < message.size() && size <= message.size() - at ? message.substr(at, size)
                                                            : std::string_view{};
}

bool open_body(bson_t& body, std::string_view message) {
  const std::string_view bytes = body_of(message);
  return !bytes.empty() &&
         bson_init_static(&body, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

std::optional<WireHeader> wire_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize) return std::nullopt;
  const std::int32_t size = number_at(bytes, 0);
  const std::int32_t code = number_at(bytes, 12);
  const bool known =
      code == kOpReply || code == kOpQuery || code == kOpCompressed || code == kOpMsg;
  if (!known || size < static_cast<std::int32_t>(kHeaderSize) || size > kLargestMessage)
    throw std::runtime_error("not a message of MongoDB's wire protocol");
  return WireHeader{static_cast<std::size_t>(size), number_at(bytes, 4), number_at(bytes, 8)};
}

std::string command_of(std::string_view message) {
  bson_t body;
  bson_iter_t field;
  if (!open_body(body, message) || !bson_iter_init(&field, &body) || !bson_iter_next(&field))
    return {};
  return bson_iter_key(&field);
}

std::string greeter_of(std::string_view message) {
  bson_t body;
  bson_iter_t field;
  if (!open_body(body, message) || !bson_iter_init_find(&field, &body, "hostInfo") ||
      !BSON_ITER_HOLDS_UTF8(&field))
    return "client";
  const std::string host = bson_iter_utf8(&field, nullptr);
  return host.substr(host.rfind(':') + 1);
}

}  // namespace mongoelector::test
