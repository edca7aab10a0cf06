// Replays the seed corpus of the fuzzer, and with it every input that once did harm.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "tests/support/onnx_models.h"

namespace fs = std::filesystem;
using namespace tenon::host;

TEST_CASE("the fuzzer's corpus imports, or fails with a message", "[onnx]") {
  int valid = 0, bad = 0;
  for (const auto& entry : fs::directory_iterator(TENON_SOURCE_DIR "/tests/fuzz/corpus/onnx_importer")) {
    const auto model = import_model_file(entry.path());
    INFO(entry.path().filename() << ": " << model.status().message());
    if (entry.path().filename().string().rfind("valid_", 0) == 0) {
      ++valid;
      CHECK(model.is_ok());
    } else {
      ++bad;
      CHECK_FALSE(model.status().message().empty());
      CHECK(model.status().code() != TN_INTERNAL);
    }
  }
  CHECK(valid >= 10);
  CHECK(bad >= 10);
}
