// Which sessions are alive, told by the kernel.
//
// Every session that claims has a file of its own in PATH-sessions/, named by a fresh uuid, with an
// open-file-description write lock on it for as long as its process lives. Leases carry name and
// inode of their session's file. A lock that is gone from that very file means that the process is
// gone; anything else (no such file, another inode, no permission) says nothing, and the ttl
// decides. A live session keeps its inode in use, so no other file can ever pass for it.
//
// The kernel also tells everybody: closing a file that was open for writing is an inotify event.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "mongoelector/store.h"
#include "stores/sqlite/place.h"

namespace mongoelector::internal {

struct SessionId {
  std::string name;  // empty: none, only the ttl counts
  std::int64_t inode = 0;
};

// All members may be called from any thread.
class Sessions {
 public:
  using InUse = std::function<bool(const std::string& name)>;

  // Makes the directory. Throws ConnectError.
  explicit Sessions(const std::string& database);

  // This session, made at its first claim; removes the files of dead ones that no lease names. To
  // be called with the write lock of the database held, and before a lease of `ttl_ms` is written.
  SessionId enter(std::int64_t ttl_ms, const InUse& in_use);
  SessionId present() const;
  // Wakes all watches.
  void announce() noexcept;
  // Ends this session. Its leases must name it no more; otherwise abandon(), which keeps it alive
  // until the process ends.
  void leave() noexcept;
  void abandon() noexcept;
  // In a forked child: the session stays the parent's alone.
  void drop_inherited() noexcept;

  bool known_dead(const SessionId& session) const;
  std::unique_ptr<Watch> watch() const;  // nullptr when the kernel has no more watches to give

  // The longest ttl asked for by living sessions that began on other files than `marks`, although
  // under the same name: their leases are not in these. Zero if there are none.
  static std::int64_t longest_ttl_elsewhere_ms(const std::string& database, const FileMarks& marks);

 private:
  void remove_dead(const InUse& in_use) const;
  bool write_down() const noexcept;
  bool still_own() noexcept;  // with the mutex held; false too when its name has been removed

  const std::string database_;
  const std::string directory_;
  mutable std::mutex mutex_;
  Descriptor file_;
  SessionId own_;
  std::string own_path_;
  FileMarks began_on_;
  // Keep the inodes of those files from being given to others, without being opened for real:
  // closing a real descriptor would drop SQLite's locks.
  Descriptor database_pin_;
  Descriptor log_pin_;
  std::int64_t longest_ttl_ms_ = 0;
};

}  // namespace mongoelector::internal
