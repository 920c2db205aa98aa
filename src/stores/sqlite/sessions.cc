#include "stores/sqlite/sessions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/ids.h"
#include "base/text.h"
#include "mongoelector/error.h"
#include "stores/sqlite/session_watch.h"

namespace mongoelector::internal {

namespace {

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// A question with a read lock: only the session's own write lock answers it, never the short read
// locks of watches.
bool locked_by_session(int fd) {
  struct flock lock = whole_file(F_RDLCK);
  return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

Descriptor open_to_look(const std::string& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

template <class Visit>
void for_each_file(const std::string& directory, const Visit& visit) {
  std::error_code error;
  std::filesystem::directory_iterator files(directory, error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error))
    visit(files->path());
}

}  // namespace

Sessions::Sessions(const std::string& database)
    : database_(database), directory_(sessions_directory(database)) {
  struct stat info {};
  // Whoever may open the database may take part.
  const bool known = stat(database.c_str(), &info) == 0;
  const mode_t may_read = known ? (info.st_mode & 0444) >> 2 : 0;
  const mode_t mode = 0700 | (known ? (info.st_mode & 0066) : 0) | may_read;
  if (mkdir(directory_.c_str(), mode) != 0 && errno != EEXIST) {
    throw ConnectError(ConnectProblem::cannot_create,
                       "cannot make " + internal::quoted(directory_) + ": " +
                           std::generic_category().message(errno));
  }
  if (access(directory_.c_str(), R_OK | W_OK | X_OK) != 0) {
    throw ConnectError(ConnectProblem::cannot_create,
                       "cannot use " + internal::quoted(directory_) + ": " +
                           std::generic_category().message(errno));
  }
}

SessionId Sessions::enter(std::int64_t ttl_ms, const InUse& in_use) {
  const std::lock_guard lock(mutex_);
  if (!still_own()) {
    remove_dead(in_use);
    // Everything that may fail comes before the first change.
    std::string name = new_uuid();
    std::string path = directory_ + "/" + name;
    const std::string log = database_ + "-wal";
    Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    struct flock whole = whole_file(F_WRLCK);
    struct stat info {};
    if (!file.valid() || fcntl(file.get(), F_OFD_SETLK, &whole) != 0 ||
        fstat(file.get(), &info) != 0) {
      return {};  // without a file of its own a session is covered by the ttl, as ever
    }
    file_ = std::move(file);
    own_ = {.name = std::move(name), .inode = static_cast<std::int64_t>(info.st_ino)};
    own_path_ = std::move(path);
    database_pin_ = Descriptor(open(database_.c_str(), O_PATH | O_CLOEXEC));
    log_pin_ = Descriptor(open(log.c_str(), O_PATH | O_CLOEXEC));
    began_on_ = FileMarks::of(database_);
    longest_ttl_ms_ = 0;
  }
  if (ttl_ms <= longest_ttl_ms_) return own_;
  longest_ttl_ms_ = ttl_ms;
  if (write_down()) return own_;
  longest_ttl_ms_ = 0;
  return {};
}

// What others must know of a living session: its longest ttl and its files.
bool Sessions::write_down() const noexcept {
  std::array<char, 80> text{};
  const int size = std::snprintf(text.data(), text.size(), "%jd %jd %jd\n",
                                 static_cast<std::intmax_t>(longest_ttl_ms_),
                                 static_cast<std::intmax_t>(began_on_.database_inode()),
                                 static_cast<std::intmax_t>(began_on_.log_inode()));
  return pwrite(file_.get(), text.data(), static_cast<std::size_t>(size), 0) == size;
}

bool Sessions::still_own() noexcept {
  if (!file_.valid()) return false;
  struct stat info {};
  if (fstat(file_.get(), &info) == 0 && static_cast<std::int64_t>(info.st_ino) == own_.inode)
    return info.st_nlink > 0;
  // Closed by a program that closes what it does not know; the number may be another file's now.
  file_.abandon();
  return false;
}

SessionId Sessions::present() const {
  const std::lock_guard lock(mutex_);
  return own_;
}

void Sessions::announce() noexcept {
  const std::lock_guard lock(mutex_);
  // Any write is a hint; hints may be missing (S12), so nothing to do about a failure.
  if (still_own()) write_down();
}

void Sessions::leave() noexcept {
  const std::lock_guard lock(mutex_);
  if (!still_own()) return;
  unlink(own_path_.c_str());
  file_ = Descriptor();
  own_ = {};
}

void Sessions::drop_inherited() noexcept {
  file_ = Descriptor();
  database_pin_ = Descriptor();
  log_pin_ = Descriptor();
}

void Sessions::abandon() noexcept {
  const std::lock_guard lock(mutex_);
  file_.abandon();
  database_pin_.abandon();
  log_pin_.abandon();
}

bool Sessions::known_dead(const SessionId& session) const {
  // Somebody else may have written the name.
  if (session.name.empty() || session.name.find('/') != std::string::npos) return false;
  const Descriptor file = open_to_look(directory_ + "/" + session.name);
  struct stat info {};
  if (!file.valid() || fstat(file.get(), &info) != 0) return false;
  return static_cast<std::int64_t>(info.st_ino) == session.inode && !locked_by_session(file.get());
}

void Sessions::remove_dead(const InUse& in_use) const {
  for_each_file(directory_, [&](const std::filesystem::path& path) {
    const Descriptor file = open_to_look(path.string());
    if (file.valid() && !locked_by_session(file.get()) && !in_use(path.filename().string()))
      unlink(path.c_str());
  });
}

std::unique_ptr<Watch> Sessions::watch() const { return make_session_watch(directory_); }

std::int64_t Sessions::longest_ttl_elsewhere_ms(const std::string& database,
                                                const FileMarks& marks) {
  std::int64_t longest = 0;
  for_each_file(sessions_directory(database), [&](const std::filesystem::path& path) {
    const Descriptor file = open_to_look(path.string());
    if (!file.valid() || !locked_by_session(file.get())) return;
    std::array<char, 80> text{};
    if (pread(file.get(), text.data(), text.size() - 1, 0) <= 0) return;
    char* rest = nullptr;
    const std::int64_t ttl_ms = std::strtoll(text.data(), &rest, 10);
    const std::int64_t database_inode = std::strtoll(rest, &rest, 10);
    const std::int64_t log_inode = std::strtoll(rest, nullptr, 10);
    if (database_inode != marks.database_inode() || log_inode != marks.log_inode())
      longest = std::max(longest, ttl_ms);
  });
  return longest;
}

}  // namespace mongoelector::internal
