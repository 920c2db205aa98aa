// The table, on the terminal and as a page.
#include <sys/utsname.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "bench/bare.h"
#include "bench/bench.h"
#include "support/mongod.h"

namespace mongoelector::bench {

namespace {

constexpr int kColumns = 5;

std::vector<std::string> cells(const Figure& figure) {
  const char* met = !figure.met ? "" : *figure.met ? "met" : "MISSED";
  return {figure.what, figure.reached, figure.beside, figure.target, met};
}

std::vector<std::vector<std::string>> rows(const std::vector<Group>& groups) {
  std::vector<std::vector<std::string>> rows{{"what", "reached", "beside", "target", ""}};
  for (const Group& group : groups)
    for (const Figure& figure : group.figures) rows.push_back(cells(figure));
  return rows;
}

std::string summary(const std::vector<Group>& groups) {
  std::size_t count = 0;
  for (const Group& group : groups) count += group.figures.size();
  return std::to_string(count) + " figures, " + std::to_string(figures_missed(groups)) +
         " of their targets missed";
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  }
  return "unknown CPU";
}

std::string machine() {
  utsname system{};
  uname(&system);
  const auto server = test::Mongod::replica_set();
  return std::to_string(std::thread::hardware_concurrency()) + " cores (" + cpu_model() + "), " +
         system.sysname + " " + system.release + ", mongod " +
         BareClient(server->uri("admin")).version();
}

std::string today() {
  const time_t now = time(nullptr);
  char text[16];
  strftime(text, sizeof text, "%Y-%m-%d", gmtime(&now));
  return text;
}

}  // namespace

int figures_missed(const std::vector<Group>& groups) {
  int missed = 0;
  for (const Group& group : groups)
    for (const Figure& figure : group.figures) missed += figure.met == false;
  return missed;
}

void print(const std::vector<Group>& groups) {
  const auto table = rows(groups);
  std::size_t width[kColumns] = {};
  for (const auto& row : table)
    for (std::size_t i = 0; i < kColumns; ++i) width[i] = std::max(width[i], row[i].size());
  for (const auto& row : table) {
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i)
      line += row[i] + std::string(width[i] - row[i].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("%s\n", line.c_str());
  }
  std::printf("%s\n", summary(groups).c_str());
}

void write_page(const std::vector<Group>& groups, const std::string& path,
                const std::string& commit) {
  std::ofstream page(path);
  page << "# Figures\n\n"
       << "Written by `make bench`; not to be edited. " << today() << ", commit " << commit << ".\n"
       << "Machine: " << machine() << ".\n\n"
       << "What stands beside a figure was measured in the same run, in turns with it. A replica "
          "set has one node\nunless said otherwise; writes are acknowledged by a majority; all "
          "processes share the machine.\n\n";
  bool head = true;
  for (const auto& row : rows(groups)) {
    page << "|";
    for (const std::string& cell : row) page << " " << cell << " |";
    page << "\n";
    if (head) page << "|---|---|---|---|---|\n";
    head = false;
  }
  page << "\n" << summary(groups) << ".\n";
  if (!page.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace mongoelector::bench
