#include "stores/sqlite/place.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "mongoelector/error.h"

namespace mongoelector::internal {

namespace {

struct UnfitFileSystem {
  std::uint32_t type;
  std::string_view name;
};

constexpr UnfitFileSystem kUnfit[] = {
    {NFS_SUPER_MAGIC, "NFS"},       {SMB_SUPER_MAGIC, "SMB"},   {CIFS_SUPER_MAGIC, "CIFS"},
    {SMB2_SUPER_MAGIC, "SMB2"},     {NCP_SUPER_MAGIC, "NCP"},   {AFS_SUPER_MAGIC, "AFS"},
    {AFS_FS_MAGIC, "AFS"},          {CODA_SUPER_MAGIC, "Coda"}, {V9FS_MAGIC, "9P"},
    {CEPH_SUPER_MAGIC, "Ceph"},     {FUSE_SUPER_MAGIC, "FUSE"}, {OCFS2_SUPER_MAGIC, "OCFS2"},
    {0x01161970, "GFS2"},           {0x0bd00bd0, "Lustre"},     {0x47504653, "GPFS"},
    {0x786f4256, "VirtualBox"},     {0xbacbacbc, "VMware"},     {0x19830326, "BeeGFS"},
    {0xaad7aaea, "PanFS"},
};

[[noreturn]] void cannot(const std::string& what, const std::string& path, int error) {
  throw ConnectError(ConnectProblem::cannot_create,
                     "cannot " + what + " " + internal::quoted(path) + ": " +
                         std::generic_category().message(error));
}

std::uint32_t file_system_of(const std::string& path) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) cannot("look at", path, errno);
  return static_cast<std::uint32_t>(info.f_type);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string_view unfit_file_system(std::int64_t type) {
  for (const UnfitFileSystem& unfit : kUnfit) {
    if (static_cast<std::uint32_t>(type) == unfit.type) return unfit.name;
  }
  return {};
}

std::string prepare_place(const std::string& path) {
  if (path.find('\0') != std::string::npos)
    throw ConnectError(ConnectProblem::bad_uri,
                       "the path " + internal::quoted(path) + " holds a NUL byte");
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  const auto resolved = std::filesystem::weakly_canonical(absolute, error);
  if (error) cannot("use", path, error.value());
  const std::string directory = resolved.parent_path().string();
  // Locks and who takes part in elections are nobody else's business.
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    cannot("make the directory for", path, errno);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) cannot("use", path, errno);
  if (!S_ISDIR(info.st_mode)) cannot("use", path, ENOTDIR);
  if (const std::string_view name = unfit_file_system(file_system_of(directory)); !name.empty()) {
    throw ConnectError(ConnectProblem::unsupported,
                       internal::quoted(path) + " is on a file system (" + std::string(name) +
                           ") that may be shared with other machines; the embedded store needs a "
                           "local one");
  }
  return resolved.string();
}

bool file_exists(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    cannot("open", path, errno);
  }
  if (S_ISDIR(info.st_mode)) cannot("open", path, EISDIR);
  if (!S_ISREG(info.st_mode)) {
    throw ConnectError(ConnectProblem::cannot_create,
                       internal::quoted(path) + " is not a plain file");
  }
  if (info.st_nlink > 1) {
    // Under another name the file would have another log beside it, and other leases.
    throw ConnectError(ConnectProblem::unsupported,
                       internal::quoted(path) + " has several names (hard links), not just one");
  }
  return true;
}

std::string sessions_directory(const std::string& path) { return path + "-sessions"; }

void publish_file(const std::string& from, const std::string& path) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0 &&
      errno != EEXIST) {
    cannot("create", path, errno);
  }
}

bool in_memory(const std::string& path) {
  const std::uint32_t type = file_system_of(path);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

FileMarks FileMarks::of(const std::string& path) noexcept {
  static constexpr const char* kSuffixes[] = {"", "-wal", "-shm"};
  FileMarks marks;
  for (std::size_t i = 0; i < marks.files_.size(); ++i) {
    // On the stack: this is asked while a connection closes, with or without memory.
    std::array<char, PATH_MAX + 8> name{};
    std::snprintf(name.data(), name.size(), "%s%s", path.c_str(), kSuffixes[i]);
    struct stat info {};
    if (stat(name.data(), &info) == 0)
      marks.files_[i] = {.device = info.st_dev, .inode = info.st_ino};
  }
  return marks;
}

}  // namespace mongoelector::internal
