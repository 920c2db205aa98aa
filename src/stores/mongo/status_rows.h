// Status rows of candidates, in the layout that Python members of the fleet read and write
// (field by field as they expect it, complete from the first write). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongoelector/options.h"
#include "mongoelector/store.h"
#include "stores/mongo/bson.h"

namespace mongoelector::internal::mongo {

// Where rows are written and read.
std::vector<std::string> status_collections(PythonFleet fleet);

// One write that replaces the row of row.uuid; `timestamp` is the server's time, and so the reply
// tells it.
Bson report_command(const std::string& collection, const NodeStatus& row);
std::optional<WallTime> reported_at(const bson_t& reply);
Bson members_filter(const Key& key);
Bson freshest_first();

// Tolerant: whatever is missing or of another type is left at its default.
NodeStatus decode_status(const Key& key, const bson_t& document);

}  // namespace mongoelector::internal::mongo
