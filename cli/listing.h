// All locks and elections of a store, as `list` and a bare `status` show them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/records.h"

namespace mongoelector::cli {

enum class Format { table, wide, json, name };

struct Selection {
  std::optional<Kind> kind = {};
  std::string glob = {};  // as in a shell; empty: all
};

// In order of kind and name. Tells the user about records that cannot be read. Throws StoreError.
std::vector<Record> list_records(Context& context, LeaseStore& store, const Selection& selection);

std::string render_records(Context& context, const Connection& connection,
                           const std::vector<Record>& records, Format format);

}  // namespace mongoelector::cli
