#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "host/storage/mapped_pages.h"

namespace tenon::host {
namespace {

// The kernel maps this much around a page that is touched, so this much goes with it.
constexpr uintptr_t kFaultWindow = 64 * 1024;
// Linux reads no more for one advice than a device takes at a time, which is seldom less than this.
constexpr size_t kReadWindow = 256 * 1024;

// Calls `advise` with the whole pages that hold the range; returns 0 or the errno.
template <typename Advise>
int on_pages(std::span<const std::byte> range, Advise advise) {
  if (range.empty()) return 0;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  const uintptr_t first = begin / page * page;
  return advise(reinterpret_cast<void*>(first), begin + range.size() - first) == 0 ? 0 : errno;
}

std::string lock_limit_text() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "without limit";
  return std::to_string(limit.rlim_cur) + " bytes";
}

}  // namespace

void release_mapped_pages(std::span<const std::byte> mapping, std::span<const std::byte> part) {
  if (part.empty()) return;
  const auto base = reinterpret_cast<uintptr_t>(mapping.data());
  const auto begin = reinterpret_cast<uintptr_t>(part.data());
  const uintptr_t first = std::max(base, begin / kFaultWindow * kFaultWindow);
  const uintptr_t last = (begin + part.size() + kFaultWindow - 1) / kFaultWindow * kFaultWindow;
  const size_t length = std::min(last, base + mapping.size()) - first;
  // Only advice: when it fails, the pages stay resident.
  (void)madvise(reinterpret_cast<void*>(first), length, MADV_DONTNEED);
}

bool is_in_memory(const std::byte* address) {
  unsigned char state = 1;
  const int problem = on_pages({address, 1}, [&](void* p, size_t n) { return mincore(p, n, &state); });
  return problem != 0 || (state & 1) != 0;
}

void read_ahead(std::span<const std::byte> range) {
  for (size_t at = 0; at < range.size(); at += kReadWindow) {
    const auto window = range.subspan(at, std::min(kReadWindow, range.size() - at));
    (void)on_pages(window, [](void* p, size_t n) { return madvise(p, n, MADV_WILLNEED); });
  }
}

Status prefetch_pages(std::span<const std::byte> range) {
  read_ahead(range);  // faults one after the other would each wait for the disk
  int problem = on_pages(range, [](void* p, size_t n) { return madvise(p, n, MADV_POPULATE_READ); });
  if (problem == EINVAL) problem = on_pages(range, [](void* p, size_t n) { return madvise(p, n, MADV_WILLNEED); });
  return problem == 0 ? Status() : error(TN_UNSUPPORTED, std::strerror(problem));
}

Status lock_pages(std::span<const std::byte> range) {
  const int problem = on_pages(range, [](void* p, size_t n) { return mlock(p, n); });
  if (problem == 0) return {};
  if (problem == ENOMEM || problem == EPERM || problem == EAGAIN)
    return error(TN_UNSUPPORTED, "the process may lock ", lock_limit_text(), " in all (RLIMIT_MEMLOCK), asked for ",
                 range.size(), " more: raise it, for example with ulimit -l");
  return error(TN_UNSUPPORTED, std::strerror(problem));
}

Status request_huge_pages(std::span<const std::byte> range) {
  const int problem = on_pages(range, [](void* p, size_t n) { return madvise(p, n, MADV_HUGEPAGE); });
  if (problem == EINVAL) return error(TN_UNSUPPORTED, "this kernel has no huge pages for such memory");
  return problem == 0 ? Status() : error(TN_UNSUPPORTED, std::strerror(problem));
}

}  // namespace tenon::host
