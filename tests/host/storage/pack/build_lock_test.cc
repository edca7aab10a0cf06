// Single flight: one build of a model, whoever asks at once and whoever dies.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/host/storage/pack/child_process.h"
#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// What every session does: find, else lock, find again, build. Each build leaves a file in `builds`.
bool open_or_build(PackStore& store, const PackSample& sample, const fs::path& builds, const std::string& builder) {
  if (const auto hit = store.find(sample.key); hit.is_ok()) return holds(**hit, sample);
  const auto lock = store.lock_build(sample.key, seconds(60));
  if (!lock.is_ok() || !lock->has_lock) return false;
  if (const auto hit = store.find(sample.key); hit.is_ok()) return holds(**hit, sample);
  std::ofstream(builds / builder) << "built";
  const auto pack = build(store, sample);
  return pack.is_ok() && holds(**pack, sample);
}

size_t files_in(const fs::path& folder) {
  return files_below(folder).size();
}

fs::path only_lock(const fs::path& cache) {
  const auto locks = files_below(cache / "locks");
  REQUIRE(locks.size() == 1);
  return locks[0];
}

}  // namespace

TEST_CASE("32 processes that open a model at once build one pack", "[pack][slow]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache", builds = folder.path() / "builds";
  fs::create_directory(builds);
  PackSample sample;
  sample.blobs = {pattern(1 << 20, 5), pattern(70'000, 6)};
  Signpost start;
  std::vector<ChildProcess> processes;
  for (int i = 0; i < 32; ++i)
    processes.emplace_back([&] {
      start.await();
      return open_or_build(*open_store(cache), sample, builds, std::to_string(getpid())) ? 0 : 1;
    });
  for (int i = 0; i < 32; ++i) start.pass();
  for (auto& process : processes) CHECK(process.wait() == 0);
  CHECK(files_in(builds) == 1);
  CHECK(files_in(cache / "locks") == 0);
}

TEST_CASE("threads that open a model at once, through stores of their own, build one pack", "[pack][concurrency]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache", builds = folder.path() / "builds";
  fs::create_directory(builds);
  fs::create_directory_symlink(folder.path(), folder.path() / "other_name");
  const PackSample sample;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i)
    threads.emplace_back([&, i] {
      PackStoreOptions options;
      options.folder = i % 2 == 0 ? cache : folder.path() / "other_name" / "cache";
      const auto store = PackStore::open(options, false);
      right += store.is_ok() && open_or_build(**store, sample, builds, std::to_string(i));
    });
  for (auto& thread : threads) thread.join();
  CHECK(right == 12);
  CHECK(files_in(builds) == 1);
}

TEST_CASE("the lock of a killed process is free at once", "[pack]") {
  const TempFolder folder;
  Signpost locked;
  ChildProcess holder([&] {
    const auto store = open_store(folder.path() / "cache");
    const auto lock = store->lock_build("key", milliseconds(0));
    locked.pass();
    pause();
    return lock.is_ok() ? 0 : 1;
  });
  locked.await();
  const auto store = open_store(folder.path() / "cache");
  const auto refused = store->lock_build("key", milliseconds(0));
  REQUIRE(refused.is_ok());
  CHECK_FALSE(refused->has_lock);
  holder.end(SIGKILL);
  const auto taken = store->lock_build("key", milliseconds(0));
  REQUIRE(taken.is_ok());
  CHECK(taken->has_lock);
}

TEST_CASE("the wait for a holder that hangs ends with the patience", "[pack]") {
  const TempFolder folder;
  Signpost locked;
  ChildProcess holder([&] {
    const auto store = open_store(folder.path() / "cache");
    const auto lock = store->lock_build("key", milliseconds(0));
    locked.pass();
    raise(SIGSTOP);
    return lock.is_ok() ? 0 : 1;
  });
  locked.await();
  const auto store = open_store(folder.path() / "cache");
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = store->lock_build("key", milliseconds(120));
  const auto waited = std::chrono::steady_clock::now() - begin;
  REQUIRE(refused.is_ok());
  CHECK((!refused->has_lock && refused->waited));
  CHECK(waited >= milliseconds(120));
  CHECK(waited < seconds(20));
}

TEST_CASE("who waits gets the lock when its holder is done", "[pack]") {
  const TempFolder folder;
  Signpost locked;
  ChildProcess holder([&] {
    const auto store = open_store(folder.path() / "cache");
    auto lock = store->lock_build("key", milliseconds(0));
    locked.pass();
    std::this_thread::sleep_for(milliseconds(100));
    lock->lock.reset();
    return 0;
  });
  locked.await();
  const auto taken = open_store(folder.path() / "cache")->lock_build("key", seconds(60));
  REQUIRE(taken.is_ok());
  CHECK((taken->has_lock && taken->waited));
  CHECK(holder.wait() == 0);
}

TEST_CASE("a lock whose file is removed by hand is not given twice in a process, and anew by the others", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  auto lock = store->lock_build("key", milliseconds(0));
  REQUIRE(lock.is_ok());
  fs::remove(only_lock(folder.path() / "cache"));
  const auto second = store->lock_build("key", milliseconds(0));
  REQUIRE(second.is_ok());
  CHECK_FALSE(second->has_lock);
  lock->lock.reset();
  const auto third = store->lock_build("key", milliseconds(0));
  REQUIRE(third.is_ok());
  CHECK(third->has_lock);
}

TEST_CASE("the holder of a lock file that was removed leaves the new one to its holder", "[pack]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  Signpost locked, release;
  ChildProcess holder([&] {
    auto lock = open_store(cache)->lock_build("key", milliseconds(0));
    locked.pass();
    release.await();
    lock->lock.reset();
    return 0;
  });
  locked.await();
  fs::remove(only_lock(cache));
  const auto ours = open_store(cache)->lock_build("key", milliseconds(0));  // of a new file
  REQUIRE(ours.is_ok());
  REQUIRE(ours->has_lock);
  release.pass();
  CHECK(holder.wait() == 0);
  ChildProcess other([&] { return open_store(cache)->lock_build("key", milliseconds(0))->has_lock ? 1 : 0; });
  CHECK(other.wait() == 0);
}
