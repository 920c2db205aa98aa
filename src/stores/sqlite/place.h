// Where the file lies: whether the file system can keep the promises, and whether the files are
// still the ones that were opened.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mongoelector::internal {

// A descriptor that is closed on exec and with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Stays open until the process ends.
  void abandon() { fd_ = -1; }

 private:
  int fd_;
};

// The name of a file system that is no use here because other machines may write to it, or because
// its locks cannot be trusted. Empty for all others.
std::string_view unfit_file_system(std::int64_t type);

// `path` with everything resolved, so that all names of one file give the same one. Makes the last
// directory level if only that is missing. Throws ConnectError.
std::string prepare_place(const std::string& path);

// Whether a file is there; throws ConnectError when it is not a plain file of one name.
bool file_exists(const std::string& path);

// The companion of `path` where sessions keep their files.
std::string sessions_directory(const std::string& path);

// Moves a finished file to its place unless there is one. Throws ConnectError.
void publish_file(const std::string& from, const std::string& path);

// Files kept in memory are gone with the next boot.
bool in_memory(const std::string& path);

// The database and its two companions, by what their names lead to. A live connection keeps all
// three from being replaced in any regular way; so another answer means that somebody removed or
// replaced them, and that others may be using other files.
class FileMarks {
 public:
  FileMarks() = default;
  static FileMarks of(const std::string& path) noexcept;
  bool operator==(const FileMarks&) const = default;
  std::int64_t database_inode() const { return static_cast<std::int64_t>(files_[0].inode); }
  std::int64_t log_inode() const { return static_cast<std::int64_t>(files_[1].inode); }

 private:
  struct Mark {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Mark&) const = default;
  };
  std::array<Mark, 3> files_{};
};

}  // namespace mongoelector::internal
