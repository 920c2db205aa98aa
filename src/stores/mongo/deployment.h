// What is looked at once: whether this deployment can keep the promises and whether we may use it,
// when a store is opened; the indexes, as its upkeep.
#pragma once

#include <algorithm>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "mongoelector/options.h"
#include "stores/mongo/driver.h"

namespace mongoelector::internal::mongo {

struct Names {
  std::string database;
  std::string locks;  // collection of Kind::lock
  std::string elections = "elector.locks";  // collection of Kind::election
  std::vector<std::string> status;       // where our rows go
  std::vector<std::string> read_status;  // where any member, Python's too, may have its row
  // Of elections; never among the documents that Python members read.
  std::string history = "elector.history";
  std::string control = "elector.control";
  // Beside the locks that are waited for. No change stream shows it.
  std::string waiters() const { return locks + ".waiters"; }

  bool writes_status_to(const std::string& collection) const {
    return std::find(status.begin(), status.end(), collection) != status.end();
  }
};

struct Deployment {
  std::optional<WallTime> time;       // of the server, as it greeted
  std::vector<std::string> warnings;  // of what will not work, or not always
};

// Throws ConnectError: unreachable, denied or unsupported. Never quotes a secret.
Deployment check_deployment(Driver& driver, const Names& names);

// The index is only a broom for what nobody claims any more: made where there is none on that
// field, never changed, never dropped, and nothing depends on it. Returns what the server refused
// and foreign indexes that sweep early, as warnings; throws ConnectError when it does not answer.
// Nothing more is asked once `stop` is requested.
std::vector<std::string> prepare_indexes(Driver& driver, const Names& names, PythonFleet fleet,
                                         const std::stop_token& stop);

}  // namespace mongoelector::internal::mongo
