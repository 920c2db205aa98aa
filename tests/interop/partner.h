// A node of the Python fleet: the real package in a process of its own, told what to do in Python.
//
// Needs what tools/setup puts in the cache; without it the tests fail.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "support/process.h"

namespace mongoelector::test {

// Used by one thread. See partner.py for the names that its Python may use.
class Partner {
 public:
  // The package of that version at the database of `uri`. Throws std::runtime_error without it.
  Partner(const std::string& version, const std::string& uri);

  // Runs a statement, or an expression, of one line. Throws std::runtime_error if that raised.
  void run(const std::string& python);
  // The value of an expression, as JSON.
  std::string ask(const std::string& python);
  bool is(const std::string& python) { return ask(python) == "true"; }
  // "TYPE: MESSAGE" of what it raised; throws std::runtime_error if nothing.
  std::string complaint_of(const std::string& python);

  // For what shall run while the test does something else.
  void begin(const std::string& python) { process_.write_line(python); }
  std::string end();  // the JSON of what was begun

  // Blocks until it has said so, since that was last awaited: "leader", "loss", "trying".
  void await(const std::string& event);

  void freeze() const;
  void thaw() const;

 private:
  std::string answer();
  void take_line();

  Process process_;
  std::multiset<std::string> events_;
  std::deque<std::string> answers_;
};

}  // namespace mongoelector::test
