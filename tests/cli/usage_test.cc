// Help, version, and what a mistake on the command line leads to.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "mongoelector/version.h"
#include "support/content.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;

TEST(Usage, version_is_one_plain_line) {
  for (const auto& words :
       {std::vector<std::string>{"version"}, {"--version"}, {"list", "--version"}}) {
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 0);
    EXPECT_EQ(tool.out, std::string("mongoelector ") + kVersion + "\n");
    EXPECT_EQ(tool.err, "");
  }
}

TEST(Usage, main_help_lists_every_command_exit_code_and_variable) {
  const Finished help = run_tool({"help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const auto& command : cli::all_commands()) {
    const std::string name(command->about().name);
    EXPECT_TRUE(std::regex_search(help.out, std::regex("\n  " + name + "[ ,]"))) << name;
  }
  for (const cli::ExitCode& code : cli::kExitCodes)
    EXPECT_NE(help.out.find(code.meaning), std::string::npos) << code.meaning;
  for (const cli::EnvironmentVariable& variable : cli::kEnvironment)
    EXPECT_NE(help.out.find(variable.name), std::string::npos) << variable.name;
  for (const cli::KnownFile& file : cli::kFiles)
    EXPECT_NE(help.out.find(file.name), std::string::npos) << file.name;
  EXPECT_EQ(run_tool({"--help"}).out, help.out);
  EXPECT_EQ(run_tool({"-h"}).out, help.out);
}

// All but those that the tool sets for what it starts.
TEST(Usage, help_lists_every_variable_that_the_sources_read) {
  const std::string help = run_tool({"help"}).out;
  const std::regex variable("\"(MONGO(?:DB|ELECTOR)_[A-Z_]+)\"");
  int seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(MONGOELECTOR_SOURCE_DIR "/cli")) {
    const std::string name = file.path().filename();
    if (name == "supervision.cc" || name == "herald.cc" || name == "given.h") continue;
    const std::string source = content(file.path());
    for (std::sregex_iterator at(source.begin(), source.end(), variable), end; at != end; ++at) {
      EXPECT_NE(help.find("\n  " + (*at)[1].str() + " "), std::string::npos) << at->str() << name;
      ++seen;
    }
  }
  EXPECT_GT(seen, 8);
}

TEST(Usage, values_are_named_by_us_and_not_by_the_parser) {
  for (const auto& command : cli::all_commands()) {
    const std::string help = run_tool({"help", std::string(command->about().name)}).out;
    EXPECT_FALSE(std::regex_search(help, std::regex("\\b(INT|UINT|FLOAT|TEXT:)\\b|\\bin \\[")))
        << help;
  }
  const Finished beyond = run_tool({"lock", "a", "-E", "256", "--", "true"});
  EXPECT_EQ(beyond.code, 64);
  EXPECT_NE(beyond.err.find("0 to 255"), std::string::npos) << beyond.err;
}

TEST(Usage, every_command_has_help_of_its_own) {
  for (const auto& command : cli::all_commands()) {
    const std::string name(command->about().name);
    const Finished help = run_tool({"help", name});
    EXPECT_EQ(help.code, 0) << name;
    EXPECT_EQ(run_tool({name, "--help"}).out, help.out) << name;
    EXPECT_NE(help.out.find("usage: mongoelector " + name), std::string::npos) << name;
    // Examples come before flags.
    if (!command->about().examples.empty()) {
      EXPECT_LT(help.out.find("\nexamples:"), help.out.find("\nflags")) << name;
    }
  }
}

TEST(Usage, exit_codes_are_listed_once_each) {
  for (const cli::ExitCode& one : cli::kExitCodes) {
    int seen = 0;
    for (const cli::ExitCode& other : cli::kExitCodes)
      seen += one.code == other.code || one.name == other.name;
    EXPECT_EQ(seen, 1) << one.name;
  }
}

struct Mistake {
  std::vector<std::string> words;
  std::string says;
};

TEST(Usage, mistakes_exit_64_with_one_line_that_helps) {
  const std::vector<Mistake> mistakes{
      {{}, "no command given; see: mongoelector help"},
      {{"versoin"}, "there is no command \"versoin\"; did you mean version?"},
      {{"frobnicate"}, "there is no command \"frobnicate\"; see: mongoelector help"},
      {{"help", "frobnicate"}, "there is no command \"frobnicate\"; see: mongoelector help"},
      {{"version", "--jsno"}, "there is no flag \"--jsno\"; did you mean --json?"},
      {{"--tiemout", "3s", "version"}, "there is no flag \"--tiemout\"; did you mean --timeout?"},
      {{"version", "-Z"}, "there is no flag \"-Z\"; see: mongoelector help version"},
      {{"version", "now"}, "unexpected argument \"now\"; see: mongoelector help version"},
      {{"version", "--timeout"}, "--timeout needs a value; see: mongoelector help version"},
      {{"version", "--timeout", "soon"},
       "--timeout \"soon\" is not a duration; write 250ms, 15s, 1m30s or 2h; a bare number is "
       "seconds"},
      {{"run", "billing", "--priority", "1"},
       "--priority 1 is not between -10 and 0; 0 goes first: give the others a lower one"},
      {{"run", "billing", "--priority", "-11"},
       "--priority -11 is not between -10 and 0; 0 goes first: give the others a lower one"},
      {{"version", "-q", "-v"}, "--quiet and --verbose contradict each other"},
  };
  for (const Mistake& mistake : mistakes) {
    const Finished tool = run_tool(mistake.words);
    EXPECT_EQ(tool.code, 64) << mistake.says;
    EXPECT_EQ(tool.out, "") << mistake.says;
    EXPECT_EQ(tool.err, "mongoelector: " + mistake.says + "\n");
  }
}

TEST(Usage, json_mistakes_are_an_object_on_stderr) {
  const Finished tool = run_tool({"versoin", "--json"});
  EXPECT_EQ(tool.code, 64);
  EXPECT_EQ(tool.out, "");
  const json error = json::parse(tool.err.substr(tool.err.find('\n') + 1)).at("error");
  EXPECT_EQ(error.at("code"), "usage");
  EXPECT_EQ(error.at("exit_code"), 64);
  EXPECT_EQ(error.at("message"), "there is no command \"versoin\"");
  EXPECT_EQ(error.at("hint"), "did you mean version?");
  EXPECT_TRUE(error.at("holder").is_null());
}

TEST(Usage, a_variable_that_makes_no_sense_exits_78) {
  const Finished tool =
      run_tool({"list"}, {.environment = {{"MONGOELECTOR_REQUIRE_SHARED", "maybe"}}});
  EXPECT_EQ(tool.code, 78);
  EXPECT_EQ(tool.err, "mongoelector: MONGOELECTOR_REQUIRE_SHARED is \"maybe\"; it may be 0 or 1\n");
}

}  // namespace
}  // namespace mongoelector::test
