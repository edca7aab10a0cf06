#include "host/storage/pack/pack_file.h"

#include <catch2/catch.hpp>
#include <thread>

#include "host/storage/pack/pack_format.h"
#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

namespace {

PackSample small_sample() {
  PackSample sample;
  sample.key = "a=1\n";
  sample.blobs = {pattern(20, 1), pattern(3, 2)};
  sample.plan = "plan";
  return sample;
}

}  // namespace

TEST_CASE("a pack gives back its key, its sections and its blobs, aligned", "[pack]") {
  const TempFolder folder;
  const PackSample sample;
  const auto path = folder.path() / "a.tpack";
  REQUIRE(write_pack(path, sample).message() == "");
  const auto pack = PackFile::open(path, true);
  REQUIRE(pack.status().message() == "");
  CHECK(holds(**pack, sample));
  CHECK((*pack)->section("none").empty());
  for (size_t i = 0; i < 3; ++i)
    CHECK(reinterpret_cast<uintptr_t>((*pack)->blob(i).data()) % (i == 2 ? 4096 : 64) == 0);
  CHECK((*pack)->mapping().path() == path);
}

TEST_CASE("opening a pack twice gives one object", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  REQUIRE(write_pack(path, {}).is_ok());
  const auto first = PackFile::open(path, false), second = PackFile::open(path, true);
  REQUIRE((first.is_ok() && second.is_ok()));
  CHECK(first->get() == second->get());
}

TEST_CASE("a pack that is replaced while it is open keeps its bytes", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  PackSample old_sample, new_sample;
  new_sample.plan = "another plan";
  new_sample.blobs[0] = pattern(77, 9);
  REQUIRE(write_pack(path, old_sample).is_ok());
  const auto old_pack = PackFile::open(path, true);
  REQUIRE(write_pack(path, new_sample).is_ok());
  const auto new_pack = PackFile::open(path, true);
  REQUIRE((old_pack.is_ok() && new_pack.is_ok()));
  CHECK(holds(**old_pack, old_sample));
  CHECK((*old_pack)->verify_blobs().message() == "");
  CHECK(holds(**new_pack, new_sample));
}

TEST_CASE("a pack cut to any length is refused", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  const PackSample sample = small_sample();
  REQUIRE(write_pack(path, sample).is_ok());
  const std::string whole = read_file(path);
  for (size_t length = whole.size(); length-- > 0;) {
    fs::resize_file(path, length);
    const auto pack = PackFile::open(path, true);
    if (pack.status().code() != TN_INVALID_MODEL) FAIL("cut to " << length << ": " << pack.status().message());
  }
  const auto longer = folder.write("longer.tpack", whole + "x");
  CHECK(PackFile::open(longer, true).status().code() == TN_INVALID_MODEL);
}

TEST_CASE("any flipped bit of a pack is found, or changes nothing that is handed out", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  const PackSample sample = small_sample();
  REQUIRE(write_pack(path, sample).is_ok());
  const std::string bytes = read_file(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto write_byte = [&](size_t at, int value) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(value)).flush();
  };
  size_t harmless = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    write_byte(bit / 8, bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto pack = PackFile::open(path, true);
    if (pack.is_ok() && !holds(**pack, sample)) FAIL("bit " << bit << " changed the pack unseen");
    harmless += pack.is_ok();
    write_byte(bit / 8, bytes[bit / 8]);
  }
  // The room between aligned parts is all that may change.
  CHECK(harmless < 8 * 64 * 5);
}

TEST_CASE("a writer refuses what would not be a whole pack", "[pack]") {
  const TempFolder folder;
  auto writer = PackWriter::create(folder.path(), "key");
  REQUIRE(writer.is_ok());
  const auto bytes = pattern(10, 1);
  CHECK((*writer)->add_blob(10, 32, "a").status().code() == TN_INVALID_ARGUMENT);
  CHECK((*writer)->add_blob(10, 8192, "a").status().code() == TN_INVALID_ARGUMENT);
  CHECK((*writer)->add_blob(10, 65, "a").status().code() == TN_INVALID_ARGUMENT);
  CHECK((*writer)->add_blob(UINT64_MAX - 10, 64, "a").status().code() == TN_INVALID_ARGUMENT);
  CHECK((*writer)->write_blob(0, bytes).code() == TN_INVALID_ARGUMENT);
  REQUIRE((*writer)->add_blob(10, 64, "a").is_ok());
  REQUIRE((*writer)->add_blob(10, 64, "b").is_ok());
  CHECK((*writer)->write_blob(0, std::span(bytes).first(9)).code() == TN_INVALID_ARGUMENT);
  REQUIRE((*writer)->write_blob(0, bytes).is_ok());
  CHECK((*writer)->write_blob(0, bytes).code() == TN_INVALID_ARGUMENT);
  CHECK_THAT((*writer)->publish(folder.path() / "a.tpack").message(), Catch::Contains("blob 'b'"));
  REQUIRE((*writer)->write_blob(1, bytes).is_ok());
  CHECK((*writer)->publish(folder.path() / "elsewhere" / "a.tpack").code() == TN_INVALID_ARGUMENT);
  REQUIRE((*writer)->publish(folder.path() / "a.tpack").is_ok());
  CHECK((*writer)->publish(folder.path() / "b.tpack").code() == TN_INVALID_ARGUMENT);
}

TEST_CASE("a writer that is given up leaves nothing behind", "[pack]") {
  const TempFolder folder;
  {
    auto writer = PackWriter::create(folder.path(), "key");
    REQUIRE(writer.is_ok());
    REQUIRE(fill(**writer, {}).is_ok());
    CHECK(files_below(folder.path()).size() == 1);
  }
  CHECK(files_below(folder.path()).empty());
}

TEST_CASE("blobs may be written by several threads in any order", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  auto writer = PackWriter::create(folder.path(), "key");
  REQUIRE(writer.is_ok());
  constexpr unsigned kBlobs = 24;
  for (unsigned i = 0; i < kBlobs; ++i) REQUIRE((*writer)->add_blob(1000 + i, 64, "b").is_ok());
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = kBlobs; i-- > 0;)
        if (i % 4 == t && !(*writer)->write_blob(i, pattern(1000 + i, i)).is_ok()) ++failures;
    });
  for (auto& thread : threads) thread.join();
  REQUIRE(failures == 0);
  REQUIRE((*writer)->publish(path).is_ok());
  const auto pack = PackFile::open(path, true);
  REQUIRE(pack.status().message() == "");
  for (unsigned i = 0; i < kBlobs; ++i) CHECK(same_bytes((*pack)->blob(i), pattern(1000 + i, i)));
}

TEST_CASE("a pack takes little more than what it holds", "[pack]") {
  const TempFolder folder;
  const auto path = folder.path() / "a.tpack";
  PackSample sample;
  sample.blobs.assign(40, pattern(16 * 1024 + 4, 1));
  REQUIRE(write_pack(path, sample).is_ok());
  CHECK(fs::file_size(path) < 40 * (16 * 1024 + 4) * 1.02 + 4096);
}
