#include "torture/program/evidence.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mongoelector::torture {

namespace {

constexpr std::uint64_t kMagic = 0x6d65'746f'7274'0001;
constexpr std::size_t kRecords = 1 << 16;
constexpr std::size_t kNameBytes = 32;

enum class RecordKind : std::uint32_t { empty, term, told, write };

}  // namespace

struct TermRecord {
  std::uint64_t token;
  std::int64_t start;
  std::atomic<std::int64_t> end;
};

struct WriteRecord {
  std::uint64_t token;
  std::uint64_t value;
  std::atomic<std::int64_t> at;
  std::atomic<WriteState> state;
};

namespace {

struct ToldRecord {
  std::uint64_t token;
  std::int64_t at;
};

struct Record {
  std::atomic<RecordKind> kind;
  std::uint32_t what;  // a Subject or a Register
  union {
    TermRecord term;
    ToldRecord told;
    WriteRecord write;
  };
};

}  // namespace

// Sparse: what is not written takes no room. All zero at first, which is a valid state of it.
struct EvidenceFile {
  std::atomic<std::uint64_t> magic;
  std::array<char, kNameBytes> name;
  std::int32_t child;
  std::int32_t pid;
  std::int32_t parent;
  std::atomic<std::uint32_t> used;
  std::array<Record, kRecords> records;

  static EvidenceFile* map(int fd, int protection) {
    void* memory = mmap(nullptr, sizeof(EvidenceFile), protection, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<EvidenceFile*>(memory);
  }

  Record* next() {
    const std::uint32_t at = used.fetch_add(1);
    return at < kRecords ? &records[at] : nullptr;
  }

  Seen seen() const {
    Seen all{.identity = {.name = name.data(), .child = child != 0, .pid = pid, .parent = parent},
             .full = used.load() > kRecords,
             .terms = {},
             .writes = {}};
    const std::size_t count = std::min<std::size_t>(used.load(), kRecords);
    for (std::size_t i = 0; i < count; ++i) {
      const Record& record = records[i];
      if (record.kind == RecordKind::term) {
        all.terms.push_back({static_cast<Subject>(record.what), record.term.token,
                             record.term.start, record.term.end, {}});
      } else if (record.kind == RecordKind::write) {
        all.writes.push_back({static_cast<Register>(record.what), record.write.token,
                              record.write.value, record.write.at, record.write.state});
      }
    }
    for (std::size_t i = 0; i < count; ++i)
      if (records[i].kind == RecordKind::told) add_told(all, records[i]);
    return all;
  }

  static void add_told(Seen& all, const Record& record) {
    const auto subject = static_cast<Subject>(record.what);
    for (SeenTerm& term : all.terms)
      if (term.token == record.told.token && term.subject == subject)
        term.told.push_back(record.told.at);
  }
};

std::int64_t boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void pause_for_us(std::int64_t microseconds) {
  const timespec time{.tv_sec = microseconds / 1'000'000,
                      .tv_nsec = microseconds % 1'000'000 * 1'000};
  nanosleep(&time, nullptr);
}

Evidence::Evidence(const std::string& directory, const Identity& identity) {
  // Names sort by age.
  const std::string file = directory + "/" + std::to_string(boot_time()) + "." + identity.name +
                           "." + std::to_string(identity.pid);
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(EvidenceFile)) != 0)
    throw std::runtime_error("cannot make " + file + ": " + std::strerror(errno));
  file_ = EvidenceFile::map(fd, PROT_READ | PROT_WRITE);
  if (file_ == nullptr) throw std::runtime_error("cannot map " + file);
  identity.name.copy(file_->name.data(), kNameBytes - 1);
  file_->child = identity.child ? 1 : 0;
  file_->pid = identity.pid;
  file_->parent = identity.parent;
  file_->magic = kMagic;
}

Evidence::~Evidence() { munmap(file_, sizeof(EvidenceFile)); }

TermRecord* Evidence::add_term(Subject subject, std::uint64_t token, std::int64_t start) {
  Record* record = file_->next();
  if (record == nullptr) return nullptr;
  record->what = static_cast<std::uint32_t>(subject);
  record->term.token = token;
  record->term.start = start;
  record->term.end = start;
  record->kind = RecordKind::term;
  return &record->term;
}

void Evidence::still_valid(TermRecord* term, std::int64_t at) {
  if (term != nullptr) term->end = std::max(term->start, at);
}

void Evidence::told(Subject subject, std::uint64_t token, std::int64_t at) {
  Record* record = file_->next();
  if (record == nullptr) return;
  record->what = static_cast<std::uint32_t>(subject);
  record->told.token = token;
  record->told.at = at;
  record->kind = RecordKind::told;
}

WriteRecord* Evidence::add_write(Register which, std::uint64_t token, std::uint64_t value) {
  Record* record = file_->next();
  if (record == nullptr) return nullptr;
  record->what = static_cast<std::uint32_t>(which);
  record->write.token = token;
  record->write.value = value;
  record->write.at = boot_time();
  record->kind = RecordKind::write;
  return &record->write;
}

void Evidence::settle(WriteRecord* write, WriteState state, std::int64_t at) {
  if (write == nullptr) return;
  write->at = at;
  write->state = state;
}

std::optional<Seen> read_evidence(const std::string& file) {
  std::error_code problem;
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  if (std::filesystem::file_size(file, problem) < sizeof(EvidenceFile) || problem) {
    close(fd);
    return std::nullopt;
  }
  EvidenceFile* mapped = EvidenceFile::map(fd, PROT_READ);
  if (mapped == nullptr) throw std::runtime_error("cannot map " + file);
  std::optional<Seen> seen;
  if (mapped->magic == kMagic) seen = mapped->seen();
  munmap(mapped, sizeof(EvidenceFile));
  return seen;
}

namespace {

std::vector<std::string> files_of(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<Seen> read_all_evidence(const std::string& directory) {
  std::vector<Seen> all;
  for (const std::string& file : files_of(directory))
    if (auto seen = read_evidence(file)) all.push_back(std::move(*seen));
  return all;
}

std::optional<std::string> holder_of(const std::string& directory, Subject subject,
                                     std::int64_t since) {
  for (const Seen& seen : read_all_evidence(directory))
    for (const SeenTerm& term : seen.terms)
      if (term.subject == subject && term.end >= since) return seen.identity.name;
  return std::nullopt;
}

std::optional<Identity> newest_child(const std::string& directory, const std::string& name) {
  std::vector<std::string> files = files_of(directory);
  std::reverse(files.begin(), files.end());
  for (const std::string& file : files) {
    if (file.find("." + name + ".") == std::string::npos) continue;
    const auto seen = read_evidence(file);
    if (seen && seen->identity.child) return seen->identity;
  }
  return std::nullopt;
}

}  // namespace mongoelector::torture
