// Whose packs are believed, and from which folder.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr uid_t kStranger = 54321;

Status open_status(const fs::path& folder) {
  PackStoreOptions options;
  options.folder = folder;
  return PackStore::open(options, false).status();
}

fs::path only_pack(const fs::path& cache) {
  for (const auto& file : files_below(cache))
    if (file.extension() == ".tpack") return file;
  FAIL("no pack");
  return {};
}

bool give_away(const fs::path& path) {
  if (chown(path.c_str(), kStranger, static_cast<gid_t>(-1)) == 0) return true;
  WARN("only root can give a file to another user: not tested");
  return false;
}

}  // namespace

TEST_CASE("a cache folder of another user is not used", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  open_store(cache);
  if (!give_away(cache)) return;
  const Status status = open_status(cache);
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Catch::Contains("belongs to user 54321"));
}

TEST_CASE("a cache folder that others may write to is not used", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  open_store(cache);
  for (const mode_t mode : {0720, 0702, 01777}) {
    REQUIRE(chmod(cache.c_str(), mode) == 0);
    CHECK_THAT(open_status(cache).message(), Catch::Contains("may be written by other users"));
  }
  REQUIRE(chmod(cache.c_str(), 0755) == 0);
  CHECK(open_status(cache).message() == "");
}

TEST_CASE("a cache folder that is a symbolic link or a file is not used", "[pack]") {
  const TempFolder folder;
  open_store(folder.path() / "cache");
  fs::create_directory_symlink("cache", folder.path() / "link");
  CHECK_THAT(open_status(folder.path() / "link").message(), Catch::Contains("is a symbolic link"));
  CHECK_THAT(open_status(folder.path() / "link/").message(), Catch::Contains("is a symbolic link"));
  CHECK_THAT(open_status(folder.write("file", "")).message(), Catch::Contains("is not a folder"));
}

TEST_CASE("a cache folder that changes hands while it is used is not written to", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  REQUIRE(chmod(cache.c_str(), 0777) == 0);
  CHECK(store->create("key").status().code() == TN_UNSUPPORTED);
  CHECK(store->lock_build("key", std::chrono::milliseconds(0)).status().code() == TN_UNSUPPORTED);
  CHECK(store->collect(0).status().code() == TN_UNSUPPORTED);
}

TEST_CASE("a pack in the cache that is not ours, may be changed by others, or is a link, is a miss", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  const PackSample sample;
  REQUIRE(build(*store, sample).is_ok());
  const auto pack = only_pack(cache);
  const auto miss = [&] {
    const Status status = store->find(sample.key).status();
    CHECK(status.code() == TN_NOT_FOUND);
    return status.message();
  };
  REQUIRE(chmod(pack.c_str(), 0620) == 0);
  CHECK_THAT(miss(), Catch::Contains("may be written by other users"));
  REQUIRE(chmod(pack.c_str(), 0600) == 0);
  if (give_away(pack)) {
    CHECK_THAT(miss(), Catch::Contains("belongs to user 54321"));
    REQUIRE(chown(pack.c_str(), geteuid(), static_cast<gid_t>(-1)) == 0);
  }
  fs::rename(pack, folder.path() / "elsewhere.tpack");
  fs::create_symlink(folder.path() / "elsewhere.tpack", pack);
  CHECK_THAT(miss(), Catch::Contains("is a symbolic link"));
  // The next builder takes its place.
  CHECK(build(*store, sample).status().message() == "");
  CHECK(store->find(sample.key).status().message() == "");
}

TEST_CASE("a pack under the name of another key is a miss", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  PackSample sample, other;
  other.key = "source=/models/b.onnx\n";
  REQUIRE(build(*store, sample).is_ok());
  const auto path = only_pack(folder.path() / "cache");
  REQUIRE(build(*store, other).is_ok());
  for (const auto& entry : store->list())
    if (entry.path != path) fs::copy_file(path, entry.path, fs::copy_options::overwrite_existing);
  CHECK_THAT(store->find(other.key).status().message(), Catch::Contains("another key"));
}

TEST_CASE("a pack that is named by the user must be the user's or root's, and no one else's to change", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample;
  const auto path = folder.path() / "shipped.tpack";
  REQUIRE(write_pack(path, sample).is_ok());
  fs::create_symlink(path, folder.path() / "link.tpack");
  const auto pack = store->open_file(folder.path() / "link.tpack");
  REQUIRE(pack.status().message() == "");
  CHECK(holds(**pack, sample));
  REQUIRE(chmod(path.c_str(), 0666) == 0);
  CHECK(store->open_file(path).status().code() == TN_UNSUPPORTED);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK(store->open_file(path).is_ok());
  if (give_away(path)) CHECK(store->open_file(path).status().code() == TN_UNSUPPORTED);
  CHECK(store->open_file(folder.path() / "none").status().code() == TN_NOT_FOUND);
  CHECK(store->open_file(folder.write("text", "not a pack")).status().code() == TN_INVALID_MODEL);
}

TEST_CASE("the default folder follows TENON_CACHE_DIR, then XDG_CACHE_HOME, then HOME", "[pack]") {
  const TempFolder folder;
  const auto opened = [] { return PackStore::open({}, false); };
  const auto root = folder.path();
  setenv("TENON_CACHE_DIR", (root / "named").c_str(), 1);
  setenv("XDG_CACHE_HOME", (root / "xdg").c_str(), 1);
  const std::string home = getenv("HOME") == nullptr ? "" : getenv("HOME");
  setenv("HOME", (root / "home").c_str(), 1);
  CHECK((*opened())->folder() == root / "named");
  unsetenv("TENON_CACHE_DIR");
  CHECK((*opened())->folder() == root / "xdg" / "tenon");
  setenv("XDG_CACHE_HOME", "relative", 1);
  CHECK((*opened())->folder() == root / "home" / ".cache" / "tenon");
  setenv("TENON_CACHE_MAX_BYTES", "ten", 1);
  CHECK_THAT(opened().status().message(), Catch::Contains("TENON_CACHE_MAX_BYTES is 'ten'"));
  unsetenv("TENON_CACHE_MAX_BYTES");
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", home.c_str(), 1);
}
