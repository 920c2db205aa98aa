// Nothing that is not understood is ever skipped, and the program's exit codes tell legal, broken
// and unreadable apart.
#include "verification/checker/reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "verification/cases.h"
#include "verification/checker/checker.h"
#include "verification/checker/times.h"

namespace verification {
namespace {

const std::string kTerm =
    R"({"kind":"term","client":"a","key":"k","token":"1","start_ns":0,"end_ns":10})";

std::string with(const std::string& field) {
  return kTerm.substr(0, kTerm.size() - 1) + "," + field + "}";
}

std::string trouble_of(const std::string& text) {
  History history;
  std::istringstream in(text);
  return read(in, "log", history).value_or("");
}

TEST(reader, refuses_every_malformed_line_and_says_where) {
  // clang-format off
  const std::string malformed[] = {
      "",
      "\r",
      "null",
      "[]",
      "17",
      "\"kind\"",
      "{",
      "{}",
      kTerm.substr(0, kTerm.size() / 2),
      kTerm + kTerm,
      kTerm + ",",
      with(R"("token":"2")"),
      with(R"("blurr_ns":1)"),
      with(R"("blur_ns":-1)"),
      with(R"("blur_ns":1.5)"),
      with(R"("blur_ns":{"ns":1})"),
      with(R"("told_ns":5)"),
      with(R"("told_ns":["5"])"),
      with(R"("told_ns":[[5]])"),
      with(R"("told_ns":[9223372036854775807])"),
      with(R"("deadline_ns":9223372036854775807)"),
      with(R"("deadline_ns":18446744073709551615)"),
      with(R"("deadline_ns":"10")"),
      with(R"("note":5)"),
      with("\"note\":\"\xff\""),
      R"({"kind":"team","client":"a"})",
      R"({"kind":null})",
      R"({"kind":"term","client":"a","key":"k","token":"1","start_ns":0})",
      R"({"kind":"term","client":"a","key":"k","token":"1","start_ns":null,"end_ns":10})",
      R"({"kind":"term","client":"","key":"k","token":"1","start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":7,"token":"1","start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":"k","token":1,"start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":"k","token":"-1","start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":"k","token":"01","start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":"k","token":"1 ","start_ns":0,"end_ns":10})",
      R"({"kind":"term","client":"a","key":"k","token":"18446744073709551616","start_ns":0,"end_ns":10})",
      R"({"kind":"attempt","client":"a","key":"k","at_ns":0,"end_ns":1,"outcome":"maybe"})",
      R"({"kind":"attempt","client":"a","key":"k","at_ns":0,"outcome":"granted","token":"1"})",
      R"({"kind":"attempt","client":"a","key":"k","at_ns":0,"end_ns":1,"outcome":"held","token":"1"})",
      R"({"kind":"attempt","client":"a","key":"k","at_ns":2,"end_ns":1,"outcome":"held"})",
      R"({"kind":"release","client":"a","key":"k","token":"1","at_ns":2,"outcome":"released"})",
      R"({"kind":"release","client":"a","key":"k","token":"1","at_ns":2,"end_ns":1,"outcome":"lost"})",
      R"({"kind":"request","client":"a","key":"k","at_ns":2,"verb":"renew"})",
      R"({"kind":"request","client":"a","key":"k","token":"1","at_ns":2,"verb":"release"})",
      R"({"kind":"applied","key":"k","token":"1","at_ns":2,"verb":"steal"})",
      R"({"kind":"write","register":"r","fenced":true,"at_ns":2,"accepted":true})",
      R"({"kind":"write","register":"r","fenced":true,"token":"1","at_ns":2})",
      R"({"kind":"write","register":"r","fenced":1,"token":"1","at_ns":2,"accepted":true})",
      R"({"kind":"write","register":"r","fenced":true,"token":"1","at_ns":2,"accepted":true,"value":-1})",
      R"({"kind":"final","register":"r"})",
      R"({"kind":"crash","client":"a"})",
  };
  // clang-format on
  for (const std::string& line : malformed) {
    const std::string text = kTerm + "\n" + line + "\n" + kTerm + "\n";
    EXPECT_TRUE(trouble_of(text).starts_with("log:2: ")) << line << " -> " << trouble_of(text);
    EXPECT_EQ(check_text(text), 2) << line;
  }
}

TEST(reader, takes_every_kind_with_every_field) {
  // clang-format off
  const std::string text = with(R"("deadline_ns":null,"ended_by":"lost","told_ns":[],"blur_ns":0)") +
                           R"(
{"kind":"attempt","client":"a","key":"k","at_ns":-1,"end_ns":0,"outcome":"granted","token":"1"}
{"kind":"release","client":"a","key":"k","token":null,"at_ns":10,"end_ns":null,"outcome":"unknown"}
{"kind":"request","client":"a","key":"k","token":"1","at_ns":0,"verb":"claim"}
{"kind":"applied","key":"k","token":"1","at_ns":0,"verb":"claim"}
{"kind":"write","register":"r","client":"a","fenced":true,"token":"1","at_ns":2,"accepted":true,"value":1}
{"kind":"final","register":"r","value":1}
{"kind":"crash","client":"a","at_ns":50}
{"kind":"freeze","client":"a","at_ns":20,"note":"SIGSTOP"}
{"kind":"thaw","client":"a","at_ns":30})";
  // clang-format on
  EXPECT_EQ(trouble_of(text), "");
  EXPECT_EQ(check_text(text), 0);
}

TEST(reader, demands_a_record_at_least) {
  EXPECT_EQ(trouble_of(""), "log:0: holds no record, so it proves nothing");
  EXPECT_EQ(check_text(""), 2);
}

// ---- the document of the command line ----

std::string document(const std::string& rows) {
  return R"({
  "schema": "mongoelector.history/1",
  "generated_at": "2026-11-21T23:59:03.412Z",
  "store": {"kind": "sqlite"},
  "terms": [)" + rows + "]\n}\n";
}

std::string row(const std::string& token, const std::string& start, const std::string& end,
                const std::string& ended_by, const std::string& blur = "0.001") {
  return R"({"name":"billing","term":7,"token":")" + token +
         R"(","holder":{"label":"web-1","id":"4f2a"},"start":"2026-11-21T)" + start +
         R"(Z","end":)" +
         (end.empty() ? "null" : "\"2026-11-21T" + end + "Z\"") + R"(,"ended_by":)" +
         (ended_by.empty() ? "null" : '"' + ended_by + '"') + R"(,"blur_seconds":)" + blur + "}";
}

TEST(reader, judges_the_rows_of_the_command_line_beyond_doubt_only) {
  const std::string first = row("5", "10:00:00.000", "10:00:10.000", "released");
  EXPECT_EQ(check_text(document("")), 2);
  EXPECT_EQ(check_text(document(first)), 0);
  // Off by 1 ms of blur and 2 ms of what was cut off, on each side.
  EXPECT_EQ(check_text(document(first + "," + row("6", "10:00:09.994", "", ""))), 0);
  EXPECT_EQ(check_text(document(first + "," + row("6", "10:00:09.993", "", ""))), 1);
  EXPECT_EQ(check_text(document(first + "," + row("4", "10:00:20.000", "", ""))), 1);
  // A successor wrote when it can have ended at the latest, which proves nothing.
  const std::string expired = row("5", "10:00:00.000", "10:00:10.000", "expired");
  EXPECT_EQ(check_text(document(expired + "," + row("6", "10:00:09.000", "", ""))), 0);
}

TEST(reader, counts_the_gap_after_an_end_that_is_known_at_the_latest) {
  const std::string text = document(row("5", "10:00:00.000", "10:00:10.000", "expired", "0") + "," +
                                    row("6", "10:00:20.000", "", "", "0"));
  EXPECT_EQ(judge(Case{0, "gap", text}.history()).counts.longest_gap, 9'996'000'000);
}

TEST(reader, refuses_documents_that_it_does_not_know) {
  const std::string good = document(row("5", "10:00:00.000", "", ""));
  const auto replaced = [&](const std::string& what, const std::string& by) {
    std::string text = good;
    EXPECT_NE(text.find(what), std::string::npos) << what;
    return text.replace(text.find(what), what.size(), by);
  };
  EXPECT_EQ(trouble_of(good), "");
  for (const auto& [what, by] : {std::pair<std::string, std::string>{"history/1", "history/2"},
                                 {"\"terms\"", "\"rows\""},
                                 {"\"name\"", "\"lock\""},
                                 {"\"token\"", "\"tokens\""},
                                 {"\"5\"", "5"},
                                 {"10:00:00.000Z", "10:00:00"},
                                 {"10:00:00.000Z", "25:00:00.000Z"},
                                 {"\"start\"", "\"begin\""},
                                 {"\"end\"", "\"ended\""},
                                 {"\"ended_by\"", "\"by\""},
                                 {"0.001", "-1"},
                                 {"0.001", "1e300"},
                                 {"\"blur_seconds\"", "\"blur\""},
                                 {"]\n}", "]\n"},
                                 {"]\n}", "]\n} x"}}) {
    EXPECT_TRUE(trouble_of(replaced(what, by)).starts_with("log:1: ")) << what << " -> " << by;
  }
}

TEST(reader, mixes_no_clocks) {
  History history;
  std::istringstream boot(kTerm);
  std::istringstream wall(document(row("5", "10:00:00.000", "", "")));
  EXPECT_FALSE(read(boot, "boot", history));
  const auto trouble = read(wall, "wall", history);
  ASSERT_TRUE(trouble);
  EXPECT_NE(trouble->find("another clock"), std::string::npos) << *trouble;
}

TEST(reader, knows_times_and_durations) {
  using namespace internal;
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z")->since_epoch, 1'000'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z")->precision, 1'000'000'000);
  EXPECT_EQ(parse_rfc3339("2026-11-21T23:57:03.412Z")->since_epoch, 1'795'305'423'412'000'000);
  EXPECT_EQ(parse_rfc3339("2026-11-21T23:57:03.412Z")->precision, 1'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000000007Z")->since_epoch, 7);
  for (const char* text : {"", "2026-11-21", "2026-02-30T00:00:00Z", "2026-11-21T23:57:03.Z",
                           "2026-11-21T23:57:03+01:00", "2026-11-21T23:57:03.4120000000Z",
                           "2026-11-21 23:57:03Z", "9999-11-21T23:57:03Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration("15"), 15'000'000'000);
  EXPECT_EQ(parse_duration("2m"), 120'000'000'000);
  for (const char* text : {"", "s", "-1s", "1.5s", "1d", "99999999999999999h", "1 s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

// ---- the program ----

class CheckHistory : public testing::Test {
 protected:
  ~CheckHistory() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  // The exit code; what it printed is in `output_`.
  int run(const std::string& arguments) {
    output_.clear();
    FILE* pipe = popen((CHECK_HISTORY " " + arguments + " 2>&1").c_str(), "r");
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output_ += static_cast<char>(c);
    return WEXITSTATUS(pclose(pipe));
  }

  std::filesystem::path folder_ = [] {
    std::string pattern = std::filesystem::temp_directory_path() / "check-history-XXXXXX";
    return std::filesystem::path(mkdtemp(pattern.data()));
  }();
  std::string output_;
};

TEST_F(CheckHistory, tells_legal_broken_and_unreadable_apart) {
  const std::string a = file("a.jsonl", kTerm + "\n");
  const std::string b = file("b.jsonl", R"({"kind":"crash","client":"b","at_ns":50}
{"kind":"term","client":"b","key":"k","token":"2","start_ns":5,"end_ns":20}
)");
  EXPECT_EQ(run(a), 0) << output_;
  EXPECT_EQ(output_,
            "1 records, 1 terms of 1 keys (0 of unknown end), 0 unknown outcomes, 0 fenced writes, "
            "0 refused, 0 of 0 unfenced lost, longest gap 0.000000 s, 0 violations\n");
  EXPECT_EQ(run(b), 0) << output_;
  EXPECT_EQ(run(a + " " + b), 1);
  EXPECT_NE(output_.find("promise 1: a's term"), std::string::npos) << output_;
  EXPECT_NE(output_.find("a.jsonl:1, " + b + ":2)\n"), std::string::npos) << output_;
  EXPECT_EQ(run(a + " " + b + " --json"), 1);
  EXPECT_NE(output_.find("\"legal\": false"), std::string::npos) << output_;
  EXPECT_EQ(run(a + " " + file("c.jsonl", kTerm + "\n{")), 2);
  EXPECT_NE(output_.find("c.jsonl:2: "), std::string::npos) << output_;
  EXPECT_EQ(run(a + " " + a + ".missing"), 2);
  EXPECT_EQ(run(a + " " + folder_.string()), 2);
  EXPECT_EQ(run(a + " " + file("empty", "")), 2);
}

TEST_F(CheckHistory, judges_gaps_if_asked) {
  const std::string a = file("a.jsonl", kTerm + R"(
{"kind":"term","client":"b","key":"k","token":"2","start_ns":2000000010,"end_ns":null})");
  EXPECT_EQ(run(a), 0) << output_;
  EXPECT_EQ(run(a + " --max-gap 2s"), 0) << output_;
  EXPECT_EQ(run(a + " --max-gap 1999ms"), 1) << output_;
  EXPECT_NE(output_.find("promise 9: "), std::string::npos) << output_;
}

TEST_F(CheckHistory, knows_its_arguments) {
  EXPECT_EQ(run(""), 2);
  EXPECT_EQ(run("--max-gap 1s"), 2);
  const std::string a = file("a.jsonl", kTerm);
  EXPECT_EQ(run(a + " --max-gap"), 2);
  EXPECT_EQ(run(a + " --max-gap soon"), 2);
  EXPECT_EQ(run(a + " --gap 1s"), 2);
  EXPECT_NE(output_.find("usage: "), std::string::npos) << output_;
}

}  // namespace
}  // namespace verification
