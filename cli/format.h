// How an answer is shown: --json, -o FORMAT and MONGOELECTOR_OUTPUT together.
#pragma once

#include <vector>

#include "cli/globals.h"

namespace mongoelector::cli {

// jsonl is JSON Lines: one object per line where the answer is a list, else the document on one
// line.
enum class Format { table, wide, json, jsonl, name };

// For a command that can show `more` than a table, json and jsonl. What the line asks for must be
// possible; what the environment asks for counts where it is. Throws Failure.
Format choose_format(const Globals& globals, const std::vector<Format>& more);

constexpr bool is_json(Format format) { return format == Format::json || format == Format::jsonl; }

}  // namespace mongoelector::cli
