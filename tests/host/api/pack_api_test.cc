// Options of packs, and published models, through the C and the C++ API.
#include <tenon/tenon.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/child_process.h"
#include "tests/support/product_model.h"
#include "tests/support/shared_place.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kOutputs = 4096;  // large enough for a pack

tenon::Options options_with(const fs::path& cache) {
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  tenon::Options options;
  options.threads(1).providers(libraries + "cpu_blas.so," + libraries + "cpu_ref.so").cache_dir(cache.string());
  return options;
}

nlohmann::json pack_of(const tenon::Session& session) {
  return nlohmann::json::parse(session.report("json"))["pack"];
}

// By system calls, of this process.
uint64_t bytes_read() {
  std::ifstream io("/proc/self/io");
  std::string name;
  uint64_t bytes = 0;
  io >> name >> bytes;
  return bytes;
}

std::string state_of(const fs::path& model, const tenon::Options& options) {
  return pack_of(tenon::Session(model.string(), options))["state"];
}

std::vector<float> answer_of(tenon::Session& session) {
  return session
      .run({{"x", tenon::Tensor::of<float>({1, kProductInputs}, std::vector<float>(kProductInputs, 0.3f))}})[0]
      .to_vector<float>();
}

}  // namespace

TEST_CASE("options say whether packs are used, made, and where", "[api][packs]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1, kOutputs));
  const auto cache = folder.path() / "cache";
  const auto with = [&](const std::string& mode) { return std::move(options_with(cache).pack(mode)); };
  CHECK(state_of(model, with("off")) == "none");
  CHECK(state_of(model, with("readonly")) == "none");
  CHECK_FALSE(fs::exists(cache));
  CHECK(state_of(model, with("auto")) == "made");
  CHECK(state_of(model, with("readonly")) == "used");
  CHECK(state_of(model, with("off")) == "none");
}

TEST_CASE("a pack that is verified always is judged at every open", "[api][packs]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1, kOutputs));
  const auto cache = folder.path() / "cache";
  const auto read_by_open = [&](const tenon::Options& options) {
    const uint64_t before = bytes_read();
    CHECK(state_of(model, options) == "used");
    return bytes_read() - before;
  };
  auto options = options_with(cache);
  CHECK(state_of(model, options.pack("auto")) == "made");
  CHECK(read_by_open(options) < 500'000);
  CHECK(read_by_open(options.verify_packs_always()) > 1'000'000);
}

TEST_CASE("the size cap of the options evicts packs out of use", "[api][packs]") {
  const TempFolder folder;
  const auto cache = folder.path() / "cache";
  const auto first = folder.write("a.onnx", product_model(1, kOutputs));
  const auto second = folder.write("b.onnx", product_model(2, kOutputs));
  auto options = options_with(cache);
  options.pack("auto").cache_max_bytes(1'500'000);
  CHECK(state_of(first, options) == "made");
  CHECK(state_of(second, options) == "made");
  CHECK(state_of(first, options.pack("readonly")) == "none");
}

TEST_CASE("bad values of pack options are refused", "[api][packs]") {
  tenon::Options options;
  CHECK_THROWS_WITH(options.pack("sometimes"), Contains("auto, readonly or off"));
  CHECK_THROWS_WITH(options.set("cache_max_bytes", "10GB"), Contains("whole number"));
  CHECK_THROWS_WITH(options.set("pack_verify", "never"), Contains("always or new"));
}

TEST_CASE("bytes are published under a name, opened by another process, and taken away", "[api][packs]") {
  const SharedPlace place;
  const TempFolder folder;
  const std::string image = product_model(1, kOutputs);
  const auto options = options_with(folder.path() / "cache");
  tenon::Session source = tenon::Session::from_bytes(image.data(), image.size(), options);
  const std::vector<float> expected = answer_of(source);
  tenon::publish_bytes("product", image.data(), image.size(), options);
  CHECK(ending_of_child([&] {
          tenon::Session session("shm:product", options);
          return pack_of(session)["state"] == "used" && answer_of(session) == expected ? 0 : 1;
        }) == "exit 0");
  tenon::publish("product", folder.write("m.onnx", product_model(2, kOutputs)).string(), options);
  tenon::Session second("shm:product", options);
  CHECK(answer_of(second) != expected);
  tenon::unpublish("product");
  CHECK_THROWS_WITH(tenon::unpublish("product"), Contains("no model is published as 'product'"));
  CHECK_THROWS_WITH(tenon::Session("shm:product", options), Contains("tenon publish"));
}

TEST_CASE("NULL arguments of publishing are errors", "[api][packs]") {
  CHECK(tenon_publish(nullptr, "m.onnx", nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_publish("m", nullptr, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_publish_bytes("m", nullptr, 0, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_publish_bytes("a/b", "", 0, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_unpublish(nullptr) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("name"));
}
