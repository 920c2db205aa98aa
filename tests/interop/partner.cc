#include "interop/partner.h"

#include <signal.h>

#include <cstdlib>
#include <map>
#include <stdexcept>

namespace mongoelector::test {

namespace {

std::string source() {
  const char* given = std::getenv("MONGOELECTOR_SOURCE");
  return given == nullptr ? MONGOELECTOR_SOURCE_DIR : given;
}

std::string find_folder(const std::string& version) {
  const Finished finder = run_process({source() + "/tools/find-python-fleet", version});
  if (finder.code != 0) throw std::runtime_error(finder.err);
  return finder.out.substr(0, finder.out.find('\n'));
}

const std::string& folder_of(const std::string& version) {
  static std::map<std::string, std::string> found;
  const auto known = found.find(version);
  if (known != found.end()) return known->second;
  return found.emplace(version, find_folder(version)).first->second;
}

}  // namespace

Partner::Partner(const std::string& version, const std::string& uri)
    : process_({"python3", "-B", source() + "/tests/interop/partner.py", uri},
               {.environment = {{"PYTHONPATH", folder_of(version)}}, .talks = true}) {}

void Partner::take_line() {
  const std::string line = process_.read_line();
  if (line.starts_with("* ")) {
    events_.insert(line.substr(2));
  } else {
    answers_.push_back(line);
  }
}

std::string Partner::answer() {
  while (answers_.empty()) take_line();
  const std::string line = answers_.front();
  answers_.pop_front();
  return line;
}

std::string Partner::end() {
  const std::string line = answer();
  if (!line.starts_with("= ")) throw std::runtime_error("the Python node says " + line);
  return line.substr(2);
}

std::string Partner::ask(const std::string& python) {
  begin(python);
  return end();
}

void Partner::run(const std::string& python) { ask(python); }

std::string Partner::complaint_of(const std::string& python) {
  begin(python);
  const std::string line = answer();
  if (!line.starts_with("! ")) throw std::runtime_error(python + " raised nothing: " + line);
  return line.substr(2);
}

void Partner::await(const std::string& event) {
  const std::string wanted = '"' + event + '"';
  while (!events_.contains(wanted)) take_line();
  events_.erase(events_.find(wanted));
}

void Partner::freeze() const { process_.signal(SIGSTOP); }
void Partner::thaw() const { process_.signal(SIGCONT); }

}  // namespace mongoelector::test
