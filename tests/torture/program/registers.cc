#include "torture/program/registers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace mongoelector::torture {

namespace {

struct Content {
  std::uint64_t value = 0;
  std::uint64_t token = 0;  // the largest that came; of the fenced one only
};

std::string path_of(const std::string& directory, Register which) {
  return directory + "/" + kRegisterNames[static_cast<std::size_t>(which)];
}

int open_register(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
  if (fd < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
  return fd;
}

Content read_content(int fd) {
  Content content;
  if (pread(fd, &content, sizeof content, 0) != sizeof content)
    throw std::runtime_error("a register cannot be read");
  return content;
}

// One write of a few bytes is not torn by a kill.
void write_content(int fd, const Content& content) {
  if (pwrite(fd, &content, sizeof content, 0) != sizeof content)
    throw std::runtime_error("a register cannot be written");
}

// The kernel gives it back when its holder is killed.
class FileLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {
    while (flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) throw std::runtime_error("a register cannot be locked");
  }
  ~FileLock() { flock(fd_, LOCK_UN); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const int fd_;
};

}  // namespace

void make_registers(const std::string& directory) {
  for (const Register which : {Register::fenced, Register::unfenced}) {
    const int fd = open_register(path_of(directory, which), O_CREAT | O_TRUNC);
    write_content(fd, {});
    close(fd);
  }
}

std::uint64_t value_of(const std::string& directory, Register which) {
  const int fd = open_register(path_of(directory, which), 0);
  const Content content = read_content(fd);
  close(fd);
  return content.value;
}

Registers::Registers(const std::string& directory, Evidence& evidence)
    : evidence_(evidence),
      fenced_(open_register(path_of(directory, Register::fenced), 0)),
      unfenced_(open_register(path_of(directory, Register::unfenced), 0)) {}

Registers::~Registers() {
  close(fenced_);
  close(unfenced_);
}

bool Registers::add_one_fenced(std::uint64_t token, std::int64_t pause_us) {
  Content read;
  {
    const FileLock lock(fenced_);
    read = read_content(fenced_);
    if (token < read.token) return false;
    read.token = token;
    write_content(fenced_, read);
  }
  pause_for_us(pause_us);
  const FileLock lock(fenced_);
  WriteRecord* record = evidence_.add_write(Register::fenced, token, read.value + 1);
  const std::int64_t at = boot_time();
  const bool accepted = token >= read_content(fenced_).token;
  if (accepted) write_content(fenced_, {.value = read.value + 1, .token = token});
  Evidence::settle(record, accepted ? WriteState::accepted : WriteState::refused, at);
  return accepted;
}

void Registers::add_one_unfenced(std::uint64_t token, std::int64_t pause_us) {
  const Content read = read_content(unfenced_);
  pause_for_us(pause_us);
  WriteRecord* record = evidence_.add_write(Register::unfenced, token, read.value + 1);
  const std::int64_t at = boot_time();
  write_content(unfenced_, {.value = read.value + 1, .token = 0});
  Evidence::settle(record, WriteState::accepted, at);
}

}  // namespace mongoelector::torture
