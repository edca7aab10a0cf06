// What is read when a pack is opened, and what is remembered of it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "host/storage/pack/fact_store.h"
#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr size_t kPage = 4096;

PackSample large_sample() {
  PackSample sample;
  sample.blobs = {pattern(48 << 20, 1)};  // far more than a disk reads ahead
  return sample;
}

// Changes one byte in the middle of the file and puts its times back, as far as a program can.
void damage_with_old_times(const fs::path& path) {
  struct stat before;
  REQUIRE(stat(path.c_str(), &before) == 0);
  const int fd = open(path.c_str(), O_RDWR);
  REQUIRE(fd >= 0);
  char byte;
  REQUIRE(pread(fd, &byte, 1, before.st_size / 2) == 1);
  byte = static_cast<char>(byte ^ 1);
  REQUIRE(pwrite(fd, &byte, 1, before.st_size / 2) == 1);
  close(fd);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

// The share of the middle third of `bytes` that lies in memory.
double resident_share(std::span<const std::byte> bytes) {
  const auto begin = (reinterpret_cast<uintptr_t>(bytes.data()) + bytes.size() / 3) / kPage * kPage;
  const size_t pages = bytes.size() / 3 / kPage;
  std::vector<unsigned char> in_memory(pages);
  REQUIRE(mincore(reinterpret_cast<void*>(begin), pages * kPage, in_memory.data()) == 0);
  size_t count = 0;
  for (const unsigned char page : in_memory) count += page & 1;
  return static_cast<double>(count) / static_cast<double>(pages);
}

// Lets the system forget the pages of a file that nobody maps; false when it does not.
bool drop_from_memory(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY);
  fsync(fd);
  const bool asked = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
  close(fd);
  const auto mapping = FileMapping::open(path);
  return asked && mapping.is_ok() && resident_share((*mapping)->bytes()) == 0;
}

}  // namespace

TEST_CASE("an untouched pack is opened without its blobs being read", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample = large_sample();
  REQUIRE(build(*store, sample).is_ok());
  const fs::path path = store->list()[0].path;
  if (!drop_from_memory(path)) {
    WARN("the file system of " << path << " keeps files in memory: not tested");
    return;
  }
  const auto known = store->find(sample.key);
  REQUIRE(known.status().message() == "");
  CHECK(resident_share((*known)->blob(0)) < 0.1);

  PackStoreOptions options;
  options.folder = folder.path() / "cache";
  options.verify_always = true;
  const auto strict = PackStore::open(options, false);
  REQUIRE((*strict)->find(sample.key).is_ok());
  CHECK(resident_share((*known)->blob(0)) == 1);
}

TEST_CASE("a pack that came with the model is read once on a machine", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "shipped.tpack";
  const PackSample sample = large_sample();
  REQUIRE(write_pack(path, sample).is_ok());
  const auto store = open_store(folder.path() / "cache");
  if (!drop_from_memory(path)) return;
  {
    const auto first = store->open_file(path);
    REQUIRE(first.status().message() == "");
    CHECK(resident_share((*first)->blob(0)) == 1);
  }
  REQUIRE(drop_from_memory(path));
  const auto second = open_store(folder.path() / "cache")->open_file(path);
  REQUIRE(second.is_ok());
  CHECK(resident_share((*second)->blob(0)) < 0.1);
}

TEST_CASE("a pack that was changed and got its old times back is read and found out", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample = large_sample();
  REQUIRE(build(*store, sample).is_ok());
  REQUIRE(store->find(sample.key).is_ok());
  const fs::path path = store->list()[0].path;
  damage_with_old_times(path);
  const auto damaged = store->find(sample.key);
  CHECK(damaged.status().code() == TN_NOT_FOUND);
  CHECK_THAT(damaged.status().message(), Catch::Contains("the pack is damaged: blob 'packed 0' has checksum"));
  CHECK(store->open_file(path).status().code() == TN_INVALID_MODEL);
  // And is replaced by the next publication.
  REQUIRE(build(*store, sample).is_ok());
  CHECK(store->find(sample.key).status().message() == "");
}

TEST_CASE("a touched pack that is still right is read once more, then known", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample = large_sample();
  REQUIRE(build(*store, sample).is_ok());
  const fs::path path = store->list()[0].path;
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0);
  if (!drop_from_memory(path)) return;
  {
    const auto pack = store->find(sample.key);
    REQUIRE(pack.is_ok());
    CHECK(resident_share((*pack)->blob(0)) == 1);
  }
  REQUIRE(drop_from_memory(path));
  const auto pack = store->find(sample.key);
  REQUIRE(pack.is_ok());
  CHECK(resident_share((*pack)->blob(0)) < 0.1);
}

TEST_CASE("where facts cannot be kept, packs are found all the same", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  folder.write("cache/facts", "a file where the folder should be");
  const PackSample sample;
  REQUIRE(build(*store, sample).status().message() == "");
  CHECK(store->find(sample.key).status().message() == "");
  store->remember("the moon is round");
  CHECK_FALSE(store->knows("the moon is round"));
}

TEST_CASE("a fact is known once it was stated, and not when its file was changed", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const std::string fact = "source 1:2:3 has digest 4";
  CHECK_FALSE(store->knows(fact));
  store->remember(fact);
  CHECK(store->knows(fact));
  CHECK(open_store(folder.path() / "cache")->knows(fact));
  CHECK_FALSE(store->knows(fact + "4"));
  const auto file = files_below(folder.path() / "cache" / "facts").at(0);
  const std::string content = read_file(file);
  for (size_t i = 0; i < content.size(); ++i) {
    std::string changed = content;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    folder.write(fs::relative(file, folder.path()), changed);
    if (store->knows(fact)) FAIL("byte " << i);
  }
  store->remember(fact);
  CHECK(store->knows(fact));
}

TEST_CASE("facts past a number are forgotten, the least recently stated first", "[pack]") {
  const TempFolder folder;
  FactStore facts(folder.path() / "facts", FileOps::posix());
  for (const char* fact : {"a", "b", "c"}) REQUIRE(facts.remember(fact).message() == "");
  for (const auto& file : files_below(folder.path()))
    if (read_file(file).starts_with("b"))
      fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  CHECK(facts.forget_past(3) == 0);
  CHECK(facts.forget_past(2) == 1);
  CHECK((facts.knows("a") && !facts.knows("b") && facts.knows("c")));
}

TEST_CASE("a store for reading finds and knows, and writes nothing", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const PackSample sample;
  PackStoreOptions options;
  options.folder = cache;
  CHECK((*PackStore::open(options, true))->find(sample.key).status().code() == TN_NOT_FOUND);
  CHECK_FALSE(fs::exists(cache));
  REQUIRE(build(*open_store(cache), sample).is_ok());
  const auto before = files_below(cache);
  const auto reader = PackStore::open(options, true);
  REQUIRE(reader.is_ok());
  CHECK((*reader)->find(sample.key).is_ok());
  (*reader)->remember("a fact");
  CHECK_FALSE((*reader)->knows("a fact"));
  CHECK((*reader)->create("key").status().code() == TN_UNSUPPORTED);
  CHECK((*reader)->lock_build("key", std::chrono::milliseconds(0)).status().code() == TN_UNSUPPORTED);
  CHECK(files_below(cache).size() == before.size());
}
