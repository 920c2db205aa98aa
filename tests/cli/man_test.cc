// Man pages and systemd units: what is shipped beside the tool says what the tool says.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "cli/exit_codes.h"
#include "cli/syntax.h"
#include "support/temp_dir.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// Spaces and line ends are one space, as pages are filled anew.
std::string flat(const std::string& text) {
  return std::regex_replace(text, std::regex("\\s+"), " ");
}

class ManPages : public testing::Test {
 protected:
  ManPages() {
    const Finished tool = run_tool({"help", "--man-dir", dir.path()});
    EXPECT_EQ(tool.code, 0) << tool.err;
  }
  std::string path(const std::string& page) const { return dir.file(page + ".1"); }
  // As a reader sees it, on lines long enough for whole sentences.
  std::string shown(const std::string& page) const {
    const Finished man =
        run_process({"man", "--warnings", "--nh", "--nj", "-EUTF-8", "-Pcat", "-l", path(page)},
                    {.environment = {{"MANWIDTH", "400"}, {"MAN_KEEP_FORMATTING", ""},
                                     {"GROFF_NO_SGR", "1"}, {"MANROFFOPT", "-c"}}});
    EXPECT_EQ(man.code, 0) << man.err;
    EXPECT_EQ(man.err, "") << page;
    // Struck over for bold and underlined.
    const std::string text = std::regex_replace(man.out, std::regex(".\b"), "");
    return flat(std::regex_replace(text, std::regex("\xe2\x88\x92|\xe2\x80\x90"), "-"));
  }
  static std::vector<std::string> pages() {
    std::vector<std::string> names{"mongoelector"};
    for (const auto& command : cli::all_commands())
      names.push_back("mongoelector-" + std::string(command->about().name));
    return names;
  }

  const TempDir dir;
};

TEST_F(ManPages, there_is_one_for_the_tool_and_one_for_each_command) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(entry.path().extension(), ".1");
    ++files;
  }
  EXPECT_EQ(files, pages().size());
  for (const std::string& page : pages()) EXPECT_TRUE(std::filesystem::exists(path(page))) << page;
}

TEST_F(ManPages, groff_has_nothing_to_say_against_them) {
  for (const std::string& page : pages()) {
    const Finished groff = run_process({"groff", "-ww", "-man", "-Tutf8", "-z", path(page)});
    EXPECT_EQ(groff.code, 0) << page;
    EXPECT_EQ(groff.err, "") << page;
  }
}

TEST_F(ManPages, say_what_help_says_of_each_command) {
  for (const auto& command : cli::all_commands()) {
    const cli::About& about = command->about();
    const std::string name(about.name);
    const std::string page = shown("mongoelector-" + name);
    const std::string help = flat(run_tool({"help", name}).out);
    std::vector<std::string> said{std::string(about.summary), std::string(about.usage),
                                  flat(std::string(about.details))};
    for (const cli::Example& example : about.examples) {
      said.emplace_back(example.line);
      said.emplace_back(example.meaning);
    }
    for (const cli::Word& word : cli::words_of(*command)) {
      if (!word.is_flag) continue;
      said.push_back(word.meaning);
      said.push_back(word.names.back() + (word.value.empty() ? "" : " " + word.value));
    }
    for (const std::string& text : said) {
      EXPECT_NE(page.find(text), std::string::npos) << name << ": page: " << text;
      EXPECT_NE(help.find(text), std::string::npos) << name << ": help: " << text;
    }
    for (const cli::ExitCode& code : cli::kExitCodes)
      EXPECT_NE(page.find(code.meaning), std::string::npos) << name << ": " << code.meaning;
  }
}

TEST_F(ManPages, the_main_page_has_commands_flags_variables_files_and_exit_codes) {
  const std::string page = shown("mongoelector");
  const std::string help = flat(run_tool({"help"}).out);
  std::vector<std::string> said;
  for (const auto& command : cli::all_commands()) said.emplace_back(command->about().summary);
  for (const cli::Word& word : cli::global_words()) said.push_back(word.meaning);
  for (const cli::EnvironmentVariable& variable : cli::kEnvironment)
    said.push_back(std::string(variable.name) + " " + std::string(variable.meaning));
  for (const cli::KnownFile& file : cli::kFiles)
    said.push_back(std::string(file.name) + " " + std::string(file.meaning));
  for (const cli::ExitCode& code : cli::kExitCodes)
    said.push_back(std::to_string(static_cast<int>(code.code)) + " " + std::string(code.meaning));
  for (const std::string& text : said) {
    EXPECT_NE(page.find(text), std::string::npos) << "page: " << text;
    EXPECT_NE(help.find(text), std::string::npos) << "help: " << text;
  }
}

TEST_F(ManPages, a_folder_that_cannot_be_written_is_an_error) {
  EXPECT_EQ(run_tool({"help", "--man-dir", path("mongoelector")}).code, 71);
  EXPECT_EQ(run_tool({"help", "lock", "--man-dir", dir.path()}).code, 64);
}

TEST(SystemdUnits, systemd_accepts_them) {
  const TempDir dir;
  std::vector<std::string> command{"systemd-analyze", "verify", "--man=no"};
  const std::string folder = std::string(MONGOELECTOR_SOURCE_DIR) + "/packaging/systemd";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    // The tool is where it is, and an instance is verified, not the template.
    const std::string text =
        std::regex_replace(contents(entry.path()), std::regex("ExecStart=mongoelector"),
                           std::string("ExecStart=") + MONGOELECTOR_CLI);
    std::ofstream(dir.file(entry.path().filename())) << text;
    command.push_back(dir.file(
        std::regex_replace(entry.path().filename().string(), std::regex("@"), "@billing")));
  }
  ASSERT_EQ(command.size(), 3u + 3u);
  const Finished systemd = run_process(command);
  EXPECT_EQ(systemd.code, 0) << systemd.err;
  EXPECT_EQ(systemd.err, "");
}

TEST(SystemdUnits, start_what_the_tool_can_parse) {
  const std::string folder = std::string(MONGOELECTOR_SOURCE_DIR) + "/packaging/systemd/";
  for (const char* unit : {"mongoelector-run@.service", "mongoelector-once@.service"}) {
    std::smatch line;
    const std::string text = contents(folder + unit);
    ASSERT_TRUE(std::regex_search(text, line, std::regex("ExecStart=mongoelector (.*)")));
    // As it stands it would look for its URI in a file %d/uri: flags are fine, and this is not.
    std::vector<std::string> words;
    std::istringstream in(line[1].str());
    for (std::string word; in >> word;) words.push_back(word);
    const Finished tool = run_tool(words);
    EXPECT_EQ(tool.code, 78) << tool.err;
    EXPECT_NE(tool.err.find("--uri-file: cannot read"), std::string::npos) << tool.err;
  }
}

}  // namespace
}  // namespace mongoelector::test
