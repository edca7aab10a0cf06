// Thousands of sessions, one after another, leave nothing behind in the process.
#include <catch2/catch.hpp>
#include <functional>

#include "host/storage/process_memory.h"
#include "tests/host/packs/small_model.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

const SmallModel kModel;

struct Held {
  size_t mappings = 0, descriptors = 0;
  uint64_t anonymous = 0;  // clean pages of code turn private when another process of the tests ends
};

Held held_by_this_process() {
  Held held;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++held.mappings;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++held.descriptors;
  const auto memory = read_process_memory();
  REQUIRE(memory.is_ok());
  held.anonymous = memory->anonymous;
  return held;
}

/// `open` gives false when something is not as it should be.
void check_nothing_is_left(int times, const std::function<bool()>& open) {
  int wrong = 0;
  const auto repeat = [&](int n) {
    for (int i = 0; i < n; ++i) wrong += !open();
  };
  repeat(100);  // what is made once for all
  const Held before = held_by_this_process();
  repeat(kIsSanitized ? times / 50 : times);
  const Held after = held_by_this_process();
  CHECK(wrong == 0);
  CHECK(after.descriptors == before.descriptors);
  if (kIsSanitized) return;  // a sanitizer's heap keeps what was freed, in areas of its own
  // The heap may grow by an area or two.
  CHECK(after.mappings <= before.mappings + 4);
  CHECK(after.anonymous <= before.anonymous + (512 << 10));
}

bool is_open_and_run(const fs::path& model, const SessionOptions& options) {
  const auto session = Session::open(model, options);
  if (!session.is_ok()) return false;
  const auto answer = answer_of(**session);
  return answer.is_ok() && *answer == kModel.answer();
}

}  // namespace

TEST_CASE("10,000 opens and closes of a model with a pack leave no mapping, descriptor or memory",
          "[session][packs][slow]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const auto options = small_options(folder.path() / "cache");
  REQUIRE(open_and_run(model, options).state == "made");
  REQUIRE(open_and_run(model, options).state == "used");
  check_nothing_is_left(10'000, [&] { return is_open_and_run(model, options); });
}

TEST_CASE("opens of packs beside the model, and of those without a model, leave nothing", "[session][packs][slow]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const auto options = small_options(folder.path() / "cache");
  const bool self_contained = GENERATE(false, true);
  const fs::path pack = model.string() + ".tpack";
  REQUIRE(pack_model(model, pack, self_contained, options).is_ok());
  const fs::path opened = self_contained ? pack : model;
  REQUIRE(open_and_run(opened, options).state == "used");
  check_nothing_is_left(2000, [&] { return is_open_and_run(opened, options); });
}

TEST_CASE("opens that miss, fail or pack anew leave nothing", "[session][packs][slow]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const fs::path cache = folder.path() / "cache";
  const auto readonly = small_options(cache, PackMode::kReadOnly);
  SECTION("without a pack") {
    check_nothing_is_left(2000, [&] { return is_open_and_run(model, readonly); });
  }
  SECTION("with a damaged pack") {
    const fs::path pack = model.string() + ".tpack";
    REQUIRE(pack_model(model, pack, false, readonly).is_ok());
    const std::string whole = content_of(pack);
    std::ofstream(pack, std::ios::binary) << whole.substr(0, whole.size() / 2);
    check_nothing_is_left(2000, [&] { return is_open_and_run(model, readonly); });
  }
  SECTION("with a damaged pack and no model") {
    const fs::path pack = folder.path() / "alone.tpack";
    REQUIRE(pack_model(model, pack, true, readonly).is_ok());
    std::fstream(pack, std::ios::in | std::ios::out | std::ios::binary).seekp(200) << "damaged";
    check_nothing_is_left(2000, [&] { return !Session::open(pack, readonly).is_ok(); });
  }
  SECTION("with a new pack each time") {
    check_nothing_is_left(400, [&] {
      for (const auto& pack : files_with(cache, ".tpack")) fs::remove(pack);
      return is_open_and_run(model, small_options(cache));
    });
  }
}
