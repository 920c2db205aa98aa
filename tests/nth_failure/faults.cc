#include "nth_failure/faults.h"

#include <sqlite3.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace mongoelector::test {

namespace {

struct State {
  FaultPlan plan;
  std::int64_t done = 0;
  bool exposed = false;
};
thread_local State state;
thread_local std::int64_t blocks = 0;

bool fails(Resource resource) noexcept {
  if (!state.exposed || state.plan.at == 0 || state.plan.resource != resource) return false;
  ++state.done;
  return state.plan.persistence == Persistence::once ? state.done == state.plan.at
                                                     : state.done >= state.plan.at;
}

sqlite3_mem_methods real_memory;

void* allocate(int size) { return fails(Resource::memory) ? nullptr : real_memory.xMalloc(size); }
void* reallocate(void* block, int size) {
  return fails(Resource::memory) ? nullptr : real_memory.xRealloc(block, size);
}

sqlite3_vfs* real_files = nullptr;

// What SQLite takes for the file; the real one lies right behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

// One file operation: the error of its kind when it is its turn to fail.
template <class Operation>
int attempt(int error, const Operation& operation) {
  return fails(Resource::files) ? error : operation();
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
  return attempt(SQLITE_IOERR_READ,
                 [&] { return real(file)->pMethods->xRead(real(file), into, size, at); });
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  const bool full = state.plan.fault == FileFault::disk_full;
  const auto write = [&](int bytes) {
    return real(file)->pMethods->xWrite(real(file), from, bytes, at);
  };
  if (!fails(Resource::files)) return write(size);
  // A write that fails may have been done in part.
  write(size / 2);
  return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return attempt(SQLITE_IOERR_TRUNCATE,
                 [&] { return real(file)->pMethods->xTruncate(real(file), size); });
}
// Nobody cuts the power here, so nothing need wait for the disk.
int sync_file(sqlite3_file*, int) {
  return attempt(SQLITE_IOERR_FSYNC, [] { return SQLITE_OK; });
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return attempt(SQLITE_IOERR_FSTAT,
                 [&] { return real(file)->pMethods->xFileSize(real(file), size); });
}
int lock_file(sqlite3_file* file, int level) {
  return attempt(SQLITE_IOERR_LOCK,
                 [&] { return real(file)->pMethods->xLock(real(file), level); });
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* held) {
  return attempt(SQLITE_IOERR_CHECKRESERVEDLOCK,
                 [&] { return real(file)->pMethods->xCheckReservedLock(real(file), held); });
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  return attempt(SQLITE_IOERR_SHMMAP, [&] {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, at);
  });
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  const auto work = [&] {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  };
  // The kernel does not refuse to unlock.
  return (flags & SQLITE_SHM_UNLOCK) != 0 ? work() : attempt(SQLITE_IOERR_SHMLOCK, work);
}
void fence_shared(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int unmap_shared(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods kMethods = {
    2,          close_file,  read_file,       write_file,   truncate_file,
    sync_file,  file_size,   lock_file,       unlock_file,  check_lock,
    control_file, sector_size, characteristics, map_shared, lock_shared,
    fence_shared, unmap_shared, nullptr,       nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* given) {
  file->pMethods = nullptr;
  if (fails(Resource::files)) return SQLITE_CANTOPEN;
  const int code = real_files->xOpen(real_files, name, real(file), flags, given);
  if (real(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}
int delete_file(sqlite3_vfs*, const char* name, int) {
  return attempt(SQLITE_IOERR_DELETE, [&] { return real_files->xDelete(real_files, name, 0); });
}
int access_file(sqlite3_vfs*, const char* name, int flags, int* result) {
  return attempt(SQLITE_IOERR_ACCESS,
                 [&] { return real_files->xAccess(real_files, name, flags, result); });
}
int full_path(sqlite3_vfs*, const char* name, int size, char* into) {
  return attempt(SQLITE_CANTOPEN_FULLPATH,
                 [&] { return real_files->xFullPathname(real_files, name, size, into); });
}

}  // namespace

void install_faults() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
  sqlite3_mem_methods memory = real_memory;
  memory.xMalloc = allocate;
  memory.xRealloc = reallocate;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
  // Small blocks come from the same place as all others, so that each can fail.
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  real_files = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs files = *real_files;
  files.zName = "nth-failure";
  files.szOsFile = static_cast<int>(sizeof(File)) + real_files->szOsFile;
  files.xOpen = open_file;
  files.xDelete = delete_file;
  files.xAccess = access_file;
  files.xFullPathname = full_path;
  sqlite3_vfs_register(&files, 1);
}

void plan_faults(const FaultPlan& plan) {
  state.plan = plan;
  state.done = 0;
}

bool fault_hit() { return state.plan.at != 0 && state.done >= state.plan.at; }

std::int64_t live_blocks() { return blocks; }

void expose(bool on) noexcept { state.exposed = on; }

}  // namespace mongoelector::test

void* operator new(std::size_t size) {
  using namespace mongoelector::test;
  void* block = fails(Resource::memory) ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  ++blocks;
  return block;
}
void operator delete(void* block) noexcept {
  if (block != nullptr) --mongoelector::test::blocks;
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
