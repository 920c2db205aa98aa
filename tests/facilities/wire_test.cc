// What the proxy reads out of messages, for those that the driver of these tests does not send.
#include "support/wire.h"

#include <bson/bson.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace mongoelector::test {
namespace {

std::string little(std::int32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

std::string message(std::int32_t code, const std::string& content) {
  return little(static_cast<std::int32_t>(16 + content.size())) + little(7) + little(3) +
         little(code) + content;
}

std::string document(const std::string& json) {
  bson_t* parsed = bson_new_from_json(reinterpret_cast<const std::uint8_t*>(json.data()),
                                      static_cast<ssize_t>(json.size()), nullptr);
  std::string bytes(reinterpret_cast<const char*>(bson_get_data(parsed)), parsed->len);
  bson_destroy(parsed);
  return bytes;
}

std::string body(const std::string& json) { return std::string(1, '\0') + document(json); }

std::string bulk(const std::string& json) {
  const std::string content = std::string("documents\0", 10) + document(json);
  return '\1' + little(static_cast<std::int32_t>(4 + content.size())) + content;
}

TEST(Wire, a_header_says_how_long_the_message_is_and_what_it_answers) {
  const std::string whole = message(2013, little(0) + body(R"({"ping": 1})"));
  EXPECT_FALSE(wire_header(whole.substr(0, 15)));
  const auto header = wire_header(whole.substr(0, 16));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->size, whole.size());
  EXPECT_EQ(header->request_id, 7);
  EXPECT_EQ(header->response_to, 3);
}

TEST(Wire, the_command_is_found_before_and_behind_its_bulk) {
  const std::string insert = body(R"({"insert": "things"})");
  EXPECT_EQ(command_of(message(2013, little(0) + insert + bulk(R"({"a": 1})"))), "insert");
  EXPECT_EQ(command_of(message(2013, little(0) + bulk(R"({"a": 1})") + insert)), "insert");
}

TEST(Wire, an_old_greeting_has_a_command_too) {
  const std::string query = little(0) + std::string("admin.$cmd\0", 11) + little(0) + little(-1);
  EXPECT_EQ(command_of(message(2004, query + document(R"({"isMaster": 1})"))), "isMaster");
}

TEST(Wire, what_is_compressed_or_cut_short_has_no_command) {
  EXPECT_EQ(command_of(message(2012, std::string(40, 'x'))), "");
  EXPECT_EQ(command_of(message(2013, "")), "");
  EXPECT_EQ(command_of(message(2013, little(0) + body(R"({"ping": 1})").substr(0, 9))), "");
  EXPECT_EQ(command_of(message(2013, little(0) + '\1' + little(0))), "");
  EXPECT_EQ(command_of(message(2004, little(0) + "no end")), "");
}

TEST(Wire, a_member_greets_with_the_port_it_listens_on) {
  const std::string member = body(R"({"hello": 1, "hostInfo": "db1:27018"})");
  EXPECT_EQ(greeter_of(message(2013, little(0) + member)), "27018");
  EXPECT_EQ(greeter_of(message(2013, little(0) + body(R"({"hello": 1})"))), "client");
}

TEST(Wire, other_protocols_are_no_messages) {
  EXPECT_THROW(wire_header("GET / HTTP/1.1\r\n\r\n"), std::runtime_error);
  EXPECT_THROW(wire_header(std::string("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03xxxxxxx", 18)),
               std::runtime_error);
  EXPECT_THROW(wire_header(little(15) + std::string(8, '\0') + little(2013)), std::runtime_error);
}

}  // namespace
}  // namespace mongoelector::test
