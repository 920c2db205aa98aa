// What a command of this tool is. To add one: cli/NAME.cc with a class and make_NAME(), a line in
// cli/command.cc.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/format.h"
#include "cli/output.h"

namespace mongoelector::cli {

// Order of the groups in help.
inline constexpr std::array<std::string_view, 5> kGroups{"Run something safely", "Look", "Act",
                                                         "Script pieces", "Operate"};

struct Example {
  std::string_view line;
  std::string_view meaning;
};

// What help says about a command. The first example is shown in the main help too.
struct About {
  std::string_view name;
  std::string_view alias = {};
  std::string_view group;  // one of kGroups
  std::string_view summary;
  std::string_view usage;  // what follows the name
  std::vector<Example> examples;
  std::string_view details = {};       // whole lines, shown below the flags
  bool starts_a_command = false;  // takes `-- COMMAND...`
};

class Deadline;

struct Context {
  Globals globals = {};
  Format format = Format::table;
  Output out = {};
  Deadline* deadline = nullptr;  // what bounds the store work just now
  std::vector<std::string> command = {};  // what follows `--`, if the command starts one
};

// One object is used for one run: add_flags() binds its members, run() reads them.
class Command {
 public:
  virtual ~Command() = default;
  virtual const About& about() const = 0;
  virtual void add_flags(Flags& flags) = 0;
  // What -o may ask for besides table, json and jsonl.
  virtual std::vector<Format> formats() const { return {}; }
  // The exit code. Throws Failure or what the library throws.
  virtual int run(Context& context) = 0;
};

// All of them, in the order of the help.
std::vector<std::unique_ptr<Command>> all_commands();

// By name or alias; nullptr if there is none.
std::unique_ptr<Command> find_command(std::string_view name);

}  // namespace mongoelector::cli
