// Packs and the builds of the providers that filled them: another build under the same name, version and key packs
// otherwise, and must never be given the bytes of the first.
#include <algorithm>
#include <catch2/catch.hpp>

#include "host/packs/published_model.h"
#include "host/session/session.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/support/child_process.h"
#include "tests/support/onnx_models.h"
#include "tests/support/shared_place.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kCount = 2000;  // past what a self-contained pack keeps of a packed weight

/// What an open with one of the libraries came to. Each has a process of its own: two of one name do not go together.
enum Ending { kUsed, kNotUsed, kMade, kRefused, kWrong, kFailed };
std::string text(Ending ending) {
  return "exit " + std::to_string(ending);
}

/// y = x w.
std::string scale_model() {
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, kCount});
  set_float_type(*graph.add_output(), "y", {1, kCount});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kCount})
      .set_raw_data(raw_bytes(std::vector<float>(kCount, 3)));
  add_node(graph, "Mul", {"x", "w"}, {"y"});
  return model.SerializeAsString();
}

SessionOptions with_library(const fs::path& library, const fs::path& cache, PackMode mode = PackMode::kAuto) {
  SessionOptions options;
  options.providers = {{library.string(), {}}};
  options.threads = 1;
  options.pack.mode = mode;
  options.pack.folder = cache;
  options.pack.min_source_bytes = 0;
  return options;
}

/// `reason`: must stand in why the pack is not used.
std::string open_in_child(const fs::path& path, const SessionOptions& options, const std::string& reason = "") {
  return ending_of_child([&]() -> int {
    const auto session = Session::open(path, options);
    if (!session.is_ok()) return session.status().message().find(reason) != std::string::npos ? kRefused : kFailed;
    const std::vector<NamedTensor> inputs = {floats("x", {1, kCount}, std::vector<float>(kCount, 2))};
    const auto results = (*session)->run(inputs);
    if (!results.is_ok()) return kFailed;
    if (values_of((*results)[0]) != std::vector<float>(kCount, 6)) return kWrong;
    const PackEntry pack = (*session)->report().pack;
    if (pack.state == "used") return kUsed;
    if (pack.state == "made") return kMade;
    return pack.reason.find(reason) != std::string::npos ? kNotUsed : kFailed;
  });
}

std::string in_child(const std::function<Status()>& body) {
  return ending_of_child([&] { return body().is_ok() ? 0 : 1; });
}

}  // namespace

TEST_CASE("a pack that another build of a provider filled is not used", "[session][packs]") {
  const TempFolder folder;
  const SharedPlace place;
  const auto [kind, reason] = GENERATE(
      table<std::string, std::string>({{"packer", "another build of the provider packer (build id "},
                                       {"packer_unnoted", "another build of the provider packer (digest "},
                                       {"packer_same", "otherwise than when the pack was made, under the same key"}}));
  const fs::path first = plugin_path(kind + "_first"), next = plugin_path(kind + "_next");
  const fs::path model = folder.write("m.onnx", scale_model()), cache = folder.path() / "cache";
  const auto mode = GENERATE(PackMode::kAuto, PackMode::kReadOnly);
  SECTION("beside its model") {
    const fs::path beside = model.string() + ".tpack";
    REQUIRE(in_child([&] { return pack_model(model, beside, false, with_library(first, cache)); }) == "exit 0");
    for (int i = 0; i < 2; ++i)
      CHECK(open_in_child(model, with_library(first, cache, PackMode::kReadOnly)) == text(kUsed));
    CHECK(open_in_child(model, with_library(next, cache, PackMode::kReadOnly), reason) == text(kNotUsed));
    CHECK(open_in_child(model, with_library(first, cache, PackMode::kReadOnly)) == text(kUsed));
  }
  SECTION("that needs no model") {
    const fs::path pack = folder.path() / "whole.tpack";
    REQUIRE(in_child([&] { return pack_model(model, pack, true, with_library(first, cache)); }) == "exit 0");
    for (int i = 0; i < 2; ++i) CHECK(open_in_child(pack, with_library(first, cache, mode)) == text(kUsed));
    CHECK(open_in_child(pack, with_library(next, cache, mode), reason) == text(kRefused));
    CHECK(open_in_child(pack, with_library(first, cache, mode)) == text(kUsed));
  }
  SECTION("that is published") {
    REQUIRE(in_child([&] { return publish_model(model, "scale", with_library(first, cache)); }) == "exit 0");
    for (int i = 0; i < 2; ++i) CHECK(open_in_child("shm:scale", with_library(first, cache, mode)) == text(kUsed));
    CHECK(open_in_child("shm:scale", with_library(next, cache, mode), reason) == text(kRefused));
  }
}

TEST_CASE("a provider replaced by its next build of the same size and time has another pack", "[session][packs]") {
  const TempFolder folder;
  const std::string kind = GENERATE("packer", "packer_unnoted");
  const fs::path library = folder.path() / "libpacker.so", cache = folder.path() / "cache";
  const fs::path model = folder.write("m.onnx", scale_model());
  // Builds may differ in size, as sanitized ones do; what is behind the last section is nobody's.
  const auto size = std::max(fs::file_size(plugin_path(kind + "_first")), fs::file_size(plugin_path(kind + "_next")));
  fs::copy_file(plugin_path(kind + "_first"), library);
  fs::resize_file(library, size);
  const auto time = fs::last_write_time(library);
  CHECK(open_in_child(model, with_library(library, cache)) == text(kMade));
  CHECK(open_in_child(model, with_library(library, cache)) == text(kUsed));
  fs::remove(library);
  fs::copy_file(plugin_path(kind + "_next"), library);
  fs::resize_file(library, size);
  fs::last_write_time(library, time);
  CHECK(open_in_child(model, with_library(library, cache)) == text(kMade));
}

TEST_CASE("that a provider packs as a pack says is proven once on a machine", "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache", pack = folder.path() / "whole.tpack", log = folder.path() / "log";
  const fs::path model = folder.write("m.onnx", scale_model());
  const auto options = with_library(plugin_path("packer_first"), cache);
  REQUIRE(in_child([&] { return pack_model(model, pack, true, options); }) == "exit 0");
  setenv("PACKER_LOG", log.c_str(), 1);
  for (int i = 0; i < 3; ++i) CHECK(open_in_child(pack, options) == text(kUsed));
  unsetenv("PACKER_LOG");
  CHECK(fs::file_size(log) == 1);
}

TEST_CASE("a table of the program, which has no build, is proven to pack as a pack says at each open",
          "[session][packs]") {
  const TempFolder folder;
  const fs::path cache = folder.path() / "cache", pack = folder.path() / "whole.tpack";
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, 4});
  set_float_type(*graph.add_output(), "y", {1, 300});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {4, 300})
      .set_raw_data(raw_bytes(std::vector<float>(4 * 300, 1)));
  add_node(graph, "MatMul", {"x", "w"}, {"y"});
  SessionOptions options = with_library("", cache);
  options.providers.clear();
  options.provider_tables = {&test_provider()};
  REQUIRE(pack_model(folder.write("m.onnx", model.SerializeAsString()), pack, true, options).message() == "");
  for (int i = 0; i < 2; ++i) {
    packs_made = 0;
    REQUIRE(Session::open(pack, options).status().message() == "");
    CHECK(packs_made == 1);
  }
}
