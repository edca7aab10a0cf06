// Replays the seed corpus of the fuzzer of plans, and writes its seeds.
#include <catch2/catch.hpp>

#include "host/storage/pack/pack_file.h"
#include "tests/host/packs/small_model.h"
#include "tests/support/loose_plan.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

const fs::path kCorpus = TENON_SOURCE_DIR "/tests/fuzz/corpus/plan";

void write_seed(const fs::path& pack, const std::string& name) {
  const auto opened = PackFile::open(pack, true);
  REQUIRE(opened.is_ok());
  const auto section = (*opened)->section(kPlanSection);
  fs::create_directories(kCorpus);
  std::ofstream(kCorpus / name, std::ios::binary)
      .write(reinterpret_cast<const char*>(section.data()), static_cast<std::streamsize>(section.size()));
}

}  // namespace

TEST_CASE("every valid plan of the fuzzer's corpus is restored", "[session][packs]") {
  auto provider = Provider::create(test_provider(), {});
  REQUIRE(provider.is_ok());
  ProviderList providers;
  providers.push_back(std::move(*provider));
  int plans = 0;
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    INFO(entry.path().string());
    const std::string content = content_of(entry.path());
    const Status status = restore_plan(std::as_bytes(std::span(content)), providers);
    const bool is_valid = entry.path().filename().string().starts_with("valid_");
    CHECK(status.message().empty() == is_valid);
    CHECK(status.code() != TN_INTERNAL);
    ++plans;
  }
  CHECK(plans >= 3);
}

// Run by name, after a change of the plan's schema.
TEST_CASE("write the seeds of the fuzzer of plans", "[.corpus]") {
  const TempFolder folder;
  const auto options = small_options(folder.path() / "cache");
  for (const std::string data_file : {"", "weights.bin"}) {
    for (const bool self_contained : {false, true}) {
      SmallModel model;
      model.data_file = data_file;
      const auto path = model.write(folder);
      const fs::path pack = folder.path() / "m.tpack";
      REQUIRE(pack_model(path, pack, self_contained, options).message() == "");
      const std::string place = data_file.empty() ? "inside" : "beside";
      write_seed(pack, "valid_" + place + (self_contained ? "_whole.plan" : ".plan"));
    }
  }
}
