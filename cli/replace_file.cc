#include "cli/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/text.h"
#include "cli/file_descriptor.h"

namespace mongoelector::cli {

void replace_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string draft = draft_of(path);
  const auto fail = [&] {
    const std::error_code why(errno, std::generic_category());
    unlink(draft.c_str());
    throw std::system_error(why, "cannot write " + internal::quoted(path));
  };
  const FileDescriptor file(
      open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (file.get() < 0) fail();
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail();
  if (std::rename(draft.c_str(), path.c_str()) != 0) fail();
}

}  // namespace mongoelector::cli
