// Packing into private memory, through whole sessions.
#include <catch2/catch.hpp>

#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/child_process.h"
#include "tests/support/onnx_models.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr int64_t kSide = 1024;
constexpr int kWeights = 6;
constexpr uint64_t kFloatBytes = kSide * kSide * sizeof(float);

/// x (1 x kSide) through kWeights products with int8 weights that are all ones.
onnx::ModelProto quantized_products() {
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, kSide});
  add_initializer(graph, "scale", onnx::TensorProto::FLOAT, {}).set_raw_data(raw_bytes<float>({1.0f / kSide}));
  std::string last = "x";
  for (int i = 0; i < kWeights; ++i) {
    const std::string n = std::to_string(i);
    add_initializer(graph, "w" + n, onnx::TensorProto::INT8, {kSide, kSide})
        .set_raw_data(std::string(kSide * kSide, 1));
    add_node(graph, "DequantizeLinear", {"w" + n, "scale"}, {"d" + n});
    add_node(graph, "MatMul", {last, "d" + n}, {"y" + n});
    last = "y" + n;
  }
  set_float_type(*graph.add_output(), last, {1, kSide});
  return model;
}

}  // namespace

TEST_CASE("expanded weights go one by one as they are packed, not all at the end", "[session][prepack]") {
  if (is_done_in_own_program()) return;
  const TempFolder folder;
  SessionOptions options;
  options.providers = {{cpu_blas_path(), {}}};
  options.pack.mode = PackMode::kOff;
  options.threads = 1;
  auto session = Session::open(folder.write("m.onnx", quantized_products().SerializeAsString()), options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  CHECK(run_floats(**session, {std::vector<float>(kSide, 2.0f)}, {{1, kSide}})[0] == 2.0f);
  const SessionReport report = (*session)->report();
  CHECK(report.memory.packed_bytes >= kWeights * kFloatBytes);
  CHECK(report.memory.computed_weight_bytes < kFloatBytes);
  for (const StageTime& stage : report.stages)
    if (stage.stage == "pack" && !kIsSanitized) CHECK(stage.peak_private_bytes < 3 * kFloatBytes);
}
