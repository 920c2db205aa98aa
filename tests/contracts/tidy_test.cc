// tools/tidy finds a breach of each rule of ARCHITECTURE.md, and nothing in a tree without one.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_dir.h"

namespace mongoelector::test {
namespace {

class Tidy : public testing::Test {
 protected:
  Tidy() {
    put("CMakeLists.txt", "project(x VERSION 1.2.3)\n");
    put("CHANGELOG.md", "## 1.2.3\n");
    put("tests/CMakeLists.txt", "me_test(core)\n");
  }
  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = tree_.file(path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // What tidy says of the tree, and that it fails if it says anything.
  std::string complaints() {
    const std::string command = MONGOELECTOR_SOURCE_DIR "/tools/tidy '" + tree_.path() + "'";
    FILE* out = popen(command.c_str(), "r");
    std::string text;
    std::array<char, 256> part{};
    while (fgets(part.data(), part.size(), out) != nullptr) text += part.data();
    const int status = pclose(out);
    const bool clean = text == "tidy: clean\n";
    EXPECT_EQ(WEXITSTATUS(status), clean ? 0 : 1) << text;
    return clean ? "" : text;
  }

  TempDir tree_;
};

TEST_F(Tidy, a_sound_tree_is_clean) {
  put("src/core/a.cc", "#include \"core/a.h\"\n\nint f(int a) {\n  return a;\n}\n");
  EXPECT_EQ(complaints(), "");
}

TEST_F(Tidy, each_breach_is_named_with_its_line) {
  struct Breach {
    std::string path, line, rule;
  };
  const std::vector<Breach> breaches{
      {"src/core/x.cc", "#include \"session/keeper.h\"", "this layer may include"},
      {"src/stores/memory/x.cc", "#include \"stores/sqlite/sqlite_store.h\"", "may include"},
      {"src/stores/sqlite/x.cc", "#include \"core/timing.h\"", "may include"},
      {"include/mongoelector/x.h", "#include <mongoc/mongoc.h>", "standard library only"},
      {"src/core/x.cc", "#include <mutex>", "core is pure"},
      {"src/session/x.cc", "  std::this_thread::sleep_for(pause);", "outside src/base"},
      {"cli/x.cc", "  auto now = std::chrono::steady_clock::now();", "outside src/base"},
      {"src/api/x.cc", "  std::cerr << text;", "process-wide"},
      {"src/api/x.cc", "  signal(SIGTERM, handler);", "process-wide"},
      {"src/base/x.cc", "// " + std::string(100, 'x'), "columns"},
      {"tests/core/x_test.cc", "  std::this_thread::sleep_for(pause);", "a test that sleeps"},
      {"tests/core/x_test.cc", "  GTEST_SKIP();", "can be skipped"},
      {"tests/other/x_test.cc", "", "is built by nothing"}};
  for (const Breach& breach : breaches) {
    put(breach.path, breach.line + "\n");
    const std::string said = complaints();
    EXPECT_NE(said.find(breach.path + ":1: "), std::string::npos) << breach.line << "\n" << said;
    EXPECT_NE(said.find(breach.rule), std::string::npos) << breach.line << "\n" << said;
    std::filesystem::remove(tree_.file(breach.path));
  }
  EXPECT_EQ(complaints(), "");
}

TEST_F(Tidy, a_driver_belongs_to_one_file) {
  put("src/stores/mongo/a.cc", "#include <mongoc/mongoc.h>\n");
  EXPECT_EQ(complaints(), "");
  put("src/stores/mongo/b.cc", "#include <mongoc/mongoc.h>\n");
  EXPECT_NE(complaints().find("only src/stores/mongo/a.cc may"), std::string::npos);
}

TEST_F(Tidy, long_functions_and_files_are_named) {
  std::string body;
  for (int i = 0; i < 70; ++i) body += "  ++count;\n";
  put("src/base/x.cc", "void f(int& count,\n       int other) {\n" + body + "}\n");
  EXPECT_NE(complaints().find("src/base/x.cc:1: 73 lines of function"), std::string::npos);
  put("src/base/x.cc", body + body + body + body + body + body + body + body + body);
  EXPECT_NE(complaints().find("630 lines"), std::string::npos);
}

TEST_F(Tidy, the_version_stands_in_one_place) {
  put("CHANGELOG.md", "## 1.2.2\n");
  EXPECT_NE(complaints().find("CMakeLists.txt says 1.2.3"), std::string::npos);
}

}  // namespace
}  // namespace mongoelector::test
