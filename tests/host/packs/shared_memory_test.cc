// Packs in shared memory, where the cache folder cannot take them.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/child_process.h"
#include "tests/support/product_model.h"
#include "tests/support/shared_place.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

struct Opened {
  PackEntry pack;
  std::string answer;
};

Opened open_and_run(const fs::path& model, const SessionOptions& options) {
  const auto session = Session::open(model, options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return {(*session)->report().pack, product_answer(**session)};
}

void check_shared(const fs::path& model, const SessionOptions& options, const SharedPlace& place,
                  const std::string& reason) {
  SessionOptions plain = options;
  plain.pack.mode = PackMode::kOff;
  const std::string expected = open_and_run(model, plain).answer;
  REQUIRE_FALSE(expected.empty());
  for (const std::string state : {"made", "used"}) {
    const Opened opened = open_and_run(model, options);
    CHECK(opened.pack.state == state);
    CHECK(fs::path(opened.pack.path).parent_path() == place.path());
    CHECK_THAT(opened.pack.reason, Catch::Contains("in shared memory: ") && Catch::Contains(reason));
    CHECK(opened.answer == expected);
  }
  CHECK(ending_of_child([&] {
          const auto session = Session::open(model, options);
          return session.is_ok() && (*session)->report().pack.state == "used" && product_answer(**session) == expected
                     ? 0
                     : 1;
        }) == "exit 0");
}

}  // namespace

TEST_CASE("where the cache folder cannot be made, packs live in shared memory", "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto model = folder.write("m.onnx", product_model(1));
  const auto file = folder.write("file", "in the way");
  SECTION("a file is in its place") {
    check_shared(model, packing_options(file), place, file.string());
  }
  SECTION("a file is on the way to it") {
    check_shared(model, packing_options(file / "cache"), place, (file / "cache").string());
  }
  struct stat info;
  REQUIRE(stat(place.path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("where the cache folder is only to be read, its packs are used and new ones live in shared memory",
          "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto old = folder.write("old.onnx", product_model(1)), model = folder.write("m.onnx", product_model(2));
  const auto cache = folder.path() / "cache";
  const auto options = packing_options(cache);
  CHECK(open_and_run(old, options).pack.state == "made");
  REQUIRE(chmod(cache.c_str(), 0500) == 0);
  if (access(cache.c_str(), W_OK) == 0) return;  // root may write everywhere
  const PackEntry kept = open_and_run(old, options).pack;
  CHECK(kept.state == "used");
  CHECK(kept.reason == "");
  check_shared(model, options, place, "cannot be written");
  chmod(cache.c_str(), 0700);
}

TEST_CASE("where the disk is full or read-only, packs live in shared memory", "[session][packs]") {
  const TempFolder folder, disk;
  const SharedPlace place;
  if (mount("tenon_test", disk.path().c_str(), "tmpfs", 0, "size=8k,mode=0700") != 0) {
    WARN("no tmpfs can be mounted here");
    return;
  }
  struct Unmount {
    ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
    fs::path path;
  } const unmount{disk.path()};
  const auto model = folder.write("m.onnx", product_model(1));
  SECTION("full") {
    const auto options = packing_options(disk.path() / "cache");
    const Opened made = open_and_run(model, options);
    CHECK(made.pack.state == "made");
    CHECK(fs::path(made.pack.path).parent_path() == place.path());
    CHECK_THAT(made.pack.reason, Catch::Contains("No space left on device"));
    const Opened used = open_and_run(model, options);
    CHECK(used.pack.state == "used");
    CHECK(used.pack.path == made.pack.path);
    CHECK_THAT(used.pack.reason, Catch::Contains("in shared memory"));
    CHECK(used.answer == made.answer);
  }
  SECTION("read-only") {
    REQUIRE(mount(nullptr, disk.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    check_shared(model, packing_options(disk.path() / "cache"), place, "Read-only file system");
    check_shared(folder.write("n.onnx", product_model(2)), packing_options(disk.path()), place,
                 "Read-only file system");
  }
}

TEST_CASE("sessions that only read write nothing to shared memory, but use what is there", "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto model = folder.write("m.onnx", product_model(1));
  const auto cache = folder.write("file", "in the way");
  CHECK(open_and_run(model, packing_options(cache, PackMode::kReadOnly)).pack.state == "none");
  CHECK_FALSE(fs::exists(place.path()));
  CHECK(open_and_run(model, packing_options(cache)).pack.state == "made");
  CHECK(open_and_run(model, packing_options(cache, PackMode::kReadOnly)).pack.state == "used");
}

TEST_CASE("a folder in shared memory that others can write to is not used", "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto model = folder.write("m.onnx", product_model(1));
  const auto cache = folder.write("file", "in the way");
  SECTION("by its mode") {
    fs::create_directory(place.path());
    chmod(place.path().c_str(), 0777);
  }
  SECTION("as a link to elsewhere") {
    fs::create_directory_symlink(folder.path(), place.path());
  }
  SECTION("as another user's") {
    if (geteuid() != 0) return;
    fs::create_directory(place.path());
    REQUIRE(chown(place.path().c_str(), 1, 1) == 0);
  }
  const PackEntry pack = open_and_run(model, packing_options(cache)).pack;
  CHECK(pack.state == "none");
  CHECK_THAT(pack.reason, Catch::Contains(cache.string()) && Catch::Contains(place.path().string()));
}

TEST_CASE("a pack that the size cap has no room for is not written to shared memory", "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto model = folder.write("m.onnx", product_model(1));
  auto options = packing_options(folder.write("file", "in the way"));
  options.pack.max_bytes = 10'000;
  const Opened opened = open_and_run(model, options);
  CHECK(opened.pack.state == "none");
  CHECK_THAT(opened.pack.reason, Catch::Contains("has room for 10000"));
  CHECK_FALSE(opened.answer.empty());
}
