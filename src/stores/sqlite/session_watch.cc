#include "stores/sqlite/session_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "stores/sqlite/place.h"

namespace mongoelector::internal {

namespace {

// The kernel reports the close of a file a moment before it drops the lock on it; a look in between
// would find the session alive, and nothing would wake anybody again. So wait for the lock: the
// last descriptor is closed, so this takes microseconds. Nobody but its session ever opens the file
// for writing, and no other file ever has its name.
void await_unlocked(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  while (file.valid() && fcntl(file.get(), F_OFD_SETLKW, &lock) != 0 && errno == EINTR) {
  }
}

class SessionWatch : public Watch {
 public:
  SessionWatch(std::string directory, Descriptor events, Descriptor cancelled)
      : directory_(std::move(directory)),
        events_(std::move(events)),
        cancelled_(std::move(cancelled)) {}

  Hints next() override {
    std::array<pollfd, 2> wanted{pollfd{.fd = events_.get(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = cancelled_.get(), .events = POLLIN, .revents = 0}};
    while (poll(wanted.data(), wanted.size(), -1) < 0) {
      if (errno != EINTR) return {.ended = true};
    }
    Hints hints = wanted[0].revents != 0 ? take_events() : Hints{};
    hints.ended = hints.ended || wanted[1].revents != 0;
    return hints;
  }

  void cancel() noexcept override {
    const std::uint64_t one = 1;
    // Fails only when the count is at its limit, and then it is not zero either.
    [[maybe_unused]] const ssize_t written = write(cancelled_.get(), &one, sizeof one);
  }

 private:
  Hints take_events() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    const ssize_t size = read(events_.get(), buffer.data(), buffer.size());
    if (size <= 0) return {.ended = size == 0 || (errno != EINTR && errno != EAGAIN)};
    Hints hints{.anything = true};
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & IN_CLOSE_WRITE) != 0 && event->len > 0)
        await_unlocked(directory_ + "/" + event->name);
      // The directory is gone or has gone elsewhere.
      if ((event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT)) != 0) hints.ended = true;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    return hints;
  }

  const std::string directory_;
  const Descriptor events_;
  const Descriptor cancelled_;
};

}  // namespace

std::unique_ptr<Watch> make_session_watch(const std::string& directory) {
  Descriptor events(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  Descriptor cancelled(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  constexpr std::uint32_t kMask =
      IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
  if (!events.valid() || !cancelled.valid() ||
      inotify_add_watch(events.get(), directory.c_str(), kMask) < 0) {
    return nullptr;
  }
  return std::make_unique<SessionWatch>(directory, std::move(events), std::move(cancelled));
}

}  // namespace mongoelector::internal
