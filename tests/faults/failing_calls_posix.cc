// The definitions here take the place of glibc's for every library of the process; glibc's own allocator stands behind
// them under its internal names.
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "tests/faults/failing_calls.h"

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace tenon::faults {
namespace {

std::atomic<bool> armed{false};
std::atomic<uint64_t> calls{0};
std::atomic<uint64_t> failing{0};
std::atomic<bool> lasts{false};

std::atomic<Calls> chosen{Calls::kMemory};

// Sets errno to `error` where the call is to fail.
bool fails(Calls kind, int error) {
  if (!armed.load(std::memory_order_relaxed) || chosen.load(std::memory_order_relaxed) != kind) return false;
  const uint64_t call = calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const uint64_t nth = failing.load(std::memory_order_relaxed);
  if (nth == 0 || call < nth || (call > nth && !lasts.load(std::memory_order_relaxed))) return false;
  errno = error;
  return true;
}

bool fails() {
  return fails(Calls::kMemory, ENOMEM);
}

}  // namespace

void choose(Calls kind) {
  chosen = kind;
}

void arm(uint64_t nth, Mode mode) {
  calls = 0;
  failing = nth;
  lasts = mode == Mode::kFromThereOn;
  armed = true;
}

uint64_t disarm() {
  armed = false;
  return calls;
}

}  // namespace tenon::faults

using tenon::faults::Calls;
using tenon::faults::fails;

// Else they would be this program's own.
#pragma GCC visibility push(default)
extern "C" {

void* malloc(size_t size) {
  return fails() ? nullptr : __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  return fails() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  return fails() ? nullptr : __libc_realloc(old, size);
}
void* memalign(size_t alignment, size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (fails()) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}

void* mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  if ((flags & MAP_ANONYMOUS) != 0 ? fails() : fails(Calls::kFiles, ENOMEM)) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, length, protection, flags, fd, offset));
}
void* mmap64(void* address, size_t length, int protection, int flags, int fd, off64_t offset) {
  return mmap(address, length, protection, flags, fd, offset);
}

// The mode is only read where one is given.
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails(Calls::kFiles, EMFILE) ? -1 : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails(Calls::kFiles, EMFILE) ? -1 : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fails(Calls::kFiles, EMFILE) ? -1 : static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}
ssize_t read(int file, void* data, size_t size) {
  return fails(Calls::kFiles, EIO) ? -1 : syscall(SYS_read, file, data, size);
}
ssize_t pread(int file, void* data, size_t size, off_t offset) {
  return fails(Calls::kFiles, EIO) ? -1 : syscall(SYS_pread64, file, data, size, offset);
}
ssize_t pread64(int file, void* data, size_t size, off64_t offset) {
  return fails(Calls::kFiles, EIO) ? -1 : syscall(SYS_pread64, file, data, size, offset);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto next = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return fails() ? EAGAIN : next(thread, attributes, start, argument);
}

}  // extern "C"
#pragma GCC visibility pop
