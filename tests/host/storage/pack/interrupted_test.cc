// Builders that die or fail at any call: readers see nothing or a whole pack, and the next builder succeeds.
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <set>

#include "tests/host/storage/pack/child_process.h"
#include "tests/host/storage/pack/faulty_file_ops.h"
#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;
using Fault = FaultyFileOps::Fault;

namespace {

PackSample sample_with_many_blobs() {
  PackSample sample;
  sample.blobs.clear();
  for (unsigned i = 0; i < 48; ++i) sample.blobs.push_back(pattern(37 * i, i));
  return sample;
}

// All that a builder does; the first failure.
Status build_in(const fs::path& folder, const PackSample& sample, FileOps& files) {
  PackStoreOptions options;
  options.folder = folder;
  TENON_ASSIGN_OR_RETURN(const auto store, PackStore::open(options, false, files));
  TENON_ASSIGN_OR_RETURN(const auto lock, store->lock_build(sample.key, std::chrono::milliseconds(0)));
  TENON_ASSIGN_OR_RETURN(const auto pack, build(*store, sample));
  return holds(*pack, sample) ? Status() : error(TN_INTERNAL, "a wrong pack was built");
}

int calls_of_a_build(const PackSample& sample) {
  const TempFolder folder;
  FaultyFileOps counting;
  REQUIRE(build_in(folder.path() / "cache", sample, counting).message() == "");
  return counting.calls();
}

void check_readers(const fs::path& folder, const PackSample& sample, const std::string& when) {
  PackStoreOptions options;
  options.folder = folder;
  const auto store = PackStore::open(options, true);
  if (!store.is_ok()) return;  // the folder was not made
  const auto pack = (*store)->find(sample.key);
  if (pack.is_ok() && !(holds(**pack, sample) && (*pack)->verify_blobs().is_ok())) FAIL(when << ": a wrong pack");
  if (!pack.is_ok() && pack.status().message().find("no pack of this model") == std::string::npos)
    FAIL(when << ": a pack that is not whole: " << pack.status().message());
}

// The folder holds one pack and what is kept beside packs, nothing else.
void check_clean(const fs::path& folder, const std::string& when) {
  std::multiset<std::string> kinds;
  for (const auto& file : files_below(folder)) kinds.insert(file.extension());
  if (kinds.count(".tpack") != 1 || kinds.count(".tmp") + kinds.count(".lock") != 0)
    FAIL(when << ": files are left over");
}

void check_recovery(const fs::path& folder, const PackSample& sample, const std::string& when) {
  check_readers(folder, sample, when);
  const Status again = build_in(folder, sample, FileOps::posix());
  if (!again.is_ok()) FAIL(when << ": the next builder fails: " << again.message());
  REQUIRE(open_store(folder)->collect(UINT64_MAX).is_ok());
  check_clean(folder, when);
  check_readers(folder, sample, when);
}

}  // namespace

TEST_CASE("a builder killed at any call leaves nothing or a whole pack, and the next one succeeds", "[pack][slow]") {
  const PackSample sample = sample_with_many_blobs();
  const int calls = calls_of_a_build(sample);
  int points = 0;
  for (const Fault fault : {Fault::kKillBefore, Fault::kKillAfter, Fault::kKillHalfWritten}) {
    for (int at = 1; at <= calls; ++at) {
      const TempFolder folder;
      const fs::path cache = folder.path() / "cache";
      ChildProcess builder([&] {
        FaultyFileOps files(fault, at);
        return build_in(cache, sample, files).is_ok() ? 0 : 1;
      });
      const std::string when = concat("killed at call ", at, " of ", calls, ", way ", static_cast<int>(fault));
      if (const int code = builder.wait(); code != FaultyFileOps::kKilled) FAIL(when << ": ended with " << code);
      check_recovery(cache, sample, when);
      ++points;
    }
  }
  CHECK(points > 180);
}

TEST_CASE("a builder whose disk fails at any call says so, and the next one succeeds", "[pack][slow]") {
  const PackSample sample = sample_with_many_blobs();
  const int calls = calls_of_a_build(sample);
  for (const int error_number : {ENOSPC, EROFS, EIO}) {
    for (const Fault fault : {Fault::kFail, Fault::kFailFromThere}) {
      for (int at = 1; at <= calls; at += error_number == ENOSPC ? 1 : 5) {
        const TempFolder folder;
        FaultyFileOps files(fault, at, error_number);
        const Status built = build_in(folder.path() / "cache", sample, files);
        const std::string when = concat("errno ", error_number, " at call ", at, ", way ", static_cast<int>(fault));
        // Not everything that fails spoils a pack: a mark of use or a fact may be missing.
        if (!built.is_ok() && built.code() != TN_UNSUPPORTED) FAIL(when << ": " << built.message());
        check_recovery(folder.path() / "cache", sample, when);
      }
    }
  }
}

TEST_CASE("a full disk is named, with the mend", "[pack]") {
  const TempFolder folder;
  FaultyFileOps files(Fault::kFailFromThere, 12, ENOSPC);
  const Status built = build_in(folder.path() / "cache", sample_with_many_blobs(), files);
  CHECK(built.code() == TN_UNSUPPORTED);
  CHECK_THAT(built.message(), Catch::Contains("No space left on device: free some room"));
  CHECK(files_below(folder.path()).empty());
}

TEST_CASE("writes that fall short are completed", "[pack]") {
  const TempFolder folder;
  FaultyFileOps files(Fault::kShortWrites, 1);
  CHECK(build_in(folder.path() / "cache", sample_with_many_blobs(), files).message() == "");
}

TEST_CASE("a disk that is really full, and one that is read-only, cost the pack and nothing else", "[pack]") {
  const TempFolder folder;
  if (mount("tenon_test", folder.path().c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) {
    WARN("no tmpfs can be mounted here: " << std::strerror(errno));
    return;
  }
  struct Unmount {
    ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
    fs::path path;
  } const unmount{folder.path()};
  PackSample large;
  large.key = "large";
  large.blobs = {pattern(100'000, 1)};
  const PackSample small;
  const auto store = open_store(folder.path() / "cache");
  const auto full = build(*store, large);
  CHECK(full.status().code() == TN_UNSUPPORTED);
  CHECK_THAT(full.status().message(), Catch::Contains("No space left on device"));
  CHECK(build(*store, small).status().message() == "");

  REQUIRE(mount(nullptr, folder.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  const auto reader = open_store(folder.path() / "cache");
  CHECK(reader->find(small.key).status().message() == "");
  CHECK_THAT(reader->create("new").status().message(), Catch::Contains("Read-only file system"));
  CHECK_THAT(reader->lock_build("new", std::chrono::milliseconds(0)).status().message(),
             Catch::Contains("Read-only file system"));
  PackStoreOptions missing;
  missing.folder = folder.path() / "not made";
  CHECK_THAT(PackStore::open(missing, false).status().message(), Catch::Contains("Read-only file system"));
}

TEST_CASE("a reader beside a builder that publishes again and again sees one whole pack or the other", "[pack][slow]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  PackSample first, second;
  second.blobs = {pattern(5000, 8)};
  second.plan = "another plan";
  REQUIRE(build(*open_store(cache), first).is_ok());
  ChildProcess builder([&] {
    const auto store = open_store(cache);
    for (int i = 0; i < 60; ++i)
      if (!build(*store, i % 2 == 0 ? second : first).is_ok()) return 1;
    return 0;
  });
  const auto store = open_store(cache);
  for (int i = 0; i < 1000; ++i) {
    const auto pack = store->find(first.key);
    if (!pack.is_ok()) FAIL(pack.status().message());
    if (!holds(**pack, first) && !holds(**pack, second)) FAIL("neither pack is whole");
  }
  CHECK(builder.wait() == 0);
}
