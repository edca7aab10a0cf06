// Models and packs that are replaced, written to, cut or removed under sessions that run from packs or .ort files.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "host/formats/ort/exporter.h"
#include "tests/host/packs/small_model.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

const SmallModel kOne{.columns = 2000, .seed = 1, .data_file = ""}, kTwo{.columns = 2000, .seed = 2, .data_file = ""};

std::unique_ptr<Session> open_with(const fs::path& path, const SessionOptions& options, const std::string& state) {
  auto session = Session::open(path, options);
  REQUIRE(session.status().message() == "");
  const PackEntry pack = (*session)->report().pack;
  INFO(pack.reason);
  REQUIRE(pack.state == state);
  REQUIRE(*answer_of(**session) == kOne.answer());
  return std::move(*session);
}

/// A file with weights, a session that runs from it, and how to open another one.
struct Running {
  fs::path file, opened;
  SessionOptions options;
  std::unique_ptr<Session> session;
};

Running run_from_ort(const TempFolder& folder) {
  Running r{folder.path() / "m.ort", folder.path() / "m.ort", small_options({}, PackMode::kOff), nullptr};
  const auto model = import_model_file(kOne.write(folder));
  REQUIRE(model.is_ok());
  REQUIRE(export_ort_file(**model, r.file).message() == "");
  r.session = open_with(r.opened, r.options, "none");
  return r;
}

Running run_from_cache(const TempFolder& folder) {
  Running r{{}, kOne.write(folder), small_options(folder.path() / "cache"), nullptr};
  open_with(r.opened, r.options, "made").reset();
  r.file = files_with(folder.path() / "cache", ".tpack").at(0);
  r.session = open_with(r.opened, r.options, "used");
  return r;
}

Running run_from_beside(const TempFolder& folder) {
  Running r{folder.path() / "m.onnx.tpack", kOne.write(folder), small_options({}, PackMode::kReadOnly), nullptr};
  r.options.pack.folder = folder.path() / "cache";
  REQUIRE(pack_model(r.opened, r.file, false, r.options).is_ok());
  r.session = open_with(r.opened, r.options, "used");
  return r;
}

Running run_from_self_contained(const TempFolder& folder) {
  Running r{folder.path() / "m.tpack", folder.path() / "m.tpack", small_options(folder.path() / "cache"), nullptr};
  REQUIRE(pack_model(kOne.write(folder), r.file, true, r.options).is_ok());
  r.session = open_with(r.opened, r.options, "used");
  return r;
}

Running run_from_any(const TempFolder& folder) {
  const int kind = GENERATE(0, 1, 2, 3);
  CAPTURE(kind);
  if (kind == 0) return run_from_ort(folder);
  if (kind == 1) return run_from_cache(folder);
  return kind == 2 ? run_from_beside(folder) : run_from_self_contained(folder);
}

std::string content_of_other(const fs::path& file) {
  std::string content = content_of(file);
  for (char& c : content) c = static_cast<char>(c ^ 0x55);
  return content;
}

}  // namespace

TEST_CASE("a session whose .ort file or pack is cut fails its runs by name", "[session][packs][fault_guard]") {
  const TempFolder folder;
  const Running running = run_from_any(folder);
  const std::string whole = content_of(running.file);
  const size_t left = GENERATE_COPY(size_t{0}, size_t{4096}, size_t{20'000}, whole.size() - 1);
  fs::resize_file(running.file, left);
  const auto results = answer_of(*running.session);
  REQUIRE_FALSE(results.is_ok());
  CHECK(results.status().code() == TN_DATA_LOST);
  CHECK_THAT(results.status().message(), Catch::Contains(running.file.filename().string()));
  // Whole again, a pack is another. So is a model's file of which pages were lost; where none was, its bytes are right.
  std::ofstream(running.file, std::ios::binary) << whole;
  const auto after = answer_of(*running.session);
  if (running.file.extension() == ".ort" && after.is_ok()) {
    CHECK(*after == kOne.answer());
  } else {
    CHECK(after.status().code() == TN_DATA_LOST);
  }
  const Opened again = open_and_run(running.opened, running.options);
  CHECK(again.status.message() == "");
  CHECK(again.answer == kOne.answer());
}

TEST_CASE("a session whose .ort file or pack is written to fails its runs", "[session][packs][fault_guard]") {
  const TempFolder folder;
  const Running running = run_from_any(folder);
  const std::string other = content_of_other(running.file);
  std::fstream(running.file, std::ios::in | std::ios::out | std::ios::binary) << other;
  CHECK(answer_of(*running.session).status().code() == TN_DATA_LOST);
}

TEST_CASE("a session whose .ort file or pack is removed goes on", "[session][packs]") {
  const TempFolder folder;
  const Running running = run_from_any(folder);
  fs::remove(running.file);
  CHECK(*answer_of(*running.session) == kOne.answer());
  kOne.write(folder, "other.onnx");
  CHECK(*answer_of(*running.session) == kOne.answer());
}

TEST_CASE("a session whose .ort file or pack is replaced keeps the old one", "[session][packs]") {
  const TempFolder folder;
  const Running running = run_from_any(folder);
  fs::rename(folder.write("next", content_of_other(running.file)), running.file);
  CHECK(*answer_of(*running.session) == kOne.answer());
}

TEST_CASE("a model that is replaced while sessions run from its pack: old sessions keep the old, new ones see the new",
          "[session][packs]") {
  const TempFolder folder, elsewhere;
  SmallModel one = kOne, two = kTwo;
  one.data_file = two.data_file = GENERATE("", "weights.bin");
  const auto options = small_options(folder.path() / "cache");
  const auto path = one.write(folder);
  open_with(path, options, "made").reset();
  const auto old = open_with(path, options, "used");
  two.write(elsewhere);
  for (const auto& entry : fs::directory_iterator(elsewhere.path()))
    fs::rename(entry.path(), folder.path() / entry.path().filename());
  CHECK(open_and_run(path, options).answer == two.answer());
  CHECK(*answer_of(*old) == one.answer());
  CHECK(open_and_run(path, options).answer == two.answer());
}

TEST_CASE("a model that is written to while a session runs from its pack: an error, never a mixture",
          "[session][packs]") {
  const TempFolder folder;
  SmallModel one = kOne, two = kTwo;
  one.data_file = two.data_file = GENERATE("", "weights.bin");
  const auto options = small_options(folder.path() / "cache");
  const auto path = one.write(folder);
  open_with(path, options, "made").reset();
  const auto old = open_with(path, options, "used");
  two.write(folder);
  const auto answer = answer_of(*old);
  if (answer.is_ok()) {
    CHECK(*answer == one.answer());
  } else {
    CHECK(answer.status().code() == TN_DATA_LOST);
  }
  CHECK(open_and_run(path, options).answer == two.answer());
}

TEST_CASE("a session without a pack goes on after its file was touched, or written again with the same bytes",
          "[session][fault_guard]") {
  const TempFolder folder;
  SmallModel model = kOne;
  model.columns = GENERATE(20, 20'000, 600'000);  // below what gets a pack, above it, and several pieces of a digest
  model.data_file = GENERATE("", "weights.bin");
  const auto path = model.write(folder);
  auto options = small_options(folder.path() / "cache", model.columns == 20 ? PackMode::kAuto : PackMode::kOff);
  options.pack.min_source_bytes = uint64_t{256} << 10;
  options.threads = 2;
  const auto session = Session::open(path, options);
  REQUIRE(session.status().message() == "");
  REQUIRE((*session)->report().pack.state == "none");
  for (const bool is_run_before : {true, false}) {
    if (is_run_before) CHECK(*answer_of(**session) == model.answer());
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (entry.is_regular_file())
        fs::last_write_time(entry.path(), fs::last_write_time(entry.path()) + std::chrono::seconds(10));
    CHECK(*answer_of(**session) == model.answer());
    model.write(folder);
    CHECK(*answer_of(**session) == model.answer());
  }
  SmallModel other = model;
  other.seed = 2;
  other.write(folder);
  CHECK(answer_of(**session).status().code() == TN_DATA_LOST);
  model.write(folder);
  CHECK(*answer_of(**session) == model.answer());
}
