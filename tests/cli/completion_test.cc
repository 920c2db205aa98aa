// Completion, asked in the shells themselves.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/syntax.h"
#include "cli/terminal.h"
#include "support/temp_dir.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

using Words = std::set<std::string>;

std::string script_of(const std::string& shell) {
  const Finished tool = run_tool({"completion", shell});
  EXPECT_EQ(tool.code, 0) << tool.err;
  return tool.out;
}

Words lines_of(const std::string& text) {
  Words words;
  std::istringstream in(text);
  // fish puts the meaning behind a tab.
  for (std::string one; std::getline(in, one);) words.insert(one.substr(0, one.find('\t')));
  return words;
}

class Completion : public testing::TestWithParam<std::string> {
 protected:
  // What the shell offers after this much of a line.
  Words offered(const std::string& line) const {
    const ProcessOptions here{.environment = {{"LINE", line}, {"HOME", dir.path()}},
                              .directory = dir.path()};
    const std::string source = "source " + dir.file("script");
    const Finished shell =
        GetParam() == "bash"
            ? run_process({"bash", "--norc", "-c",
                           source + "; COMP_LINE=$LINE COMP_POINT=${#LINE}; _mongoelector; "
                                    "printf '%s\\n' \"${COMPREPLY[@]}\""},
                          here)
            : run_process({"fish", "--no-config", "-c", source + "; complete -C \"$LINE\""}, here);
    EXPECT_EQ(shell.err, "") << line;
    Words words = lines_of(shell.out);
    words.erase("");
    return words;
  }
  void SetUp() override { std::ofstream(dir.file("script")) << script_of(GetParam()); }

  const TempDir dir;
};

TEST_P(Completion, offers_every_command) {
  Words names;
  for (const auto& command : cli::all_commands()) {
    names.insert(std::string(command->about().name));
    if (!command->about().alias.empty()) names.insert(std::string(command->about().alias));
  }
  EXPECT_EQ(offered("mongoelector "), names);
  EXPECT_EQ(offered("mongoelector step"), Words{"stepdown"});
  EXPECT_EQ(offered("mongoelector --uri mongodb://db1,db2/ops?a=b swi"), Words{"switchover"});
}

TEST_P(Completion, offers_every_flag_of_a_command_and_of_all) {
  for (const auto& command : cli::all_commands()) {
    const Words seen = offered("mongoelector " + std::string(command->about().name) + " --");
    auto known = cli::words_of(*command);
    for (cli::Word& word : cli::global_words()) known.push_back(std::move(word));
    for (const cli::Word& word : known) {
      for (const std::string& name : word.names) {
        if (!word.is_flag || !name.starts_with("--")) continue;
        EXPECT_TRUE(seen.contains(name)) << command->about().name << " " << name;
      }
    }
    EXPECT_EQ(seen.contains("--per"), command->about().name == "once");
  }
}

TEST_P(Completion, offers_the_words_that_a_flag_or_argument_takes) {
  EXPECT_EQ(offered("mongoelector lock nightly --on-lost "), (Words{"kill", "warn"}));
  EXPECT_EQ(offered("mongoelector ls --kind e"), Words{"election"});
  EXPECT_EQ(offered("mongoelector list -o n"), Words{"name"});
  EXPECT_EQ(offered("mongoelector completion "), (Words{"bash", "zsh", "fish"}));
  EXPECT_EQ(offered("mongoelector config "), (Words{"show", "path"}));
  EXPECT_EQ(offered("mongoelector help stepd"), Words{"stepdown"});
}

TEST_P(Completion, offers_files_where_a_file_is_wanted_and_nowhere_else) {
  std::ofstream(dir.file("some file.toml")) << "";
  const Words files = offered("mongoelector list --config som");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_NE(files.begin()->find("file.toml"), std::string::npos);
  EXPECT_EQ(offered("mongoelector lock som"), Words{});
  EXPECT_EQ(offered("mongoelector lock nightly --ttl "), Words{});
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, testing::Values("bash", "fish"),
                         [](const auto& shell) { return shell.param; });

TEST(BashCompletion, completes_the_command_that_is_started) {
  const TempDir dir;
  std::ofstream(dir.file("script")) << script_of("bash");
  const Finished shell = run_process(
      {"bash", "--norc", "-c",
       "source " + dir.file("script") +
           "; COMP_LINE='mongoelector lock a -- bas' COMP_POINT=26; _mongoelector; printf '%s\\n' "
           "\"${COMPREPLY[@]}\""});
  EXPECT_TRUE(lines_of(shell.out).contains("bash")) << shell.out;
}

// zsh completes only where somebody types.
TEST(ZshCompletion, completes_commands_flags_and_words_on_a_terminal) {
  const TempDir dir;
  std::ofstream(dir.file("_mongoelector")) << script_of("zsh");
  setenv("ZDOTDIR", dir.path().c_str(), 1);
  InTerminal zsh({"zsh", "-f", "-i"}, 200);
  zsh.type("PS1='ready> '; unset zle_bracketed_paste; LISTMAX=999; fpath=(" + dir.path() +
           " $fpath); autoload -Uz compinit; compinit -u -D; print begin-$((1 + 1))\n");
  ASSERT_TRUE(zsh.await("begin-2")) << zsh.seen();
  zsh.type("print -r -- mongoelector-is $_comps[mongoelector]\n");
  ASSERT_TRUE(zsh.await("mongoelector-is _mongoelector")) << zsh.seen();
  // A word is echoed as typed and then completed; only the shell can add its end.
  zsh.type("mongoelector stepd\t");
  EXPECT_TRUE(zsh.await("own")) << zsh.seen();
  zsh.type("\x15mongoelector once --ali\t");
  EXPECT_TRUE(zsh.await("gn")) << zsh.seen();
  zsh.type("\x15mongoelector lock a --on-lost w\t");
  EXPECT_TRUE(zsh.await("arn")) << zsh.seen();
  zsh.type("\x15mongoelector --no-input swi\t");
  EXPECT_TRUE(zsh.await("tchover")) << zsh.seen();
}

TEST(CompletionAnswer, takes_less_than_50_ms_and_no_store) {
  // Best of ten: a slow machine is no slow answer.
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 10; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const Finished tool = run_tool({"completion", "bash"},
                                   {.environment = {{"MONGODB_URI", "mongodb://127.0.0.1:1"}}});
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - began);
    ASSERT_EQ(tool.code, 0) << tool.err;
  }
  EXPECT_LT(best, std::chrono::milliseconds(50));
  for (const char* shell : {"bash", "zsh", "fish"}) {
    // No script starts the tool: all its words are in it.
    EXPECT_EQ(script_of(shell).find("$(mongoelector"), std::string::npos);
  }
}

TEST(CompletionAnswer, other_shells_are_refused) {
  const Finished tool = run_tool({"completion", "csh"});
  EXPECT_EQ(tool.code, 64);
  EXPECT_EQ(tool.err, "mongoelector: completion \"csh\" is not one of bash, zsh, fish\n");
}

}  // namespace
}  // namespace mongoelector::test
