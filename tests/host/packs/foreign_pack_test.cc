// Packs that were not made for what is opened: of another model, another list of providers, another user, another time.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/host/packs/small_model.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kStranger = 54321;
const SmallModel kOne{.seed = 1}, kTwo{.seed = 2};

/// Opens; the answer must be the model's, and the pack used or not, with a reason. Gives the reason.
std::string check(const fs::path& path, const SmallModel& model, const SessionOptions& options,
                  const std::string& state) {
  const Opened opened = open_and_run(path, options);
  CHECK(opened.status.message() == "");
  CHECK(opened.answer == model.answer());
  INFO(opened.reason);
  CHECK(opened.state == state);
  CHECK((state != "none" || !opened.reason.empty()));
  return opened.reason;
}

void pack_beside(const fs::path& model, const SessionOptions& options) {
  REQUIRE(pack_model(model, model.string() + ".tpack", false, options).message() == "");
}

void set_times(const fs::path& file, const timespec& time) {
  const timespec times[2] = {time, time};
  REQUIRE(utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

timespec time_of_change(const fs::path& file) {
  struct stat info {};
  REQUIRE(stat(file.c_str(), &info) == 0);
  return info.st_mtim;
}

}  // namespace

TEST_CASE("packs of two models that change places in the cache are used for neither", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto one = kOne.write(folder, "one.onnx"), two = kTwo.write(folder, "two.onnx");
  check(one, kOne, small_options(cache), "made");
  const auto first = files_with(cache, ".tpack").at(0);
  fs::rename(first, folder.path() / "first");
  check(two, kTwo, small_options(cache), "made");
  const auto second = files_with(cache, ".tpack").at(0);
  fs::rename(second, first);
  fs::rename(folder.path() / "first", second);
  const auto readonly = small_options(cache, PackMode::kReadOnly);
  CHECK_THAT(check(one, kOne, readonly, "none"), Catch::Contains("another key"));
  CHECK_THAT(check(two, kTwo, readonly, "none"), Catch::Contains("another key"));
  check(one, kOne, small_options(cache), "made");
  check(two, kTwo, small_options(cache), "made");
}

TEST_CASE("a pack of another model beside this one is not used", "[session][packs]") {
  const TempFolder folder;
  const std::string data_file = GENERATE("", "weights.bin");
  SmallModel one = kOne, two = kTwo;
  one.data_file = data_file.empty() ? "" : "one.bin";
  two.data_file = data_file.empty() ? "" : "two.bin";
  const auto options = small_options(folder.path() / "cache", PackMode::kReadOnly);
  const auto path = one.write(folder, "one.onnx"), other = two.write(folder, "two.onnx");
  pack_beside(other, options);
  fs::rename(other.string() + ".tpack", path.string() + ".tpack");
  CHECK_THAT(check(path, one, options, "none"), Catch::Contains("other bytes"));
  check(other, two, options, "none");
}

TEST_CASE("a pack of a longer or shorter model beside this one is not used", "[session][packs]") {
  const TempFolder folder;
  const SmallModel other{.columns = GENERATE(8, 261)};
  const auto options = small_options(folder.path() / "cache", PackMode::kReadOnly);
  const auto path = other.write(folder);
  pack_beside(path, options);
  kOne.write(folder);
  CHECK_THAT(check(path, kOne, options, "none"), Catch::Contains("is not the file that it was made from"));
}

TEST_CASE("a pack beside a model is not used by sessions with other providers", "[session][packs]") {
  const TempFolder folder;
  const auto path = kOne.write(folder);
  const auto options = small_options(folder.path() / "cache", PackMode::kReadOnly);
  pack_beside(path, options);
  check(path, kOne, options, "used");
  auto others = options;
  others.provider_tables.push_back(&picky_provider());
  CHECK_THAT(check(path, kOne, others, "none"), Catch::Contains("made for the providers"));
}

TEST_CASE("a pack that belongs to another user is not used", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto path = kOne.write(folder);
  const auto readonly = small_options(cache, PackMode::kReadOnly);
  fs::path pack = path.string() + ".tpack";
  SECTION("in the cache") {
    check(path, kOne, small_options(cache), "made");
    pack = files_with(cache, ".tpack").at(0);
  }
  SECTION("beside the model") {
    pack_beside(path, readonly);
  }
  SECTION("that is all there is") {
    REQUIRE(pack_model(path, pack, true, readonly).is_ok());
  }
  if (chown(pack.c_str(), kStranger, static_cast<gid_t>(-1)) != 0) {
    WARN("only root can give a file to another user: not tested");
    return;
  }
  CHECK_THAT(check(path, kOne, readonly, "none"), Catch::Contains("belongs to user 54321"));
  const auto alone = Session::open(pack, readonly);
  REQUIRE_FALSE(alone.is_ok());
  CHECK_THAT(alone.status().message(), Catch::Contains("belongs to user 54321"));
}

TEST_CASE("a pack that others may write to is not used", "[session][packs]") {
  const TempFolder folder;
  const auto path = kOne.write(folder);
  const auto options = small_options(folder.path() / "cache", PackMode::kReadOnly);
  pack_beside(path, options);
  fs::permissions(path.string() + ".tpack", fs::perms::others_write, fs::perm_options::add);
  CHECK_THAT(check(path, kOne, options, "none"), Catch::Contains("may be written by other users"));
}

TEST_CASE("a pack's own times, set to any year, do not make it another", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache";
  const auto path = kOne.write(folder);
  check(path, kOne, small_options(cache), "made");
  const auto pack = files_with(cache, ".tpack").at(0);
  const time_t year = GENERATE(time_t{0}, time_t{1} << 31, time_t{1} << 33);
  set_times(pack, {year, 0});
  for (const auto& file : files_with(cache, ".used")) set_times(file, {year, 0});
  for (const auto& file : files_with(cache, ".fact")) set_times(file, {year, 0});
  for (int i = 0; i < 2; ++i) check(path, kOne, small_options(cache), "used");
}

TEST_CASE("a model with its old times, whichever way they came back, is not taken for the old one",
          "[session][packs]") {
  const TempFolder folder;
  SmallModel one = kOne, two = kTwo;
  one.data_file = two.data_file = GENERATE("", "weights.bin");
  const auto options = small_options(folder.path() / "cache");
  const auto path = one.write(folder);
  const fs::path file = one.data_file.empty() ? path : folder.path() / one.data_file;
  check(path, one, options, "made");
  const timespec time = time_of_change(file);
  const bool in_place = GENERATE(true, false);
  if (in_place) {
    two.write(folder);
  } else {
    const TempFolder elsewhere;
    two.write(elsewhere);
    fs::rename(elsewhere.path() / file.filename(), file);
  }
  set_times(file, time);
  check(path, two, options, "made");
  check(path, two, options, "used");
}

TEST_CASE("a model with times of the future, as after a clock was set back, has a pack and loses it when it changes",
          "[session][packs]") {
  const TempFolder folder;
  const auto options = small_options(folder.path() / "cache");
  const timespec future{time_t{1} << 32, 5};
  const auto path = kOne.write(folder);
  set_times(path, future);
  check(path, kOne, options, "made");
  check(path, kOne, options, "used");
  kTwo.write(folder);
  set_times(path, future);
  check(path, kTwo, options, "made");
  check(path, kTwo, options, "used");
}

TEST_CASE("a model that is written to while sessions open it never leaves a pack of something else",
          "[session][packs][slow]") {
  const TempFolder folder;
  SmallModel one = kOne, two = kTwo;
  one.data_file = two.data_file = GENERATE("", "weights.bin");
  const bool in_place = GENERATE(true, false);
  const auto options = small_options(folder.path() / "cache");
  const auto path = one.write(folder);
  const fs::path file = one.data_file.empty() ? path : folder.path() / one.data_file;
  std::atomic<bool> stop{false};
  std::thread meddler([&] {
    for (int i = 0; !stop; ++i) {
      const SmallModel& next = i % 2 == 0 ? two : one;
      if (in_place) {
        next.write(folder);
      } else {
        const TempFolder elsewhere;
        next.write(elsewhere);
        fs::copy_file(elsewhere.path() / file.filename(), folder.path() / "next");
        fs::rename(folder.path() / "next", file);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
    }
  });
  int wrong = 0;
  for (int i = 0; i < (kIsSanitized ? 40 : 150); ++i) {
    const Opened opened = open_and_run(path, options);
    wrong += opened.status.is_ok() && opened.answer != one.answer() && opened.answer != two.answer();
  }
  stop = true;
  meddler.join();
  CHECK(wrong == 0);
  for (const SmallModel* last : {&two, &one}) {
    last->write(folder);
    for (int i = 0; i < 2; ++i) CHECK(open_and_run(path, options).answer == last->answer());
  }
}
