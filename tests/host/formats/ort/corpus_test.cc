// Replays the seed corpus of the fuzzer, and with it every input that once did harm.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"

using namespace tenon::host;

TEST_CASE("the .ort fuzzer's corpus imports, or fails with a message", "[ort]") {
  int valid = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TENON_SOURCE_DIR "/tests/fuzz/corpus/ort_importer")) {
    const auto model = import_model_file(entry.path());
    INFO(entry.path().filename() << ": " << model.status().message());
    if (entry.path().filename().string().rfind("bad_", 0) == 0) {
      CHECK_FALSE(model.status().message().empty());
      CHECK(model.status().code() != TN_INTERNAL);
    } else {
      ++valid;
      CHECK(model.is_ok());
    }
  }
  CHECK(valid >= 10);
}
