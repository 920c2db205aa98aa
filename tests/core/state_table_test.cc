// The reader of the state tables: what it cannot read must fail, or a broken table would pass.
#include "core/state_table.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace mongoelector::test {
namespace {

const Words kWords{.states = {"red", "green"}, .marks = {"W", "(run)"}, .conditions = {"late"}};

std::string table(const std::string& rows) {
  return "// clang-format off\n//            go            halt\n" + rows +
         "// clang-format on\n";
}

StateTable read(const std::string& rows) { return {table(rows), kWords, {"go", "halt"}}; }

TEST(StateTable, reads_every_kind_of_cell) {
  const StateTable cells = read(
      "// red        green! W|red  (late) green, red\n"
      "// green      . / red       (run)\n");
  EXPECT_EQ(cells.at("red", "go").pick({}).to, "green");
  EXPECT_TRUE(cells.at("red", "go").pick({}).has("!"));
  EXPECT_TRUE(cells.at("red", "go").pick({}).has("W"));
  EXPECT_EQ(cells.at("red", "go").pick({.bar = true}).to, "red");
  EXPECT_EQ(cells.at("red", "halt").pick({.conditions = {"late"}}).to, "green");
  EXPECT_EQ(cells.at("red", "halt").pick({}).to, "red");
  EXPECT_TRUE(cells.at("green", "go").pick({}).no_change());
  EXPECT_EQ(cells.at("green", "go").pick({.slash = true}).to, "red");
  EXPECT_EQ(cells.unused().size(), 1u);
  EXPECT_TRUE(cells.at("green", "halt").pick({}).has("(run)"));
  EXPECT_TRUE(cells.unused().empty());
  EXPECT_TRUE(cells.at("blue", "go").pick({}).no_change());
}

TEST(StateTable, refuses_what_it_cannot_read) {
  for (const std::string rows : {
           "// red        blue          .\n",             // no such state
           "// red        green X       .\n",             // no such mark
           "// red        (soon) green  .\n",             // no such condition
           "// red        green|red|red .\n",             // too many alternatives
           "// red        green|        .\n",             // an alternative that says nothing
           "// red        .\n",                           // a cell too few
           "// red       .              .\n",             // not under its column
           "// blue       .             .\n",             // no such row
           "// red        .             .\n"              //
           "// red        .             .\n",             // the same row twice
       }) {
    EXPECT_THROW(read(rows), std::invalid_argument) << rows;
  }
  EXPECT_THROW(StateTable("no table", kWords, {}), std::invalid_argument);
  EXPECT_THROW(StateTable(table(""), kWords, {"go"}), std::invalid_argument);
}

TEST(StateTable, reads_enumerators_in_their_order) {
  EXPECT_EQ(enumerators("enum class Light : int {\n  red,  // stop, or\n  green\n};\n", "Light"),
            (std::vector<std::string>{"red", "green"}));
  EXPECT_THROW(enumerators("", "Light"), std::invalid_argument);
}

}  // namespace
}  // namespace mongoelector::test
