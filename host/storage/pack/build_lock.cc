#include "host/storage/pack/build_lock.h"

#include <algorithm>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/sync/file_lock.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "host/base/exceptions.h"
#include "host/storage/pack/lock_descriptor.h"

namespace tenon::host {
namespace {

using LockClock = std::chrono::steady_clock;

// What this process holds or is about to take. One thread at a time has to do with the file of a path: the closing of
// any descriptor of it would release the lock of another.
class HeldPaths {
 public:
  static HeldPaths& instance() {
    static auto* paths = new HeldPaths;  // outlives every lock, those of static lifetime too
    return *paths;
  }

  // False when it is still held at the deadline.
  bool take(const std::string& path, LockClock::time_point deadline, bool& waited) {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return held_.count(path) == 0; };
    waited = !is_free();
    if (waited && !released_.wait_until(lock, deadline, is_free)) return false;
    held_.insert(path);
    return true;
  }

  void release(const std::string& path) {
    {
      const std::lock_guard lock(mutex_);
      held_.erase(path);
    }
    released_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> held_;
};

struct HeldPath {
  explicit HeldPath(std::string named) : path(std::move(named)) {}
  ~HeldPath() {
    if (taken) HeldPaths::instance().release(path);
  }
  HeldPath(const HeldPath&) = delete;
  HeldPath& operator=(const HeldPath&) = delete;

  const std::string path;
  bool taken = false;
};

// Members die in reverse order: the lock, our own descriptor of its file, the path.
struct HeldLock {
  ~HeldLock() {
    // Removed while held. Who waits for it finds that the path no longer names it and starts anew. Another's is left:
    // our own may have been removed by hand.
    // Without memory for that it stays, and is nobody's.
    (void)guarded([&]() -> Status {
      if (locked && is_named(descriptor, path->path)) files->unlink(path->path);
      return {};
    });
  }
  std::shared_ptr<HeldPath> path;
  FileOps* files = nullptr;
  FileDescriptor descriptor;
  boost::interprocess::file_lock lock;
  bool locked = false;
};

// Null when another process has it. Throws what Boost throws.
Result<std::shared_ptr<HeldLock>> try_lock_file(std::shared_ptr<HeldPath> path, FileOps& files) {
  for (;;) {
    auto held = std::make_shared<HeldLock>();
    held->path = path;
    held->files = &files;
    TENON_ASSIGN_OR_RETURN(held->descriptor, open_lock_descriptor(path->path, files));
    held->lock = boost::interprocess::file_lock(held->descriptor.reopen_path().c_str());
    if (!held->lock.try_lock()) return std::shared_ptr<HeldLock>();
    if (is_named(held->descriptor, path->path)) {
      held->locked = true;
      return held;
    }
  }
}

Result<std::shared_ptr<HeldLock>> wait_for_file(std::shared_ptr<HeldPath> path, LockClock::time_point deadline,
                                                FileOps& files, bool& waited) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongestPause(50);
  milliseconds pause(1);
  for (;;) {
    TENON_ASSIGN_OR_RETURN(auto held, try_lock_file(path, files));
    const auto now = LockClock::now();
    if (held != nullptr || now >= deadline) return held;
    waited = true;
    std::this_thread::sleep_for(std::min<LockClock::duration>(pause, deadline - now));
    pause = std::min(pause * 2, kLongestPause);
  }
}

LockClock::time_point deadline_after(std::chrono::milliseconds patience) {
  constexpr std::chrono::hours kLongest(24 * 365);  // more would overflow the clock
  return LockClock::now() + std::clamp<std::chrono::milliseconds>(patience, std::chrono::milliseconds(0), kLongest);
}

}  // namespace

Result<BuildLock> lock_file(const std::filesystem::path& path, std::chrono::milliseconds patience, FileOps& files) {
  const auto deadline = deadline_after(patience);
  BuildLock result;
  // By its real name, so that two spellings of a folder are one lock here too.
  std::error_code failed;
  const auto folder = std::filesystem::canonical(path.parent_path(), failed);
  const std::string name = ((failed ? path.parent_path() : folder) / path.filename()).string();
  auto held_path = std::make_shared<HeldPath>(name);
  held_path->taken = HeldPaths::instance().take(name, deadline, result.waited);
  if (!held_path->taken) return result;
  try {
    TENON_ASSIGN_OR_RETURN(auto held, wait_for_file(std::move(held_path), deadline, files, result.waited));
    result.has_lock = held != nullptr;
    result.lock = std::move(held);
    return result;
  } catch (const boost::interprocess::interprocess_exception& failure) {
    return error(TN_UNSUPPORTED, "the file '", name, "' cannot be locked: ", failure.what());
  }
}

bool remove_free_lock(const std::filesystem::path& path, FileOps& files) {
  const auto lock = lock_file(path, std::chrono::milliseconds(0), files);
  return lock.is_ok() && lock->has_lock;
}

}  // namespace tenon::host
