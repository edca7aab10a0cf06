#include "host/storage/fault_guard.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <numeric>
#include <thread>
#include <vector>

#include "host/storage/file_mapping.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;
using tenon::host::FaultGuardPause;
using tenon::host::FileMapping;
using tenon::test::ending_of_child;
using tenon::test::TempFolder;

namespace {

constexpr size_t kPages = 64;
constexpr size_t kPageBytes = 4096;  // the smallest there is
const std::string kKilled = "signal " + std::to_string(SIGBUS);

std::string pages(size_t count) {
  return std::string(count * kPageBytes, 'w');
}

int sum_of(std::span<const std::byte> bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0, [](int sum, std::byte b) { return sum + static_cast<int>(b); });
}

std::shared_ptr<const FileMapping> map(const fs::path& path) {
  auto mapping = FileMapping::open(path);
  REQUIRE(mapping.is_ok());
  return *mapping;
}

/// A page of a mapping that Tenon knows nothing of, and whose file is gone.
const volatile char* foreign_lost_page(const TempFolder& folder) {
  const auto path = folder.write("foreign", pages(1));
  const int fd = open(path.c_str(), O_RDONLY);
  const void* page = mmap(nullptr, kPageBytes, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  fs::resize_file(path, 0);
  return static_cast<const volatile char*>(page);
}

/// Touches a page that was truncated under a mapping; 0 when the guard answered.
int touch_truncated(const TempFolder& folder, const std::string& name) {
  const auto mapping = map(folder.write(name, pages(2)));
  fs::resize_file(folder.path() / name, 0);
  return sum_of(mapping->bytes()) == 0 && !mapping->check_intact().is_ok() ? 0 : 1;
}

std::atomic<int> calls_seen{0};
const void* volatile address_seen = nullptr;
sigjmp_buf way_out;
struct sigaction chained_to;

void count_and_leave(int, siginfo_t* info, void*) {
  calls_seen = calls_seen + 1;
  address_seen = info->si_addr;
  siglongjmp(way_out, 1);
}

void count_plainly_and_leave(int) {
  calls_seen = calls_seen + 1;
  siglongjmp(way_out, 1);
}

void count_and_hand_on(int signal, siginfo_t* info, void* context) {
  calls_seen = calls_seen + 1;
  if ((chained_to.sa_flags & SA_SIGINFO) != 0) return chained_to.sa_sigaction(signal, info, context);
  chained_to.sa_handler(signal);
}

void set_action(void (*action)(int, siginfo_t*, void*), struct sigaction* before = nullptr) {
  struct sigaction own {};
  own.sa_sigaction = action;
  own.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &own, before);
}

}  // namespace

TEST_CASE("a file truncated under its mapping reads as zeroes and is reported by name", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", pages(kPages));
  const auto mapping = map(path);
  CHECK(mapping->check_intact().is_ok());
  fs::resize_file(path, 3 * kPageBytes);
  CHECK(sum_of(mapping->bytes()) == static_cast<int>(3 * kPageBytes * 'w'));
  const auto status = mapping->check_intact();
  CHECK(status.code() == TN_DATA_LOST);
  CHECK_THAT(status.message(), Catch::Contains("a.bin was truncated while open, from 262144 to 12288 bytes") &&
                                   Catch::Contains("open the model again"));
}

TEST_CASE("a file truncated within a page is reported, though nothing faults", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", pages(1));
  const auto mapping = map(path);
  fs::resize_file(path, kPageBytes - 100);
  CHECK(sum_of(mapping->bytes()) == static_cast<int>((kPageBytes - 100) * 'w'));
  CHECK(mapping->check_intact().code() == TN_DATA_LOST);
}

TEST_CASE("lost pages stay lost when the file grows again", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", pages(4));
  const auto mapping = map(path);
  fs::resize_file(path, 0);
  CHECK(sum_of(mapping->bytes()) == 0);
  folder.write("a.bin", pages(4));
  CHECK(sum_of(mapping->bytes()) == 0);
  CHECK_THAT(mapping->check_intact().message(), Catch::Contains("written to in place"));
  CHECK(map(path)->check_intact().is_ok());
}

TEST_CASE("a file written to in place is reported", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", pages(1));
  const auto mapping = map(path);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  CHECK_THAT(mapping->check_intact().message(), Catch::Contains("a.bin was written to in place"));
}

TEST_CASE("a file replaced or removed by name is intact", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto path = folder.write("a.bin", pages(1));
  const auto mapping = map(path);
  folder.write("b.bin", "other");
  fs::rename(folder.path() / "b.bin", path);
  CHECK(mapping->check_intact().is_ok());
  fs::remove(path);
  CHECK(mapping->check_intact().is_ok());
  CHECK(sum_of(mapping->bytes()) == static_cast<int>(kPageBytes * 'w'));
}

TEST_CASE("the damage of one file leaves others intact", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto damaged = map(folder.write("a.bin", pages(4)));
  const auto whole = map(folder.write("b.bin", pages(4)));
  fs::resize_file(folder.path() / "a.bin", 0);
  CHECK(sum_of(damaged->bytes()) == 0);
  CHECK(damaged->check_intact().code() == TN_DATA_LOST);
  CHECK(sum_of(whole->bytes()) == static_cast<int>(4 * kPageBytes * 'w'));
  CHECK(whole->check_intact().is_ok());
}

TEST_CASE("many threads lose pages of many files at once", "[storage][fault_guard]") {
  const TempFolder folder;
  std::vector<std::shared_ptr<const FileMapping>> mappings;
  for (int i = 0; i < 200; ++i) {  // more than one block of slots holds
    const auto path = folder.write("f" + std::to_string(i), pages(4));
    mappings.push_back(map(path));
    fs::resize_file(path, i % 2 == 0 ? 0 : kPageBytes);
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (size_t i = 0; i < mappings.size(); ++i)
        if (sum_of(mappings[i]->bytes()) != (i % 2 == 0 ? 0 : static_cast<int>(kPageBytes * 'w'))) ++wrong;
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (const auto& mapping : mappings) CHECK(mapping->check_intact().code() == TN_DATA_LOST);
}

TEST_CASE("a bus error that is not of a mapped file ends the process as without a guard", "[storage][fault_guard]") {
  const TempFolder folder;
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_DFL);
          if (touch_truncated(folder, "own") != 0) return 1;
          return static_cast<int>(*foreign_lost_page(folder));
        }) == kKilled);
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_DFL);
          if (touch_truncated(folder, "own") != 0) return 1;
          return kill(getpid(), SIGBUS);
        }) == kKilled);
}

TEST_CASE("an ignored bus error stays ignored when sent, and ends the process when real", "[storage][fault_guard]") {
  const TempFolder folder;
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_IGN);
          if (touch_truncated(folder, "own") != 0) return 1;
          return kill(getpid(), SIGBUS);
        }) == "exit 0");
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_IGN);
          if (touch_truncated(folder, "own") != 0) return 1;
          return static_cast<int>(*foreign_lost_page(folder));
        }) == kKilled);
}

TEST_CASE("an application's earlier handler gets its own bus errors and no others", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto body = [&](bool with_info) {
    if (with_info) {
      set_action(count_and_leave);
    } else {
      signal(SIGBUS, count_plainly_and_leave);
    }
    if (touch_truncated(folder, "own") != 0 || calls_seen != 0) return 1;
    const volatile char* lost = foreign_lost_page(folder);
    while (calls_seen < 3)  // each leaves by longjmp
      if (sigsetjmp(way_out, 1) == 0) return 2 + *lost;
    if (with_info && address_seen != lost) return 4;
    return touch_truncated(folder, "again");
  };
  CHECK(ending_of_child([&] { return body(true); }) == "exit 0");
  CHECK(ending_of_child([&] { return body(false); }) == "exit 0");
}

TEST_CASE("an application's later handler that hands on works with the guard", "[storage][fault_guard]") {
  const TempFolder folder;
  const auto body = [&](bool reopen) {
    signal(SIGBUS, SIG_DFL);
    const auto mapping = map(folder.write("own", pages(2)));
    set_action(count_and_hand_on, &chained_to);
    // Puts the guard in front of the handler that hands on to it.
    if (reopen && (touch_truncated(folder, "front") != 0 || calls_seen != 0)) return 1;
    fs::resize_file(folder.path() / "own", 0);
    if (sum_of(mapping->bytes()) != 0 || calls_seen != (reopen ? 0 : 1)) return 2;
    return 3 + *foreign_lost_page(folder);  // asked for once, then the default
  };
  CHECK(ending_of_child([&] { return body(false); }) == kKilled);
  CHECK(ending_of_child([&] { return body(true); }) == kKilled);
}

TEST_CASE("a file that was mapped without the guard gets it with the next user", "[storage][fault_guard]") {
  const TempFolder folder;
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_DFL);
          const auto path = folder.write("own", pages(2));
          std::shared_ptr<const FileMapping> mapping;
          {
            const FaultGuardPause pause(true);
            mapping = map(path);
          }
          if (map(path) != mapping) return 1;
          fs::resize_file(path, 0);
          return sum_of(mapping->bytes());
        }) == "exit 0");
}

TEST_CASE("switched off, the guard installs nothing", "[storage][fault_guard]") {
  const TempFolder folder;
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_DFL);
          setenv("TENON_FAULT_GUARD", "off", 1);
          return touch_truncated(folder, "own");
        }) == kKilled);
  CHECK(ending_of_child([&] {
          signal(SIGBUS, SIG_DFL);
          const FaultGuardPause pause(true);
          return touch_truncated(folder, "own");
        }) == kKilled);
}
