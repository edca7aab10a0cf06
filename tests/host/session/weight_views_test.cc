// Weights that a model only looks at in another way, through whole sessions: no copy in memory, none in a pack.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "host/session/session.h"
#include "tests/support/onnx_models.h"
#include "tests/support/product_model.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kRows = 8192, kColumns = 1024;
constexpr uint64_t kWeightBytes = kRows * kColumns * sizeof(float);  // 32 MiB

/// What a node makes of 'w' (kRows x kColumns), a sparse file but for row kRows/2; 'v' is read by a Gather of one row.
struct Look {
  std::string op;
  int64_t row;                // in v, of what is row kRows/2 of w
  std::string integers = {};  // of the second input, by commas
};

fs::path write_model(const TempFolder& folder, const Look& look) {
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_external(add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kRows, kColumns}), {{"location", "m.data"}});
  auto& i = *graph.add_input();
  set_float_type(i, "i", {1});
  i.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);
  graph.add_output()->set_name("y");
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  std::vector<std::string> inputs{"w"};
  if (!look.integers.empty()) {
    std::vector<int64_t> values;
    std::stringstream text(look.integers);
    for (std::string item; std::getline(text, item, ',');) values.push_back(std::stoll(item));
    add_initializer(graph, "n", onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())})
        .set_raw_data(raw_bytes(values));
    inputs.push_back("n");
  }
  auto& node = add_node(graph, look.op, inputs, {"v"});
  const auto set_int = [&](const char* name, int64_t value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  };
  if (look.op == "Cast") set_int("to", onnx::TensorProto::FLOAT);
  if (look.op == "Split") {
    node.add_output("second");
    set_int("axis", 0);
  }
  if (look.op == "Transpose") {
    auto& attribute = *node.add_attribute();
    attribute.set_name("perm");
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const int64_t p : {0, 1}) attribute.add_ints(p);
  }
  add_node(graph, "Gather", {look.op == "Split" ? "second" : "v", "i"}, {"y"});
  const fs::path data = folder.path() / "m.data";
  std::ofstream(data, std::ios::binary);
  fs::resize_file(data, kWeightBytes);
  std::fstream stream(data, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(kWeightBytes / 2));
  const std::vector<float> row(kColumns, 3.0f);
  stream.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
  return folder.write("m.onnx", model.SerializeAsString());
}

const Look kLooks[] = {{"Identity", kRows / 2},
                       {"Reshape", kRows, "16384,512"},
                       {"Flatten", kRows / 2},
                       {"Unsqueeze", kRows / 2, "1"},
                       {"Cast", kRows / 2},
                       {"Transpose", kRows / 2},
                       {"Split", 0}};

float gathered(Session& session, int64_t row) {
  const std::vector<NamedTensor> inputs = {
      {"i", Tensor(TN_INT64, {1}, &row, sizeof row, nullptr, Residence::kBorrowed)}};
  const auto results = session.run(inputs);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  return results->at(0).span<float>()[0];
}

uint64_t peak_of(const SessionReport& report) {
  uint64_t peak = 0;
  for (const StageTime& stage : report.stages) peak = std::max(peak, stage.peak_private_bytes);
  return peak;
}

uint64_t disk_bytes(const fs::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

TEST_CASE("a weight behind a node that only looks at it differently is mapped, in a pack's source too",
          "[session][views]") {
  for (const Look& look : kLooks) {
    CAPTURE(look.op);
    const TempFolder folder;
    const fs::path model = write_model(folder, look);
    for (const char* state : {"none", "made", "used"}) {
      CAPTURE(state);
      const bool packs = std::string(state) != "none";
      auto session =
          Session::open(model, packing_options(folder.path() / "cache", packs ? PackMode::kAuto : PackMode::kOff));
      REQUIRE(session.is_ok());
      CHECK(gathered(**session, look.row) == 3.0f);
      CHECK(gathered(**session, look.row + 1) == (look.op == "Reshape" ? 3.0f : 0.0f));
      const SessionReport report = (*session)->report();
      CHECK(report.pack.state == state);
      CHECK(report.memory.mapped_weight_bytes >= kWeightBytes / 2);
      CHECK(report.memory.mapped_weight_bytes <= kWeightBytes + 4096);
      CHECK(report.memory.computed_weight_bytes == 0);
      CHECK(report.pack.bytes < (1 << 20));
      if (!kIsSanitized) CHECK(peak_of(report) < (8 << 20));
    }
  }
}

TEST_CASE("a self-contained pack holds bytes that several constants look at once", "[session][views]") {
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  const std::vector<float> w = [] {
    std::vector<float> values(4096);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return values;
  }();
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {4, 1024}).set_raw_data(raw_bytes(w));
  set_float_type(*graph.add_input(), "x", {1});
  for (const char* name : {"y", "a2", "b2"}) {
    graph.add_output()->set_name(name);
    graph.mutable_output(graph.output_size() - 1)
        ->mutable_type()
        ->mutable_tensor_type()
        ->set_elem_type(onnx::TensorProto::FLOAT);
  }
  auto& split = add_node(graph, "Split", {"w"}, {"a", "b"});
  auto& axis = *split.add_attribute();
  axis.set_name("axis");
  axis.set_type(onnx::AttributeProto::INT);
  add_node(graph, "Add", {"w", "x"}, {"y"});
  add_node(graph, "Add", {"a", "x"}, {"a2"});
  add_node(graph, "Add", {"b", "x"}, {"b2"});
  SessionOptions options = packing_options(folder.path() / "cache");
  const auto check_results = [](Session& session) {
    const std::vector<NamedTensor> inputs = {floats("x", {1}, {0.5f})};
    const auto results = session.run(inputs);
    INFO(results.status().message());
    REQUIRE(results.is_ok());
    CHECK(values_of(results->at(0))[4095] == 4095.5f);
    CHECK(values_of(results->at(1))[0] == 0.5f);
    CHECK(values_of(results->at(2))[0] == 2048.5f);
  };
  const fs::path path = folder.write("m.onnx", model.SerializeAsString());
  const fs::path packed = folder.path() / "whole.tpack";
  REQUIRE(pack_model(path, packed, true, options).is_ok());
  CHECK(disk_bytes(packed) < 16384 + 12000);
  auto session = Session::open(packed, options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  check_results(**session);
  CHECK((*session)->report().memory.pack_weight_bytes == 16384);
}
