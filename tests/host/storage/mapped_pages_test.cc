#include "host/storage/mapped_pages.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "host/storage/file_descriptor.h"
#include "host/storage/file_mapping.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;

TEST_CASE("pages of a file that are not in memory come in ahead of their use", "[storage]") {
  const tenon::test::TempFolder folder;
  constexpr size_t kBytes = 4 << 20;
  const auto mapping = FileMapping::open(folder.write("weights", std::string(kBytes, 'w')));
  REQUIRE(mapping.is_ok());
  const auto bytes = (*mapping)->bytes();
  const FileDescriptor file = (*mapping)->open_again();
  REQUIRE(fsync(file.get()) == 0);
  REQUIRE(posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) == 0);
  if (is_in_memory(&bytes[kBytes / 2])) {
    WARN("the file system keeps its files in memory: nothing to see");
    return;
  }
  read_ahead(bytes);
  bool is_there = false;
  for (int i = 0; i < 500 && !is_there; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    is_there = is_in_memory(&bytes[0]) && is_in_memory(&bytes[kBytes / 2]) && is_in_memory(&bytes[kBytes - 1]);
  }
  CHECK(is_there);
}
