#include "cli/lease_file.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/boottime.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/election.h"
#include "cli/globals.h"
#include "cli/records.h"
#include "cli/replace_file.h"
#include "cli/supervision.h"

namespace mongoelector::cli {

namespace {

// Two readings of one deadline differ by less; two renewals by more.
constexpr Duration kSame = std::chrono::milliseconds(10);

std::string directory() {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const auto value = environment(name);
    if (value && access(value->c_str(), W_OK | X_OK) == 0) return *value;
  }
  return "/tmp";
}

}  // namespace

LeaseFile::LeaseFile(Output& out, const Tenure& tenure, const Cover& cover)
    : out_(out),
      content_{{"schema", "mongoelector.lease_file/1"},
               {"name", tenure.key.name()},
               {"kind", to_string(tenure.key.kind())},
               {"holder", holder_name(tenure.label, tenure.holder_id)},
               {"token", token_json(tenure.token)},
               {"term", number_json(tenure.term)},
               {"ttl_seconds", internal::seconds(tenure.ttl)},
               {"valid_until_boottime", 0.0}},
      path_(directory() + "/mongoelector-" + internal::new_uuid() + ".json") {
  if (!write(cover.until_boottime)) path_.clear();
}

void LeaseFile::renewed(const Cover& cover) {
  if (path_.empty() || cover.until_boottime - written_ < kSame) return;
  write(cover.until_boottime);
}

void LeaseFile::remove() noexcept {
  if (!path_.empty()) unlink(path_.c_str());
  path_.clear();
}

bool LeaseFile::write(Duration valid_until) {
  content_["valid_until_boottime"] = internal::seconds(valid_until);
  try {
    replace_file(path_, to_line(content_), 0600);
  } catch (const std::system_error& error) {
    if (written_ != Duration::max()) out_.note(error.what());
    written_ = Duration::max();  // said once; no further tries
    return false;
  }
  written_ = valid_until;
  return true;
}

}  // namespace mongoelector::cli
