// Sessions that leave packs and run from them: hits, misses with their reasons, and never a wrong answer.
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "host/packs/plan_reader.h"
#include "host/session/session.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t K = 64, N = 48;

std::string weights(float seed) {
  std::vector<float> w(K * N);
  for (size_t i = 0; i < w.size(); ++i) w[i] = seed + static_cast<float>(i % 7) - 3;
  return raw_bytes(w);
}

/// y = x (1 x K) W + b, with W beside the model or inside it, at any alignment.
fs::path write_model(const TempFolder& folder, float seed, bool external = false) {
  onnx::ModelProto model = empty_model();
  set_float_type(*model.mutable_graph()->add_input(), "x", {1, K});
  set_float_type(*model.mutable_graph()->add_output(), "y", {1, N});
  auto& w = add_initializer(*model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {K, N});
  if (external) {
    set_external(w, {{"location", "m.data"}});
    folder.write("m.data", weights(seed));
  } else {
    w.set_raw_data(weights(seed));
  }
  add_initializer(*model.mutable_graph(), "b", onnx::TensorProto::FLOAT, {N})
      .set_raw_data(raw_bytes(std::vector<float>(N, 0.5f)));
  add_node(*model.mutable_graph(), "MatMul", {"x", "w"}, {"m"});
  add_node(*model.mutable_graph(), "Add", {"m", "b"}, {"y"});
  return folder.write("m.onnx", model.SerializeAsString());
}

SessionOptions with_packs(const fs::path& cache, PackMode mode = PackMode::kAuto) {
  SessionOptions options;
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  options.providers = {{libraries + "cpu_blas.so", {}}, {libraries + "cpu_ref.so", {}}};
  options.threads = 1;
  options.pack.mode = mode;
  options.pack.folder = cache;
  options.pack.min_source_bytes = 0;
  return options;
}

std::unique_ptr<Session> open_with(const fs::path& model, const SessionOptions& options) {
  auto session = Session::open(model, options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

/// The sum over a column of W is the same for all but the last few; the first output tells the seed.
float expected(float seed) {
  const std::string bytes = weights(seed);
  const auto* w = reinterpret_cast<const float*>(bytes.data());
  float sum = 0.5f;
  for (int64_t k = 0; k < K; ++k) sum += w[k * N];
  return sum;
}

float answer_of(Session& session) {
  const std::vector<NamedTensor> inputs = {floats("x", {1, K}, std::vector<float>(K, 1))};
  const auto results = session.run(inputs);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  return values_of((*results)[0])[0];
}

/// Opens, and holds the answer and the state of the pack against what is expected; gives the reason for no pack.
std::string check_open(const fs::path& model, const SessionOptions& options, float seed, const std::string& state) {
  const auto session = open_with(model, options);
  CHECK(answer_of(*session) == Approx(expected(seed)));
  const PackEntry pack = session->report().pack;
  INFO(pack.reason);
  CHECK(pack.state == state);
  return pack.reason;
}

std::vector<fs::path> packs_in(const fs::path& folder) {
  std::vector<fs::path> packs;
  if (!fs::exists(folder)) return packs;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".tpack") packs.push_back(entry.path());
  return packs;
}

void flip_bit(const fs::path& file, std::streamoff at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(at);
  const char byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(at);
  stream.put(byte);
}

}  // namespace

TEST_CASE("the first session makes a pack and runs from it, the second uses it", "[session][packs]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto model = write_model(folder, 1, external);
  const auto options = with_packs(folder.path() / "cache");
  check_open(model, options, 1, "made");
  check_open(model, options, 1, "used");
  CHECK(packs_in(folder.path() / "cache").size() == 1);
}

TEST_CASE("packs are made and used where neither options nor environment say anything", "[session][packs]") {
  const char* variable = std::getenv("TENON_PACK");
  const std::string before = variable == nullptr ? "" : variable;
  unsetenv("TENON_PACK");
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  auto options = with_packs(folder.path() / "cache");
  options.pack.mode.reset();
  check_open(model, options, 1, "made");
  check_open(model, options, 1, "used");
  if (!before.empty()) setenv("TENON_PACK", before.c_str(), 1);
}

TEST_CASE("a session from a pack has the report of the one that made it", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto options = with_packs(folder.path() / "cache");
  const auto made = open_with(model, options)->report();
  const auto used = open_with(model, options)->report();
  REQUIRE(used.placement.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(used.placement[i].node == made.placement[i].node);
    CHECK(used.placement[i].kernel == made.placement[i].kernel);
    CHECK(used.placement[i].provider == "cpu_blas");
    CHECK(used.placement[i].reason == made.placement[i].reason);
  }
  CHECK(used.memory.packed_bytes == 0);
  CHECK(used.memory.copied_weight_bytes == 0);
}

TEST_CASE("a model rewritten in place with its old times is not taken for the old one", "[session][packs]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto model = write_model(folder, 1, external);
  const auto options = with_packs(folder.path() / "cache");
  check_open(model, options, 1, "made");
  const auto file = external ? folder.path() / "m.data" : model;
  const auto time = fs::last_write_time(file);
  write_model(folder, 2, external);
  fs::last_write_time(file, time);
  check_open(model, options, 2, "made");
  check_open(model, options, 2, "used");
}

TEST_CASE("a model that is replaced leaves open sessions as they were", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto options = with_packs(folder.path() / "cache");
  check_open(model, options, 1, "made");
  const auto old = open_with(model, options);
  const TempFolder other;
  fs::rename(write_model(other, 2), model);
  check_open(model, options, 2, "made");
  CHECK(answer_of(*old) == Approx(expected(1)));
}

TEST_CASE("a damaged or truncated pack is a miss with a reason, and is made again", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto options = with_packs(folder.path() / "cache");
  check_open(model, options, 1, "made");
  const auto pack = packs_in(folder.path() / "cache").at(0);
  const auto size = static_cast<std::streamoff>(fs::file_size(pack));
  SECTION("in its header") {
    flip_bit(pack, 20);
  }
  SECTION("in a weight") {
    flip_bit(pack, 4096 + 100);
  }
  SECTION("in its contents") {
    flip_bit(pack, size - 30);
  }
  SECTION("at its end") {
    fs::resize_file(pack, static_cast<uintmax_t>(size) - 1);
  }
  SECTION("altogether") {
    fs::resize_file(pack, 0);
  }
  check_open(model, options, 1, "made");
  check_open(model, options, 1, "used");
}

TEST_CASE("no pack is made when packs are off, only read, or the folder is not to be trusted", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto cache = folder.path() / "cache";
  check_open(model, with_packs(cache, PackMode::kOff), 1, "none");
  CHECK_THAT(check_open(model, with_packs(cache, PackMode::kReadOnly), 1, "none"), Catch::Contains("cache"));
  CHECK_FALSE(fs::exists(cache));
  fs::create_directory(cache);
  chmod(cache.c_str(), 0777);
  CHECK_THAT(check_open(model, with_packs(cache), 1, "none"), Catch::Contains("writ"));
  CHECK(packs_in(cache).empty());
}

TEST_CASE("a pack that was made is used by those who only read", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto cache = folder.path() / "cache";
  check_open(model, with_packs(cache), 1, "made");
  check_open(model, with_packs(cache, PackMode::kReadOnly), 1, "used");
}

TEST_CASE("small models are opened from their source", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  auto options = with_packs(folder.path() / "cache");
  options.pack.min_source_bytes = 1 << 20;
  CHECK_THAT(check_open(model, options, 1, "none"), Catch::Contains("small"));
}

TEST_CASE("another list of providers has another pack", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  auto options = with_packs(folder.path() / "cache");
  check_open(model, options, 1, "made");
  options.providers.erase(options.providers.begin());
  check_open(model, options, 1, "made");
  CHECK(packs_in(folder.path() / "cache").size() == 2);
}

TEST_CASE("a pack beside the model is used once the model was held against it", "[session][packs]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto model = write_model(folder, 1, external);
  const auto options = with_packs(folder.path() / "cache", PackMode::kReadOnly);
  const fs::path beside = model.string() + ".tpack";
  const Status packed = pack_model(model, beside, false, options);
  INFO(packed.message());
  REQUIRE(packed.is_ok());
  check_open(model, options, 1, "used");
  // Another model of the same size under that name.
  write_model(folder, 2, external);
  CHECK_THAT(check_open(model, options, 2, "none"), Catch::Contains("other bytes"));
}

TEST_CASE("a self-contained pack needs no model", "[session][packs]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto model = write_model(folder, 1, external);
  const auto options = with_packs(folder.path() / "cache");
  const auto pack = folder.path() / "whole.tpack";
  REQUIRE(pack_model(model, pack, true, options).is_ok());
  fs::remove(model);
  fs::remove(folder.path() / "m.data");
  check_open(pack, options, 1, "used");
  auto others = options;
  others.providers.erase(others.providers.begin());
  const auto refused = Session::open(pack, others);
  REQUIRE_FALSE(refused.is_ok());
  CHECK_THAT(refused.status().message(), Catch::Contains("tenon pack"));
  flip_bit(pack, 4096 + 100);
  CHECK_FALSE(Session::open(pack, options).is_ok());
}

TEST_CASE("sessions of many threads that open one model at once make one pack", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1);
  const auto options = with_packs(folder.path() / "cache");
  std::atomic<int> made{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      auto session = Session::open(model, options);
      if (!session.is_ok()) return void(++wrong);
      const std::vector<NamedTensor> inputs = {floats("x", {1, K}, std::vector<float>(K, 1))};
      const auto results = (*session)->run(inputs);
      wrong += !results.is_ok() || values_of((*results)[0])[0] != Approx(expected(1));
      made += (*session)->report().pack.state == "made";
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(wrong == 0);
  CHECK(packs_in(folder.path() / "cache").size() == 1);
}

TEST_CASE("sessions of one process share what one of them loaded", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1, true);
  const auto options = with_packs(folder.path() / "cache");
  auto first = open_with(model, options);
  const auto second = open_with(model, options);
  CHECK(&first->model() == &second->model());
  CHECK(second->report().pack.state == "used");
  CHECK(second->report().placement.size() == first->report().placement.size());
  first.reset();
  CHECK(answer_of(*second) == Approx(expected(1)));
}

TEST_CASE("sessions of one process share what one of them loaded of a self-contained pack", "[session][packs]") {
  const TempFolder folder;
  const auto options = with_packs(folder.path() / "cache");
  const fs::path pack = folder.path() / "whole.tpack";
  REQUIRE(pack_model(write_model(folder, 1, true), pack, true, options).is_ok());
  const auto first = open_with(pack, options);
  const auto second = open_with(pack, options);
  CHECK(&first->model() == &second->model());
  CHECK(answer_of(*second) == Approx(expected(1)));
  REQUIRE(pack_model(write_model(folder, 2, true), pack, true, options).is_ok());
  const auto third = open_with(pack, options);
  CHECK(&first->model() != &third->model());
  CHECK(answer_of(*third) == Approx(expected(2)));
  CHECK(answer_of(*first) == Approx(expected(1)));
}

TEST_CASE("sessions of files, providers or options that differ share nothing", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1, true);
  const auto options = with_packs(folder.path() / "cache");
  const auto first = open_with(model, options);
  SECTION("a file of its data replaced") {
    folder.write("new.data", weights(2));
    fs::rename(folder.path() / "new.data", folder.path() / "m.data");
    const auto second = open_with(model, options);
    CHECK(&first->model() != &second->model());
    CHECK(answer_of(*first) == Approx(expected(1)));
    CHECK(answer_of(*second) == Approx(expected(2)));
  }
  SECTION("fewer providers") {
    auto fewer = options;
    fewer.providers.erase(fewer.providers.begin());
    CHECK(&first->model() != &open_with(model, fewer)->model());
  }
  SECTION("another option of a provider") {
    auto other = options;
    other.providers[0].options["isa"] = "";
    CHECK(open_with(model, other)->report().pack.state == "made");
  }
  SECTION("a graph that is to stay as it is") {
    auto other = options;
    other.rewrite_graph = false;
    CHECK(open_with(model, other)->report().pack.state == "made");
  }
  SECTION("every open is to be verified") {
    auto verified = options;
    verified.pack.verify_always = true;
    CHECK(&first->model() != &open_with(model, verified)->model());
  }
}

TEST_CASE("files that are only touched while a session has them open cost its runs nothing", "[session][packs]") {
  const TempFolder folder;
  const auto model = write_model(folder, 1, true);
  const auto data = folder.path() / "m.data";
  const auto session = open_with(model, with_packs(folder.path() / "cache"));
  for (const auto& file : {model, data}) {
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::hours(1));
    CHECK(answer_of(*session) == Approx(expected(1)));
  }
  std::fstream(data, std::ios::in | std::ios::out | std::ios::binary).write(weights(2).data(), 64);
  const std::vector<NamedTensor> inputs = {floats("x", {1, K}, std::vector<float>(K, 1))};
  const auto results = session->run(inputs);
  CHECK(results.status().code() == TN_DATA_LOST);
  CHECK_THAT(results.status().message(), Catch::Contains("m.data was written to in place while open"));
  std::fstream(data, std::ios::in | std::ios::out | std::ios::binary).write(weights(1).data(), 64);
  CHECK(answer_of(*session) == Approx(expected(1)));
}

TEST_CASE("a huge source of a pack is told by its identity and not read while opening", "[session][packs]") {
  constexpr int64_t kRows = (int64_t{513} << 20) / N / 4;
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  set_float_type(*model.mutable_graph()->add_output(), "y", {1, N});
  auto& table = add_initializer(*model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {kRows, N});
  set_external(table, {{"location", "m.data"}});
  add_node(*model.mutable_graph(), "Gather", {"w", "i"}, {"y"});
  auto& index = *model.mutable_graph()->add_input();
  index.set_name("i");
  index.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);
  index.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(1);
  const auto path = folder.write("m.onnx", model.SerializeAsString());
  std::ofstream(folder.path() / "m.data").put('\0');
  fs::resize_file(folder.path() / "m.data", kRows * N * 4);
  const auto options = with_packs(folder.path() / "cache");
  CHECK(open_with(path, options)->report().pack.state == "made");
  auto pack = PackFile::open(packs_in(folder.path() / "cache").at(0), true);
  REQUIRE(pack.is_ok());
  const auto plan = PackPlan::read(std::move(*pack));
  REQUIRE(plan.is_ok());
  const auto sources = (*plan)->sources();
  REQUIRE(sources.size() == 2);
  for (const PlanSource& source : sources) CHECK(source.digest.has_value() == source.location.empty());
  CHECK(open_with(path, options)->report().pack.state == "used");
}
