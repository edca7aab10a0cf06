// Packing and converting through the C and the C++ API.
#include <tenon/files.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <tenon/tenon.hpp>

#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

std::vector<float> answer_of(const fs::path& model) {
  tenon::Options options;
  options.threads(1).pack("off").providers(TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so");
  const std::vector<float> x(kProductInputs, 0.3f);
  return tenon::Session(model.string(), options)
      .run({{"x", tenon::Tensor::of<float>({1, kProductInputs}, x)}})[0]
      .to_vector<float>();
}

}  // namespace

TEST_CASE("a model is converted both ways, with its weights beside it if asked", "[api]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1, 4096));
  const auto ort = folder.path() / "m.ort", beside = folder.path() / "beside.onnx";
  tenon::convert(model.string(), ort.string());
  tenon::convert(ort.string(), beside.string(), {true, ""});
  CHECK(fs::exists(folder.path() / "beside.onnx.data"));
  CHECK(answer_of(ort) == answer_of(model));
  CHECK(answer_of(beside) == answer_of(model));
}

TEST_CASE("a conversion to what is no model's name is refused", "[api]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1, 16)).string();
  CHECK_THROWS_WITH(tenon::convert(model, (folder.path() / "m.txt").string()), Contains("neither .onnx nor .ort"));
  CHECK_THROWS_WITH(tenon::convert(model, model), Contains("is the model itself"));
  CHECK_THROWS_WITH(tenon::convert(model, (folder.path() / "m.ort").string(), {true, ""}), Contains("external data"));
  tenon_conversion conversion{};
  CHECK(tenon_convert(model.c_str(), "m.ort", &conversion) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("sizeof(tenon_conversion)"));
}

TEST_CASE("a pack beside its model is made ahead and found", "[api][packs]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1, 4096)).string();
  tenon::Options options;
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  options.threads(1).pack("readonly").providers(libraries + "cpu_blas.so," + libraries + "cpu_ref.so");
  options.cache_dir((folder.path() / "cache").string());
  tenon::pack(model, model + ".tpack", false, options);
  CHECK_THAT(tenon::Session(model, options).report("json"), Contains("\"used\""));
  CHECK(tenon_pack(nullptr, "t", 0, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_pack(model.c_str(), nullptr, 0, nullptr) == TENON_INVALID_ARGUMENT);
}
