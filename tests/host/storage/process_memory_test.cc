#include "host/storage/process_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "host/storage/file_descriptor.h"
#include "host/storage/file_mapping.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;

TEST_CASE("touched memory shows as private and anonymous", "[storage]") {
  const auto before = read_process_memory();
  REQUIRE(before.is_ok());
  constexpr size_t kBytes = 32 << 20;
  // Fresh pages of the system: the heap would hand out some that were touched before.
  void* touched = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(touched != MAP_FAILED);
  std::memset(touched, 1, kBytes);
  const auto after = read_process_memory();
  munmap(touched, kBytes);
  REQUIRE(after.is_ok());
  CHECK(after.value().anonymous >= before.value().anonymous + kBytes / 2);
  // Clean pages of this program turn from private to shared when another process of it starts.
  CHECK(after.value().private_dirty >= before.value().private_dirty + kBytes / 2);
  CHECK(after.value().peak_resident >= kBytes);
}

TEST_CASE("a mapped file adds no anonymous memory when it is read", "[storage]") {
  const tenon::test::TempFolder folder;
  constexpr size_t kBytes = 32 << 20;
  const auto path = folder.write("big", std::string(kBytes, 'w'));
  auto mapping = FileMapping::open(path);
  REQUIRE(mapping.is_ok());
  const auto before = read_process_memory();
  // The kernel reads the pages, so that a sanitizer's own memory does not count.
  const FileDescriptor sink(open((folder.path() / "sink").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  REQUIRE(syscall(SYS_write, sink.get(), (*mapping)->bytes().data(), kBytes) == static_cast<long>(kBytes));
  const auto after = read_process_memory();
  REQUIRE((before.is_ok() && after.is_ok()));
  CHECK(after.value().resident >= before.value().resident + kBytes / 2);
  CHECK(after.value().anonymous <= before.value().anonymous + kBytes / 4);
}
