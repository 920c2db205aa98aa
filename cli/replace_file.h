// Small files that other programs read while they change.
#pragma once

#include <string>
#include <string_view>

namespace mongoelector::cli {

// Where the new content stands for a moment.
inline std::string draft_of(const std::string& path) { return path + ".new"; }

// Readers see the old content or the new one, never a part. The file is readable as `mode` says.
// Throws std::system_error that names the file.
void replace_file(const std::string& path, std::string_view text, unsigned mode);

}  // namespace mongoelector::cli
