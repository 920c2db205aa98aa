// The JSON contract: every document that the tool writes is what docs/schemas say.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/process.h"

namespace mongoelector::test {

// Empty if the document follows its schema, else what is wrong. One checker serves all tests.
inline std::string breach_of_contract(const nlohmann::json& document) {
  const std::string root = MONGOELECTOR_SOURCE_DIR;
  static Process checker({root + "/tests/programs/check_json", root + "/docs/schemas"},
                         {.talks = true});
  checker.write_line(document.dump());
  const std::string answer = checker.read_line();
  return answer == "ok" ? "" : answer + " in " + document.dump(2);
}

// The document in `text`, which has to be of this schema and to follow it.
inline nlohmann::json document_of(const std::string& text, const std::string& schema) {
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document.at("schema"), schema) << text;
  EXPECT_EQ(breach_of_contract(document), "");
  return document;
}

// What a failing command said with --json: one line for people, then the object.
inline nlohmann::json error_of(const Finished& tool) {
  EXPECT_EQ(tool.out, "");
  const std::size_t start = tool.err.find("\n{");
  const auto document = nlohmann::json::parse(
      start == std::string::npos ? std::string("null") : tool.err.substr(start + 1));
  EXPECT_EQ(breach_of_contract(document), "") << tool.err;
  return document.at("error");
}

}  // namespace mongoelector::test
