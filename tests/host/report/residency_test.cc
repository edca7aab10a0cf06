// What a session reports of its memory, held against the system's own figures.
#include "host/report/residency.h"

#include <linux/capability.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "host/runtime/host_region.h"
#include "host/session/session.h"
#include "host/storage/memory_map.h"
#include "host/storage/private_peak.h"
#include "host/storage/process_memory.h"
#include "tests/support/child_process.h"
#include "tests/support/onnx_models.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kWide = 2048;
constexpr uint64_t kMatrixBytes = kWide * kWide * sizeof(float);

/// y = relu(x + v) + w, all kWide x kWide: v is read in place or copied for its misalignment, and so is w.
fs::path write_model(const TempFolder& folder, bool aligned) {
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {kWide, kWide});
  set_float_type(*graph.add_output(), "y", {kWide, kWide});
  for (const char* name : {"v", "w"})
    set_external(
        add_initializer(graph, name, onnx::TensorProto::FLOAT, {kWide, kWide}),
        {{"location", "m.data"}, {"offset", std::to_string(name[0] == 'v' ? (aligned ? 0 : 1) : kMatrixBytes + 4096)}});
  add_node(graph, "Add", {"x", "v"}, {"h"});
  add_node(graph, "Relu", {"h"}, {"r"});
  add_node(graph, "Add", {"r", "w"}, {"y"});
  folder.write("m.data", std::string(2 * kMatrixBytes + 4096, '\0'));
  return folder.write("m.onnx", model.SerializeAsString());
}

std::unique_ptr<Session> open_file(const fs::path& path, SessionOptions options = {}) {
  options.provider_tables = {&test_provider()};
  auto session = Session::open(path, options);
  if (!session.is_ok()) throw std::runtime_error(session.status().message());
  return std::move(*session);
}

std::vector<NamedTensor> inputs() {
  return {floats("x", {kWide, kWide}, std::vector<float>(kWide * kWide, 1))};
}

/// Private pages of files are left out: whether code is private hangs on what else runs on the machine.
uint64_t anonymous_now() {
  return read_process_memory().value().anonymous;
}

uint64_t anonymous_sum(const SessionReport& report) {
  uint64_t sum = 0;
  for (const ResidencyEntry& entry : report.residency)
    sum += entry.kind == "source file" || entry.kind == "pack file" ? 0 : entry.private_bytes;
  return sum;
}

const ResidencyEntry* find_entry(const SessionReport& report, const std::string& kind, const std::string& name = "") {
  for (const ResidencyEntry& entry : report.residency)
    if (entry.kind == kind && entry.name.find(name) != std::string::npos) return &entry;
  return nullptr;
}

/// A line of /proc/self/smaps summed over the areas of one file.
uint64_t smaps_sum(const std::string& file, const std::string& field) {
  std::ifstream in("/proc/self/smaps");
  bool is_inside = false;
  uint64_t sum = 0;
  for (std::string line; std::getline(in, line);) {
    // "7f00-7f10 r--s ... /path", whatever the path; the other lines begin with a name and a colon.
    if (line.find('-') < line.find(' ') && line.find('-') < line.find(':'))
      is_inside = line.find(file) != std::string::npos;
    if (is_inside && line.rfind(field + ":", 0) == 0)
      sum += std::strtoull(line.c_str() + field.size() + 1, nullptr, 10) * 1024;
  }
  return sum;
}

bool has_note(const SessionReport& report, const std::string& part) {
  for (const std::string& note : report.notes)
    if (note.find(part) != std::string::npos) return true;
  return false;
}

/// In a program that has allocated little yet: large blocks are the system's, and go back to it when they are freed.
void start_with_an_empty_heap() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  malloc_trim(0);
}

/// An administrator's process may lock without limit.
void drop_right_to_lock() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) != 0) return;
  data[0].effective &= ~(uint32_t{1} << CAP_IPC_LOCK);
  syscall(SYS_capset, &header, data);
}

}  // namespace

TEST_CASE("the private memory that a session names is what the process gained", "[session][residency]") {
  if (kIsSanitized || is_done_in_own_program()) return;
  constexpr uint64_t kSlack = uint64_t{1} << 20;
  start_with_an_empty_heap();
  const TempFolder folder;
  const bool aligned = GENERATE(false, true);
  const auto path = write_model(folder, aligned);
  must_run(*open_file(path), inputs());  // touches the code
  const uint64_t before = anonymous_now();
  const auto session = open_file(path);
  must_run(*session, inputs());
  const SessionReport report = session->report();
  const uint64_t gained = anonymous_now() - before;
  const uint64_t named = anonymous_sum(report);
  CHECK(gained < named + kSlack);
  CHECK(named < gained + kSlack);
  const auto* copied = find_entry(report, "copied weights");
  CHECK((copied == nullptr ? 0 : copied->private_bytes) == (aligned ? 0 : kMatrixBytes));
  const auto* arenas = find_entry(report, "arenas");
  REQUIRE(arenas != nullptr);
  CHECK(arenas->private_bytes >= kMatrixBytes);
}

TEST_CASE("a first run of shapes that are not declared keeps none of its values' memory", "[session][residency]") {
  if (kIsSanitized || is_done_in_own_program()) return;
  constexpr int64_t kElements = 64 << 10;
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  for (auto* port : {graph.add_input(), graph.add_output()}) {
    set_float_type(*port, port == &graph.input(0) ? "x" : "y", {0});
    port->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("n");
  }
  std::string sum = "x";
  for (int i = 0; i < 32; ++i) add_node(graph, "Relu", {"x"}, {concat("r", i)});
  for (int i = 0; i < 32; ++i) {
    const std::string next = i == 31 ? "y" : concat("s", i);
    add_node(graph, "Add", {sum, concat("r", i)}, {next});
    sum = next;
  }
  const auto path = folder.write("m.onnx", model.SerializeAsString());
  const std::vector<NamedTensor> x = {floats("x", {kElements}, std::vector<float>(kElements, 1))};
  std::free(std::malloc(16 << 20));  // from now on the heap keeps what is freed below that size
  const auto session = open_file(path);
  const uint64_t before = anonymous_now();
  must_run(*session, x);
  CHECK(anonymous_now() < before + (1 << 20));
}

TEST_CASE("the report's figures of a mapped file are those of smaps", "[session][residency]") {
  const TempFolder folder;
  const auto session = open_file(write_model(folder, true));
  must_run(*session, inputs());
  const SessionReport report = session->report();
  const std::string file = (folder.path() / "m.data").string();
  const auto* entry = find_entry(report, "source file", "m.data");
  REQUIRE(entry != nullptr);
  CHECK(entry->bytes == fs::file_size(file));
  CHECK(entry->resident == smaps_sum(file, "Rss"));
  CHECK(entry->resident >= 2 * kMatrixBytes);
  CHECK(entry->proportional == smaps_sum(file, "Pss"));
  CHECK(entry->private_bytes == smaps_sum(file, "Private_Clean") + smaps_sum(file, "Private_Dirty"));
  CHECK(entry->shared_bytes == smaps_sum(file, "Shared_Clean") + smaps_sum(file, "Shared_Dirty"));
}

TEST_CASE("every stage of opening has its peak", "[session][residency]") {
  if (is_done_in_own_program()) return;
  start_with_an_empty_heap();
  const TempFolder folder;
  const auto session = open_file(write_model(folder, false));
  for (const StageTime& stage : session->report().stages) {
    INFO(stage.stage);
    CHECK(stage.peak_private_bytes >= stage.private_bytes);
    if (stage.stage == "import" && !kIsSanitized) CHECK(stage.peak_private_bytes >= kMatrixBytes / 2);
  }
}

TEST_CASE("a peak within a stage is seen though it is gone at the end", "[session][residency]") {
  PrivatePeakWatch watch;
  const uint64_t before = anonymous_resident_bytes();
  {
    auto block = HostRegion::allocate(8 << 20);
    REQUIRE(block.is_ok());
    std::fill_n(block->data(), 8 << 20, std::byte{1});
  }
  CHECK(watch.take(before) >= before + (7 << 20));
  CHECK(watch.take(before) == before);
}

TEST_CASE("memory policies are off by default and told in the report", "[session][residency]") {
  const TempFolder folder;
  const auto path = write_model(folder, true);
  CHECK(open_file(path)->report().notes.empty());
  SessionOptions options;
  options.memory.prefetch = true;
  const auto session = open_file(path, options);
  const SessionReport report = session->report();
  CHECK(has_note(report, "prefetched"));
  CHECK(find_entry(report, "source file", "m.data")->resident >= 2 * kMatrixBytes);
}

TEST_CASE("locked weights are in memory", "[session][residency]") {
  if (kIsSanitized) return;  // the sanitizers' runtime makes mlock do nothing
  const TempFolder folder;
  const auto path = write_model(folder, true);
  SessionOptions options;
  options.memory.lock_memory = true;
  const auto session = open_file(path, options);
  if (has_note(session->report(), "not locked in memory")) return;  // the limit of whoever runs the tests
  CHECK(has_note(session->report(), "locked in memory"));
  CHECK(smaps_sum((folder.path() / "m.data").string(), "Locked") >= 2 * kMatrixBytes);
}

TEST_CASE("a limit on locking is told with its mend", "[session][residency]") {
  if (kIsSanitized) return;  // the sanitizers' runtime makes mlock do nothing
  const TempFolder folder;
  const auto path = write_model(folder, true);
  CHECK(ending_of_child([&] {
          const rlimit limit{1 << 16, 1 << 16};
          if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
          drop_right_to_lock();
          setenv("TENON_LOCK_MEMORY", "1", 1);
          const SessionReport report = open_file(path)->report();
          return has_note(report, "m.data: the process may lock 65536 bytes") && has_note(report, "ulimit -l") ? 0 : 3;
        }) == "exit 0");
}

TEST_CASE("huge pages are asked for, or the report says that there are none", "[session][residency]") {
  const TempFolder folder;
  SessionOptions options;
  options.memory.huge_pages = true;
  const SessionReport report = open_file(write_model(folder, true), options)->report();
  CHECK(has_note(report, "huge pages"));
}

TEST_CASE("the memory map of a process that is gone is an error", "[storage][residency]") {
  const auto map = read_memory_map(999999999);
  CHECK(map.status().code() == TN_NOT_FOUND);
  CHECK_THAT(map.status().message(), Catch::Contains("/proc/999999999/smaps"));
}

TEST_CASE("only touched pages of a private range count", "[storage][residency]") {
  auto region = HostRegion::allocate(1 << 20);
  REQUIRE(region.is_ok());
  const std::span<const std::byte> range(region->data(), region->bytes());
  CHECK(touched_bytes(range) == 0);
  region->data()[0] = region->data()[range.size() - 1] = std::byte{1};
  CHECK(touched_bytes(range) >= 2 * 4096);
  CHECK(touched_bytes(range) <= 2 * 65536);
}
