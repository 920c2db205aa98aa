// In which form the tool answers and speaks: -o, --log-format, colour.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/contract.h"
#include "cli/schemas.h"
#include "cli/stores.h"
#include "cli/terminal.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Formats : public testing::Test {
 protected:
  // Each line of the answer has to follow this schema.
  std::vector<json> objects(std::vector<std::string> words, const std::string& schema,
                            const ProcessOptions& options = {}) const {
    const Finished tool = at.tool(std::move(words), options);
    EXPECT_EQ(tool.code, 0) << tool.err;
    std::vector<json> objects;
    for (const std::string& line : lines_of(tool.out))
      objects.push_back(document_of(line, schema));
    return objects;
  }

  const StoreUnderTest at{"sqlite"};
};

TEST_F(Formats, json_lines_are_an_object_for_each_item_with_the_keys_of_the_document) {
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const auto elector = at.lead("billing", {.label = "web-1"});
  ASSERT_TRUE(eventually([&] { return !at.terms("billing").empty(); }));

  const auto items = objects({"list", "-o", "jsonl"}, "mongoelector.list_item/1");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].at("name"), "billing");
  EXPECT_EQ(items[1].at("name"), "nightly");
  EXPECT_EQ(objects({"list"}, "mongoelector.list_item/1",
                    {.environment = {{"MONGOELECTOR_OUTPUT", "jsonl"}}})
                .size(),
            2u);
  EXPECT_TRUE(objects({"list", "-o", "jsonl", "--filter", "x"}, "").empty());

  const auto members = objects({"members", "billing", "-o", "jsonl"}, "mongoelector.member/1");
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].at("election"), "billing");
  EXPECT_EQ(members[0].at("role"), "leader");

  const auto terms = objects({"history", "-o", "jsonl"}, "mongoelector.term/1");
  ASSERT_EQ(terms.size(), 1u);
  EXPECT_EQ(terms[0].at("name"), "billing");
  const auto checked = lines_of(at.tool({"history", "--verify", "-o", "jsonl"}).out);
  ASSERT_EQ(checked.size(), 2u);
  document_of(checked[0], "mongoelector.term/1");
  EXPECT_EQ(document_of(checked[1], "mongoelector.history_check/1").at("terms"), 1);

  EXPECT_EQ(objects({"watch", "nightly", "-o", "jsonl", "--until", "leader"},
                    "mongoelector.event/1")
                .size(),
            1u);
}

TEST_F(Formats, what_is_one_document_takes_one_line) {
  const auto locker = at.hold("nightly");
  EXPECT_EQ(objects({"status", "nightly", "-o", "jsonl"}, "mongoelector.lock/1").size(), 1u);
  EXPECT_EQ(objects({"version", "-o", "jsonl"}, "mongoelector.version/1").size(), 1u);
  document_of(at.tool({"status", "nightly", "-o", "json"}).out, "mongoelector.lock/1");
}

TEST_F(Formats, a_format_that_a_command_does_not_have_is_a_mistake_only_on_the_line) {
  for (const char* word : {"wide", "name", "yaml"}) {
    const Finished tool = at.tool({"status", "-o", word});
    EXPECT_EQ(tool.code, 64) << word;
    EXPECT_NE(tool.err.find("this command knows table, json, jsonl"), std::string::npos)
        << tool.err;
  }
  EXPECT_EQ(at.tool({"list", "--json", "-o", "wide"}).code, 64);
  EXPECT_EQ(at.tool({"version"}, {.environment = {{"MONGOELECTOR_OUTPUT", "wide"}}}).code, 0);
  EXPECT_EQ(at.tool({"version"}, {.environment = {{"MONGOELECTOR_OUTPUT", "yaml"}}}).code, 78);
  EXPECT_EQ(error_of(at.tool({"lost", "-o", "jsonl"})).at("code"), "usage");
}

// Every line of stderr as an object of the log.
std::vector<json> log_of(const Finished& tool) {
  std::vector<json> log;
  for (const std::string& line : lines_of(tool.err))
    log.push_back(document_of(line, "mongoelector.log/1"));
  return log;
}

TEST_F(Formats, messages_as_json_are_an_object_per_line_whoever_speaks) {
  const auto locker = at.hold("nightly", {.label = "batch-1"});
  const auto waited = log_of(at.tool({"lock", "nightly", "-w", "50ms", "-v", "--log-format", "json",
                                      "--", "true"}));
  std::set<std::string> levels;
  for (const json& line : waited) levels.insert(line.at("level").get<std::string>());
  EXPECT_EQ(levels, (std::set<std::string>{"debug", "info", "error"}));
  ASSERT_FALSE(waited.empty());
  EXPECT_EQ(waited.back().at("error").at("code"), "busy");

  const ProcessOptions chosen{.environment = {{"MONGOELECTOR_LOG_FORMAT", "json"}}};
  const Finished led = at.tool({"run", "billing", "--", "echo", "leading"}, chosen);
  EXPECT_EQ(led.code, 0);
  EXPECT_EQ(led.out, "leading\n");
  EXPECT_FALSE(log_of(led).empty());
  for (const json& line : log_of(led)) EXPECT_EQ(line.at("error"), nullptr);
  log_of(at.tool({"once", "report", "--per", "1h", "-v", "--", "true"}, chosen));
  EXPECT_EQ(log_of(at.tool({"pause", "nobody", "--for", "1m"}, chosen)).front().at("level"),
            "warning");
}

TEST_F(Formats, a_failure_in_a_json_log_holds_the_object_of_json_and_comes_once) {
  for (const auto& words : {std::vector<std::string>{"--log-format", "json", "lost"},
                            {"--log-format=json", "status", "--frob", "--json"},
                            {"status", "election/", "--json", "--log-format", "json"}}) {
    const auto log = log_of(at.tool(words));
    ASSERT_EQ(log.size(), 1u);
    EXPECT_EQ(log[0].at("level"), "error");
    EXPECT_EQ(log[0].at("error").at("exit_code"), 64);
  }
  EXPECT_EQ(at.tool({"list", "--log-format", "xml"}).code, 64);
  EXPECT_EQ(at.tool({"list"}, {.environment = {{"MONGOELECTOR_LOG_FORMAT", "xml"}}}).code, 78);
}

TEST(Version, as_json_says_what_it_is_made_of) {
  const json document = document_of(run_tool({"version", "--json"}).out, "mongoelector.version/1");
  EXPECT_TRUE(document.at("commit").is_string());
  for (const char* library : {"CLI11", "libmongoc", "sqlite"})
    EXPECT_TRUE(document.at("libraries").contains(library)) << library;
  EXPECT_EQ(document.at("schemas"), json(cli::kSchemas));
}

TEST(Version, lists_every_schema_that_documents_have) {
  std::set<std::string> described;
  for (const auto& file :
       std::filesystem::directory_iterator(MONGOELECTOR_SOURCE_DIR "/docs/schemas")) {
    std::ifstream in(file.path());
    const json name = json::parse(in).value(json::json_pointer("/properties/schema/const"), "");
    if (name != "") described.insert(name.get<std::string>());
  }
  EXPECT_EQ(described, std::set<std::string>(cli::kSchemas.begin(), cli::kSchemas.end()));
}

class Colour : public Formats {
 protected:
  // What a terminal gets to see of the doctor, or of a mistake.
  std::string shown(const std::string& line, std::map<std::string, std::string> environment) const {
    environment.insert({{"TERM", "xterm"}, {"MONGODB_URI", at.uri()}});
    const std::string command = std::string(MONGOELECTOR_CLI) + " " + line;
    return run_process({"script", "-qec", command, "/dev/null"},
                       {.environment = std::move(environment)})
        .out;
  }
  static bool coloured(const std::string& text) { return text.find("\x1b[3") != std::string::npos; }
};

TEST_F(Colour, helps_the_eye_on_a_terminal_and_can_be_refused) {
  const auto locker = at.hold("nightly");
  for (const char* line : {"doctor", "status nightly", "lost"}) {
    EXPECT_TRUE(coloured(shown(line, {}))) << line;
    EXPECT_FALSE(coloured(shown("--no-color " + std::string(line), {}))) << line;
    for (const char* variable : {"NO_COLOR", "MONGOELECTOR_NO_COLOR"})
      EXPECT_FALSE(coloured(shown(line, {{variable, "1"}}))) << line << variable;
    EXPECT_TRUE(coloured(shown(line, {{"NO_COLOR", ""}}))) << "empty says nothing";
    EXPECT_FALSE(coloured(shown(line, {{"TERM", "dumb"}}))) << line;
  }
}

TEST_F(Colour, goes_to_terminals_only_and_each_stream_is_asked) {
  const auto locker = at.hold("nightly");
  EXPECT_FALSE(coloured(shown("status nightly | cat", {})));
  EXPECT_FALSE(coloured(shown("lost 2>&1 | cat", {})));
  EXPECT_TRUE(coloured(shown("lost | cat", {}))) << "stderr is a terminal still";
  EXPECT_TRUE(coloured(shown("status nightly 2>/dev/null", {})));
  EXPECT_FALSE(coloured(shown("status nightly --json", {})));
}

}  // namespace
}  // namespace mongoelector::test
