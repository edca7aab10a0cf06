// Packs with any bit flipped, cut at any length, or written half: the answer is right, or, where the pack is all there
// is, there is none.
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <thread>

#include "host/storage/pack/pack_format.h"
#include "tests/host/packs/small_model.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

// Opening waits for a tick of the clock when blobs of a file just changed are judged: many wait at once.
constexpr size_t kThreads = 16;

// A pack of some 3,000 bytes, with a blob.
const SmallModel kModel{.columns = 8};

enum class Place { kCache, kBeside, kSelfContained };

/// One thread's files: a pack, and what is opened to use it.
struct Setting {
  TempFolder folder;
  fs::path opened, pack;
  SessionOptions options;
};

// A report would say so too, but takes longer than all else here. The model's own weights lie misaligned in it.
bool runs_from_pack(const Session& session) {
  for (const auto& value : session.model().graph->values())
    if (value->is_constant() && value->constant->residence() == Residence::kCopied) return false;
  return true;
}

void check_that_packs_show(const fs::path& model, const SessionOptions& with_pack) {
  const auto packed = Session::open(model, with_pack), plain = Session::open(model, small_options({}, PackMode::kOff));
  REQUIRE((packed.is_ok() && runs_from_pack(**packed)));
  REQUIRE((plain.is_ok() && !runs_from_pack(**plain)));
}

std::unique_ptr<Setting> make_setting(Place place) {
  auto made = std::make_unique<Setting>();
  const fs::path cache = made->folder.path() / "cache";
  made->opened = kModel.write(made->folder);
  made->options = small_options(cache, PackMode::kReadOnly);
  if (place == Place::kCache) {
    const Opened opened = open_and_run(made->opened, small_options(cache));
    REQUIRE(opened.reason == "");
    made->pack = files_with(cache, ".tpack").at(0);
    // Nobody knows the pack yet, as on the machine that it comes to.
    fs::remove_all(cache / "facts");
    check_that_packs_show(made->opened, made->options);
    return made;
  }
  made->pack = made->opened.string() + ".tpack";
  REQUIRE(pack_model(made->opened, made->pack, place == Place::kSelfContained, made->options).message() == "");
  if (place == Place::kSelfContained) made->opened = made->pack;
  return made;
}

/// The bytes that something is held against: all but those between the parts.
std::vector<bool> judged_bytes(const std::string& pack) {
  std::vector<std::byte> memory(pack.size() + 4096);
  const size_t skip = (4096 - reinterpret_cast<uintptr_t>(memory.data()) % 4096) % 4096;
  std::memcpy(memory.data() + skip, pack.data(), pack.size());
  const auto contents = parse_pack(std::span(memory).subspan(skip, pack.size()));
  REQUIRE(contents.status().message() == "");
  std::vector<bool> judged(pack.size(), false);
  const auto mark = [&](uint64_t offset, uint64_t length) {
    for (uint64_t i = offset; i < offset + length; ++i) judged[static_cast<size_t>(i)] = true;
  };
  mark(0, kPackHeaderBytes);
  uint64_t end = 0;
  for (const auto& blob : contents->blobs) mark(blob.range.offset, blob.range.length);
  for (const auto& section : contents->sections) {
    mark(section.range.offset, section.range.length);
    end = std::max(end, section.range.offset + section.range.length);
  }
  end = (end + kPackMinAlignment - 1) / kPackMinAlignment * kPackMinAlignment;
  mark(end, pack.size() - end);  // the contents table
  return judged;
}

/// How many damages there are to a pack of that size, and the pack after damage `i`.
struct Damage {
  std::function<size_t(size_t size)> count;
  std::function<std::string(std::string pack, size_t i)> apply;
};

struct Tally {
  size_t opened = 0, harmless = 0, refused = 0;
  std::string wrong;  // the first damage that did what none must do
};

// What is wrong with opening a pack after a damage; empty: nothing.
std::string judge(const Setting& setting, Place place, bool is_harmless, const std::vector<float>& right) {
  const auto session = Session::open(setting.opened, setting.options);
  if (!is_harmless && place == Place::kSelfContained)
    return session.is_ok() || session.status().message().empty() ? "it was not refused" : "";
  if (!session.is_ok()) return session.status().message();
  if (runs_from_pack(**session) != is_harmless) return is_harmless ? "it was refused" : "it was used";
  const auto answer = answer_of(**session);
  if (!answer.is_ok()) return answer.status().message();
  return *answer == right ? "" : "a wrong answer";
}

bool differ_where_judged(const std::string& a, const std::string& b, const std::vector<bool>& judged) {
  if (a.size() != b.size()) return true;
  for (auto at = std::mismatch(a.begin(), a.end(), b.begin()); at.first != a.end();
       at = std::mismatch(at.first + 1, a.end(), at.second + 1))
    if (judged[static_cast<size_t>(at.first - a.begin())]) return true;
  return false;
}

// Every `stride`th damage from `first` on. Runs beside others: nothing of Catch2 may be used in it.
void try_damages(const Setting& setting, const std::vector<bool>& judged, Place place, const Damage& damage,
                 size_t first, size_t stride, Tally* tally) {
  const std::vector<float> right = kModel.answer();
  const std::string whole = content_of(setting.pack);
  for (size_t i = first; i < damage.count(whole.size()); i += stride) {
    const std::string damaged = damage.apply(whole, i);
    const bool is_harmless = !differ_where_judged(whole, damaged, judged);
    std::ofstream(setting.pack, std::ios::binary) << damaged;
    const std::string wrong = judge(setting, place, is_harmless, right);
    if (tally->wrong.empty() && !wrong.empty()) tally->wrong = concat("damage ", i, ": ", wrong);
    ++tally->opened;
    ++(is_harmless ? tally->harmless : tally->refused);
  }
}

/// Tries every `step`th damage.
Tally tally_of(Place place, const Damage& damage, size_t step) {
  std::vector<std::unique_ptr<Setting>> settings;
  std::vector<std::vector<bool>> judged;
  for (size_t t = 0; t < kThreads; ++t) {
    settings.push_back(make_setting(place));
    judged.push_back(judged_bytes(content_of(settings[t]->pack)));
  }
  std::vector<Tally> tallies(kThreads);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t)
    threads.emplace_back(
        [&, t] { try_damages(*settings[t], judged[t], place, damage, t * step, kThreads * step, &tallies[t]); });
  Tally sum;
  for (size_t t = 0; t < kThreads; ++t) {
    threads[t].join();
    sum.opened += tallies[t].opened;
    sum.harmless += tallies[t].harmless;
    sum.refused += tallies[t].refused;
    if (sum.wrong.empty()) sum.wrong = tallies[t].wrong;
  }
  return sum;
}

Place any_place() {
  return GENERATE(Place::kCache, Place::kBeside, Place::kSelfContained);
}

}  // namespace

TEST_CASE("no bit of a pack can be flipped without being noticed", "[session][packs][slow]") {
  const Damage flip{[](size_t size) { return size * 8; },
                    [](std::string pack, size_t i) {
                      pack[i / 8] = static_cast<char>(pack[i / 8] ^ (1 << i % 8));
                      return pack;
                    }};
  // A step prime to 8 meets every bit of a byte; sanitizers leave no time for all bits of all bytes.
  const Tally tally = tally_of(any_place(), flip, kIsSanitized ? 37 : 1);
  CHECK(tally.wrong == "");
  CHECK(tally.refused > (kIsSanitized ? 300 : 15'000));
  CHECK(tally.harmless * 10 < tally.opened);
}

TEST_CASE("a pack that is cut anywhere is not used", "[session][packs][slow]") {
  const Damage cut{[](size_t size) { return size; },
                   [](const std::string& pack, size_t i) { return pack.substr(0, i); }};
  const Tally tally = tally_of(any_place(), cut, kIsSanitized ? 13 : 1);
  CHECK(tally.wrong == "");
  CHECK(tally.harmless == 0);
  CHECK(tally.refused > (kIsSanitized ? 100 : 2000));
}

TEST_CASE("a pack whose end never reached the disk is not used", "[session][packs]") {
  const Damage zeros{[](size_t size) { return size / 16; },
                     [](std::string pack, size_t i) {
                       std::fill(pack.begin() + static_cast<std::ptrdiff_t>(i * 16), pack.end(), '\0');
                       return pack;
                     }};
  const Tally tally = tally_of(any_place(), zeros, kIsSanitized ? 7 : 1);
  CHECK(tally.wrong == "");
  CHECK(tally.refused == tally.opened);
}

TEST_CASE("a pack whose start never reached the disk is not used", "[session][packs]") {
  const Damage zeros{[](size_t size) { return size / 16; },
                     [](std::string pack, size_t i) {
                       std::fill(pack.begin(), pack.begin() + static_cast<std::ptrdiff_t>(i * 16 + 16), '\0');
                       return pack;
                     }};
  const Tally tally = tally_of(any_place(), zeros, kIsSanitized ? 7 : 1);
  CHECK(tally.wrong == "");
  CHECK(tally.refused == tally.opened);
}

TEST_CASE("a pack with bytes added to it is not used", "[session][packs]") {
  const Damage longer{[](size_t) { return size_t{64}; },
                      [](const std::string& pack, size_t i) { return pack + std::string(i + 1, '\0'); }};
  const Tally tally = tally_of(any_place(), longer, kIsSanitized ? 5 : 1);
  CHECK(tally.wrong == "");
  CHECK(tally.refused == tally.opened);
}
