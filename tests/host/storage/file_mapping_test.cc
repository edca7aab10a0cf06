#include "host/storage/file_mapping.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "host/storage/memory_map.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;
using tenon::host::FileMapping;
using tenon::host::FilePart;
using tenon::host::read_memory_map;
using tenon::host::sum_within;
using tenon::test::TempFolder;

namespace {

std::string text_of(const FileMapping& mapping) {
  return {reinterpret_cast<const char*>(mapping.bytes().data()), mapping.bytes().size()};
}

}  // namespace

TEST_CASE("a mapping shows the bytes and the identity of its file", "[storage]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", "weights");
  auto mapping = FileMapping::open(path);
  REQUIRE(mapping.is_ok());
  CHECK(text_of(**mapping) == "weights");
  CHECK((*mapping)->identity().size == 7);
  CHECK((*mapping)->identity().inode != 0);
  CHECK((*mapping)->path() == path);
}

TEST_CASE("one file has one mapping, by whatever name it is opened", "[storage]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", "weights");
  fs::create_symlink("a.bin", folder.path() / "link.bin");
  auto first = FileMapping::open(path);
  auto again = FileMapping::open(folder.path() / "link.bin");
  auto beneath = FileMapping::open_beneath(folder.path(), "a.bin");
  REQUIRE((first.is_ok() && again.is_ok() && beneath.is_ok()));
  CHECK(first->get() == again->get());
  CHECK(first->get() == beneath->get());
}

TEST_CASE("a changed file gets a new mapping", "[storage]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", "old");
  auto first = FileMapping::open(path);
  folder.write("b.bin", "newer");
  fs::rename(folder.path() / "b.bin", path);
  auto second = FileMapping::open(path);
  REQUIRE((first.is_ok() && second.is_ok()));
  CHECK(text_of(**first) == "old");
  CHECK(text_of(**second) == "newer");
}

TEST_CASE("an empty file maps to no bytes", "[storage]") {
  const TempFolder folder;
  auto mapping = FileMapping::open(folder.write("empty", ""));
  REQUIRE(mapping.is_ok());
  CHECK((*mapping)->bytes().empty());
}

TEST_CASE("a missing file is not found, by name", "[storage]") {
  const TempFolder folder;
  const auto mapping = FileMapping::open(folder.path() / "none.onnx");
  CHECK(mapping.status().code() == TN_NOT_FOUND);
  CHECK_THAT(mapping.status().message(), Catch::Contains("none.onnx: no such file"));
}

TEST_CASE("a folder, a FIFO and a device are refused without hanging", "[storage]") {
  const TempFolder folder;
  REQUIRE(mkfifo((folder.path() / "fifo").c_str(), 0600) == 0);
  CHECK_THAT(FileMapping::open(folder.path()).status().message(), Catch::Contains("is a folder"));
  CHECK_THAT(FileMapping::open(folder.path() / "fifo").status().message(), Catch::Contains("is a FIFO"));
  CHECK_THAT(FileMapping::open("/dev/zero").status().message(), Catch::Contains("is a device"));
  const auto beneath = FileMapping::open_beneath(folder.path(), "fifo");
  CHECK(beneath.status().code() == TN_INVALID_MODEL);
}

TEST_CASE("released pages come back with the same bytes", "[storage]") {
  const TempFolder folder;
  const std::string content(300'000, 'w');
  auto mapping = FileMapping::open(folder.write("a.bin", content));
  REQUIRE(mapping.is_ok());
  CHECK(text_of(**mapping) == content);
  (*mapping)->release_pages((*mapping)->bytes().subspan(70'000, 100'000));
  (*mapping)->release_pages((*mapping)->bytes());
  CHECK(text_of(**mapping) == content);
}

TEST_CASE("parts that are read are those of the mapped file and leave nothing in memory", "[storage]") {
  constexpr size_t kSize = 8 << 20;
  const TempFolder folder;
  std::string content(kSize, 'w');
  content[kSize / 2] = 'x';
  const auto path = folder.write("a.bin", content);
  const auto mapping = FileMapping::open(path);
  REQUIRE(mapping.is_ok());
  const bool is_replaced = GENERATE(false, true);
  if (is_replaced) {
    folder.write("b.bin", "another");
    fs::rename(folder.path() / "b.bin", path);
  }
  const FilePart parts[] = {{0, 4}, {kSize / 2, 2}, {kSize - 3, 3}};
  std::string got;
  (*mapping)->read(parts, [&](std::span<const std::byte> bytes) {
    got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  CHECK(got == "wwwwxwwww");
  const auto map = read_memory_map();
  REQUIRE(map.is_ok());
  if (!is_replaced) CHECK(sum_within(*map, (*mapping)->bytes()).resident == 0);
}
