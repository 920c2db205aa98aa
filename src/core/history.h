// Reading the rows of one key's history. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "mongoelector/records.h"

namespace mongoelector::internal {

// The number of the term with `token`: one more than its predecessor's. Rows without a number are
// counted on from the latest one that has one.
std::uint64_t next_term_number(std::span<const TermRow> newest_first, Token token);

}  // namespace mongoelector::internal
