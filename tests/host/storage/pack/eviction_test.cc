// What is removed when room is needed, and what is not.
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/host/storage/pack/child_process.h"
#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr uint64_t kPackBytes = 110'000;  // a little more than one of these packs

PackSample numbered(int number) {
  PackSample sample;
  sample.key = "source=/models/" + std::to_string(number) + ".onnx\n";
  sample.blobs = {pattern(100'000, static_cast<unsigned>(number))};
  return sample;
}

std::string kept(PackStore& store, int count) {
  std::string numbers;
  for (int i = 0; i < count; ++i)
    for (const auto& entry : store.list())
      if (entry.key == numbered(i).key) numbers += std::to_string(i);
  return numbers;
}

// Sets the last use of a pack to `hours` from now.
void set_use(const fs::path& cache, const PackSample& sample, int hours) {
  for (const auto& entry : open_store(cache)->list()) {
    if (entry.key != sample.key) continue;
    const timespec time{std::time(nullptr) + hours * 3600, 0};
    const timespec times[2] = {time, time};
    const auto mark = cache / "used" / (entry.path.stem().string() + ".used");
    REQUIRE(utimensat(AT_FDCWD, mark.c_str(), times, 0) == 0);
    REQUIRE(utimensat(AT_FDCWD, entry.path.c_str(), times, 0) == 0);
  }
}

size_t lines_of(const char* path, const std::string& part) {
  std::ifstream in(path);
  size_t count = 0;
  for (std::string line; std::getline(in, line);) count += line.find(part) != std::string::npos;
  return count;
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace

TEST_CASE("past the size cap the least recently used packs go", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache, 3 * kPackBytes);
  for (int i = 0; i < 3; ++i) REQUIRE(build(*store, numbered(i)).is_ok());
  CHECK(kept(*store, 4) == "012");
  set_use(cache, numbered(0), -1);
  set_use(cache, numbered(1), -3);
  set_use(cache, numbered(2), -2);
  REQUIRE(store->find(numbered(2).key).is_ok());  // a use
  REQUIRE(build(*store, numbered(3)).is_ok());
  CHECK(kept(*store, 4) == "023");
  REQUIRE(store->collect(kPackBytes).is_ok());
  CHECK(kept(*store, 4) == "3");
  REQUIRE(store->collect(0).is_ok());
  CHECK(files_below(cache / "used").empty());
}

TEST_CASE("a use in the future, as when the clock was set back, is no use", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  for (int i = 0; i < 3; ++i) REQUIRE(build(*store, numbered(i)).is_ok());
  set_use(cache, numbered(0), 24 * 365);
  set_use(cache, numbered(1), 24 * 365);
  set_use(cache, numbered(2), -24);
  CHECK(store->find(numbered(1).key).status().message() == "");  // found, and used now
  REQUIRE(store->collect(2 * kPackBytes).is_ok());
  CHECK(kept(*store, 3) == "12");
}

TEST_CASE("a pack that some process has open is not evicted, and may be once that process is dead", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  for (int i = 0; i < 3; ++i) REQUIRE(build(*store, numbered(i)).is_ok());
  Signpost opened;
  ChildProcess user([&] {
    const auto pack = open_store(cache)->find(numbered(0).key);
    opened.pass();
    pause();
    return pack.is_ok() ? 0 : 1;
  });
  opened.await();
  {
    const auto ours = store->find(numbered(1).key);
    for (const auto& entry : store->list()) CHECK(entry.in_use == (entry.key != numbered(2).key));
    REQUIRE(store->collect(0).is_ok());
    CHECK(kept(*store, 3) == "01");
  }
  user.end(SIGKILL);
  const auto collected = store->collect(0);
  REQUIRE(collected.is_ok());
  CHECK(collected->bytes > 2 * 100'000);
  CHECK(kept(*store, 3) == "");
}

TEST_CASE("a pack that is removed by hand stays with who has it open", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const auto pack = build(*store, numbered(1));
  REQUIRE(pack.is_ok());
  REQUIRE(store->remove((*pack)->mapping().path()).message() == "");
  CHECK(holds(**pack, numbered(1)));
  CHECK((*pack)->verify_blobs().message() == "");
  CHECK(store->find(numbered(1).key).status().code() == TN_NOT_FOUND);
  CHECK(store->remove((*pack)->mapping().path()).code() == TN_NOT_FOUND);
  CHECK(store->remove(folder.write("precious.tpack", "")).code() == TN_INVALID_ARGUMENT);
  CHECK(store->remove(folder.path() / "cache" / ".." / "precious.tpack").code() == TN_INVALID_ARGUMENT);
}

TEST_CASE("collecting removes damaged packs, leftovers, dead locks, and marks of packs that are gone", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  REQUIRE(build(*store, numbered(0)).is_ok());
  const auto being_written = store->create("key");
  folder.write("cache/0123.tpack", "not a pack");
  folder.write("cache/0123.tmp", "half of a pack");
  folder.write("cache/locks/0123.lock", "");
  folder.write("cache/used/4567.used", "");
  const auto held = store->lock_build("key", std::chrono::milliseconds(0));
  const auto collected = store->collect(UINT64_MAX);
  REQUIRE(collected.status().message() == "");
  CHECK(collected->files == 4);
  CHECK(kept(*store, 1) == "0");
  CHECK(files_below(cache / "locks").size() == 1);  // the one that is held
  CHECK(fill(**being_written, {}).is_ok());
}

TEST_CASE("a cache folder that is lost while it is used is a miss, and made anew by the next builder", "[pack]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto store = open_store(cache);
  const auto pack = build(*store, numbered(0));
  auto writer = store->create(numbered(1).key);
  REQUIRE((pack.is_ok() && writer.is_ok()));
  REQUIRE(fill(**writer, numbered(1)).is_ok());
  fs::remove_all(cache);
  CHECK(holds(**pack, numbered(0)));
  CHECK(store->find(numbered(0).key).status().code() == TN_NOT_FOUND);
  CHECK(store->list().empty());
  CHECK(store->publish(std::move(*writer), numbered(1).key).status().code() == TN_UNSUPPORTED);
  fs::remove_all(cache);
  CHECK(store->lock_build(numbered(1).key, std::chrono::milliseconds(0)).status().message() == "");
  CHECK(build(*store, numbered(1)).status().message() == "");
  CHECK(store->find(numbered(1).key).status().message() == "");
}

TEST_CASE("10,000 opens and closes leave no mapping and no descriptor behind", "[pack][slow][own_process]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample;
  REQUIRE(build(*store, sample).is_ok());
  REQUIRE(store->find(sample.key).is_ok());
  const size_t descriptors = open_descriptors();
  const size_t mappings = lines_of("/proc/self/maps", "");
  for (int i = 0; i < 10'000; ++i)
    if (!store->find(sample.key).is_ok()) FAIL("open " << i);
  CHECK(open_descriptors() == descriptors);
  CHECK(lines_of("/proc/self/maps", ".tpack") == 0);
  CHECK(lines_of("/proc/self/maps", "") <= mappings + 8);  // the heap may grow
}

TEST_CASE("a thousand opens of a pack at once share one mapping and one descriptor", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  const PackSample sample;
  std::vector<std::shared_ptr<const PackFile>> packs{*build(*store, sample)};
  const size_t descriptors = open_descriptors();
  for (int i = 0; i < 1000; ++i) packs.push_back(*store->find(sample.key));
  CHECK(open_descriptors() == descriptors);
  CHECK(lines_of("/proc/self/maps", ".tpack") == 1);
}

TEST_CASE("under a hard cap, packs out of use make room before a new one is written", "[pack]") {
  const TempFolder folder;
  PackStoreOptions options;
  options.folder = folder.path() / "cache";
  options.hard_max_bytes = 2 * kPackBytes;
  const auto opened = PackStore::open(options, false);
  REQUIRE(opened.is_ok());
  PackStore& store = **opened;
  CHECK(store.max_bytes() == 2 * kPackBytes);
  const auto held = build(store, numbered(0));
  REQUIRE(held.is_ok());
  REQUIRE(build(store, numbered(1)).is_ok());
  auto writer = store.create(numbered(2).key);
  REQUIRE(writer.is_ok());
  REQUIRE(fill(**writer, numbered(2)).is_ok());
  CHECK(kept(store, 3) == "0");
  REQUIRE(store.publish(std::move(*writer), numbered(2).key).is_ok());
  CHECK(kept(store, 3) == "02");
  auto large = numbered(3);
  large.blobs.push_back(pattern(50'000, 9));
  CHECK_THAT(build(store, large).status().message(), Catch::Contains("has room for"));
  CHECK(kept(store, 3) == "0");
}
