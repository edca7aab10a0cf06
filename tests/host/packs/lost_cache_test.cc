// Caches that are full, read-only, lost, or no folders at all, and builders that die or never end: opening a model goes
// on, with a right answer and a bounded wait.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <thread>

#include "host/storage/pack/build_lock.h"
#include "tests/host/packs/small_model.h"
#include "tests/host/storage/pack/child_process.h"
#include "tests/support/child_process.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

const SmallModel kModel;

/// What stands for the system's shared memory, where packs go that no disk takes, while a test runs.
class SharedMemory {
 public:
  explicit SharedMemory(const fs::path& folder) { setenv("TENON_SHM_DIR", folder.c_str(), 1); }
  ~SharedMemory() { unsetenv("TENON_SHM_DIR"); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
};

/// Why no pack is in use; empty when one is. "wrong: ..." when the answer is not right or no reason is given.
std::string reason_of_open(const fs::path& model, const SessionOptions& options) {
  const Opened opened = open_and_run(model, options);
  if (!opened.status.is_ok()) return "wrong: " + opened.status.message();
  if (opened.answer != kModel.answer()) return "wrong: another answer";
  if (opened.state == "none") return opened.reason.empty() ? "wrong: no reason" : opened.reason;
  return "";
}

bool is_wrong(const std::string& reason) {
  return reason.starts_with("wrong");
}

// A disk of its own for this process; false where none can be mounted.
bool mount_disk(const fs::path& at, const std::string& options) {
  return unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tenon_test", at.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

/// Runs `body` in a child that has a disk of `pages` pages in `folder`.
template <typename Body>
void on_disk_of(int pages, const fs::path& folder, const Body& body) {
  constexpr int kNoDisk = 3;
  const std::string ending =
      ending_of_child([&] { return mount_disk(folder, concat("mode=0700,size=", pages * 4, "k")) ? body() : kNoDisk; });
  if (ending == "exit 3") {
    WARN("no disk can be mounted here: not tested");
  } else {
    CHECK(ending == "exit 0");
  }
}

int report_failure(const std::string& what) {
  std::fprintf(stderr, "in the child: %s\n", what.c_str());
  return 1;
}

/// Sends what this process says through a pipe from now on: a file there would count against its limit.
void pipe_messages() {
  if (std::FILE* pipe = popen("cat >&2", "w"); pipe != nullptr)
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) dup2(fileno(pipe), stream);
}

/// Another process that holds the lock under which the pack of a model is built.
class Builder {
 public:
  Builder(const fs::path& model, const SessionOptions& options)
      : cache_(options.pack.folder), child_([this, lock = lock_of(model, options)] {
          const auto held = lock_file(lock, milliseconds(0), FileOps::posix());
          if (!held.is_ok() || !held->has_lock) return 1;
          locked_.pass();
          pause();
          return 0;
        }) {
    locked_.await();
  }
  ChildProcess& process() { return child_; }

 private:
  fs::path lock_of(const fs::path& model, const SessionOptions& options) const {
    REQUIRE(reason_of_open(model, options) == "");
    const fs::path pack = files_with(cache_, ".tpack").at(0);
    fs::remove(pack);
    return cache_ / "locks" / (pack.stem().string() + ".lock");
  }

  fs::path cache_;
  Signpost locked_;
  ChildProcess child_;
};

}  // namespace

TEST_CASE("a disk that is full after any number of pages costs the pack and nothing else", "[session][packs]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const auto disk = folder.path() / "disk";
  fs::create_directory(disk);
  const SharedMemory memory(disk / "memory");
  for (int pages = 1; pages <= 24; ++pages) {
    CAPTURE(pages);
    on_disk_of(pages, disk, [&] {
      for (int i = 0; i < 2; ++i)
        if (const auto reason = reason_of_open(model, small_options(disk / "cache")); is_wrong(reason))
          return report_failure(reason);
      return files_with(disk, ".tmp").empty() ? 0 : report_failure("a file was left over");
    });
  }
  on_disk_of(1, disk, [&] {
    open_and_run(model, small_options(disk / "cache"));
    return files_with(disk, ".tpack").empty() ? 0 : report_failure("the disk was never full");
  });
}

TEST_CASE("a file size limit below any part of a pack costs the pack and nothing else", "[session][packs]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const SharedMemory memory(folder.path() / "memory");
  CHECK(ending_of_child([&] {
          pipe_messages();
          rlimit limit{};
          getrlimit(RLIMIT_FSIZE, &limit);
          for (rlim_t bytes = 0; bytes < 12'000; bytes += kIsSanitized ? 1201 : 53) {
            limit.rlim_cur = bytes;
            setrlimit(RLIMIT_FSIZE, &limit);
            const std::string reason = reason_of_open(model, small_options(folder.path() / "cache"));
            if (is_wrong(reason)) return report_failure(concat(bytes, " bytes: ", reason));
            if (!files_with(folder.path(), ".tmp").empty()) return report_failure("a file was left over");
            fs::remove_all(folder.path() / "cache");
          }
          return 0;
        }) == "exit 0");
}

TEST_CASE("a cache on a read-only disk serves the packs that it has", "[session][packs]") {
  const TempFolder folder;
  const auto known = kModel.write(folder, "known.onnx"), unknown = kModel.write(folder, "unknown.onnx");
  const auto disk = folder.path() / "disk";
  const bool memory_is_writable = GENERATE(false, true);
  const SharedMemory memory((memory_is_writable ? folder.path() : disk) / "memory");
  fs::create_directory(disk);
  on_disk_of(64, disk, [&] {
    const auto options = small_options(disk / "cache");
    if (!reason_of_open(known, options).empty()) return report_failure("no pack was made");
    if (mount(nullptr, disk.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return report_failure("not mounted");
    if (open_and_run(known, options).state != "used") return report_failure("the pack was not used");
    const std::string reason = reason_of_open(unknown, options);
    return is_wrong(reason) ? report_failure(reason) : 0;
  });
  on_disk_of(64, disk, [&] {
    if (mount(nullptr, disk.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return report_failure("not mounted");
    const std::string reason = reason_of_open(unknown, small_options(disk / "cache"));
    return is_wrong(reason) ? report_failure(reason) : 0;
  });
}

TEST_CASE("a cache that is lost between two sessions is made anew", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto model = kModel.write(folder);
  for (int i = 0; i < 3; ++i) {
    CHECK(open_and_run(model, small_options(cache)).state == "made");
    CHECK(reason_of_open(model, small_options(cache)) == "");
    CHECK(files_with(cache, ".tpack").size() == 1);
    fs::remove_all(cache);
  }
}

TEST_CASE("a cache that is lost while a session runs from it", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto model = kModel.write(folder);
  const auto session = Session::open(model, small_options(cache));
  REQUIRE(session.is_ok());
  fs::remove_all(cache);
  CHECK(*answer_of(**session) == kModel.answer());
  CHECK(reason_of_open(model, small_options(cache)) == "");
  CHECK(files_with(cache, ".tpack").size() == 1);
  CHECK(*answer_of(**session) == kModel.answer());
}

TEST_CASE("parts of a cache that are lost are made anew", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto model = kModel.write(folder);
  REQUIRE(open_and_run(model, small_options(cache)).state == "made");
  fs::remove_all(cache / GENERATE("facts", "used", "locks"));
  CHECK(open_and_run(model, small_options(cache)).state == "used");
  fs::remove(files_with(cache, ".tpack").at(0));
  CHECK(open_and_run(model, small_options(cache)).state == "made");
}

TEST_CASE("a cache that is no folder costs the pack and nothing else", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto model = kModel.write(folder);
  const TempFolder elsewhere;
  const SharedMemory memory(elsewhere.path() / "memory");
  SECTION("a file") {
    folder.write("cache", "text");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink(folder.path() / "nowhere", cache);
  }
  SECTION("a link to a folder") {
    fs::create_directory(folder.path() / "elsewhere");
    fs::create_directory_symlink(folder.path() / "elsewhere", cache);
  }
  SECTION("below a file") {
    folder.write("cache", "text");
    CHECK_FALSE(is_wrong(reason_of_open(model, small_options(cache / "below"))));
  }
  CHECK_FALSE(is_wrong(reason_of_open(model, small_options(cache))));
  CHECK(files_with(folder.path(), ".tpack").empty());
}

TEST_CASE("parts of a cache that are no folders cost at most the pack", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto model = kModel.write(folder);
  const TempFolder elsewhere;
  const SharedMemory memory(elsewhere.path() / "memory");
  REQUIRE(open_and_run(model, small_options(cache)).state == "made");
  const fs::path part = cache / GENERATE("facts", "used", "locks");
  const bool has_pack = GENERATE(true, false);
  fs::remove_all(part);
  std::ofstream(part) << "text";
  if (!has_pack) fs::remove(files_with(cache, ".tpack").at(0));
  for (int i = 0; i < 2; ++i) CHECK_FALSE(is_wrong(reason_of_open(model, small_options(cache))));
}

TEST_CASE("the wait for a builder that never ends is bounded", "[session][packs]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  auto options = small_options(folder.path() / "cache");
  Builder builder(model, options);
  builder.process().send(GENERATE(SIGCONT, SIGSTOP));
  options.pack.patience = milliseconds(80);
  const auto begin = steady_clock::now();
  CHECK_THAT(reason_of_open(model, options), Catch::Contains("still packing the model after 80 ms"));
  const auto waited = steady_clock::now() - begin;
  CHECK(waited >= milliseconds(80));
  CHECK(waited < seconds(20));
}

TEST_CASE("a builder that is killed is not waited for", "[session][packs]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  auto options = small_options(folder.path() / "cache");
  Builder builder(model, options);
  options.pack.patience = seconds(600);
  SECTION("before") {
    builder.process().end(SIGKILL);
    CHECK(open_and_run(model, options).state == "made");
  }
  SECTION("while it is waited for") {
    std::thread end([&] {
      std::this_thread::sleep_for(milliseconds(100));
      builder.process().end(SIGKILL);
    });
    CHECK(open_and_run(model, options).state == "made");
    end.join();
  }
}
