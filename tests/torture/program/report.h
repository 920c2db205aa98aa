// The one table a run ends with, and the same as JSON.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "torture/program/facilities.h"
#include "torture/program/history.h"

namespace mongoelector::torture {

struct Summary {
  Store store = Store::sqlite;
  int histories = 0;
  std::int64_t seconds = 0;  // of each
  std::vector<std::string> missing;  // facilities
  Outcome total;  // sums; of times the longest

  void add(const Outcome& outcome);
};

void print_table(const Summary& summary, std::ostream& out);
void write_json(const Summary& summary, const std::string& file);
// Of the sources this was built from, or "unknown".
std::string commit();

}  // namespace mongoelector::torture
