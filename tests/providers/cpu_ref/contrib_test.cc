// What ONNX Runtime's own operators refuse, and shapes at the edge of what they take; attention has a file of its own.
// Their values are compared with onnxruntime's by tests/conformance.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

host::Tensor floats(std::vector<int64_t> shape, float value = 0.5f) {
  size_t count = 1;
  for (int64_t d : shape) count *= static_cast<size_t>(d);
  return make_tensor<float>(std::move(shape), std::vector<float>(count, value));
}

host::Tensor uint8s(std::vector<int64_t> shape) {
  size_t count = 1;
  for (int64_t d : shape) count *= static_cast<size_t>(d);
  return make_tensor<uint8_t>(std::move(shape), std::vector<uint8_t>(count, 0x19));
}

/// The error of a run whose shapes are known to the kernel alone.
std::string error_of(const std::string& op, std::vector<host::Tensor> inputs,
                     std::vector<host::Attribute> attributes = {}) {
  const auto outputs = run_operator({"com.microsoft:" + op, 18, std::move(inputs), std::move(attributes), 1, true});
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

/// MatMulNBits with 3 rows of 40 numbers in blocks of 16.
struct NBits {
  std::vector<host::Tensor> inputs = {floats({2, 40}), uint8s({3, 3, 8}), floats({9})};
  int64_t n = 3, k = 40, bits = 4, block = 16;
  std::vector<host::Attribute> more = {};

  std::string error() const {
    std::vector<host::Attribute> attributes = more;
    for (const auto& [name, value] :
         {std::pair("N", n), std::pair("K", k), std::pair("bits", bits), std::pair("block_size", block)})
      attributes.push_back(int_attr(name, value));
    return error_of("MatMulNBits", inputs, attributes);
  }
  NBits with(size_t i, host::Tensor tensor) const {
    NBits changed = *this;
    changed.inputs.resize(std::max(changed.inputs.size(), i + 1));
    changed.inputs[i] = std::move(tensor);
    return changed;
  }
};

}  // namespace

TEST_CASE("MatMulNBits refuses inputs that do not fit its attributes", "[cpu_ref]") {
  const NBits base;
  CHECK(base.error() == "no error");
  CHECK_THAT(base.with(0, floats({2, 39})).error(), Contains("A") && Contains("40"));
  CHECK_THAT(base.with(0, floats({})).error(), Contains("scalar"));
  CHECK_THAT(base.with(1, uint8s({3, 2, 8})).error(), Contains("B has shape 3x2x8, expected 3x3x8"));
  CHECK_THAT(base.with(1, uint8s({72})).error(), Contains("B has shape 72, expected 3x3x8"));
  CHECK_THAT(base.with(1, uint8s({0, 2, 8})).error(), Contains("B has shape 0x2x8"));
  CHECK_THAT(base.with(2, floats({8})).error(), Contains("scales has shape 8, expected 3x3"));
  CHECK_THAT(base.with(2, floats({9, 1})).error(), Contains("scales has shape 9x1"));
  CHECK_THAT(base.with(3, uint8s({5})).error(), Contains("zero_points has shape 5, expected 3x2"));
  CHECK_THAT(base.with(3, floats({3, 2})).error(), Contains("zero_points has shape 3x2, expected 3x3"));
  CHECK_THAT(base.with(3, tensor_of_bytes(TN_FLOAT16, {9}, std::vector<uint8_t>(18))).error(),
             Contains("zero_points is float16, expected packed uint8 or float"));
  CHECK_THAT(base.with(5, floats({2})).error(), Contains("bias has shape 2, expected N = 3"));
  CHECK_THAT(base.with(4, make_tensor<int32_t>({40}, std::vector<int32_t>(40))).error(), Contains("g_idx"));
}

TEST_CASE("MatMulNBits refuses attributes that describe no weight", "[cpu_ref]") {
  for (int64_t n : {int64_t(0), int64_t(-3)}) CHECK_THAT(NBits{.n = n}.error(), Contains("N is " + std::to_string(n)));
  for (int64_t block : {0, 8, 24, -16}) CHECK_THAT(NBits{.block = block}.error(), Contains("block_size is"));
  CHECK_THAT(NBits{.bits = 3}.error(), Contains("bits is 3, expected 2, 4 or 8"));
  CHECK_THAT(NBits{.n = INT64_MAX}.error(), Contains("expected 9223372036854775807x3x8"));
  CHECK_THAT(NBits{.block = int64_t(1) << 62}.error(), Contains("block_size is"));
  CHECK_THAT(NBits{.more = {int_attr("accuracy_level", 5)}}.error(), Contains("accuracy_level is 5"));
  CHECK_THAT(NBits{.more = {int_attr("weight_prepacked", 1)}}.error(), Contains("weight_prepacked is 1"));
  CHECK_THAT((NBits{.k = INT64_MAX}.with(0, floats({0})).error()), Contains("A"));
}

TEST_CASE("MatMulNBits takes 2-bit weights", "[cpu_ref]") {
  // Codes 3 2 1 0 per byte, less the zero point 2.
  std::vector<uint8_t> codes(4, 0b00011011);
  const auto outputs =
      run_operator({"com.microsoft:MatMulNBits",
                    18,
                    {make_tensor<float>({1, 16}, {1, 10, 100, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                     tensor_of_bytes(TN_UINT8, {1, 1, 4}, codes), floats({1, 1})},
                    {int_attr("N", 1), int_attr("K", 16), int_attr("bits", 2), int_attr("block_size", 16)}});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->front().span<float>()[0] == 0.5f * (1 * 1 + 10 * 0 - 100 * 1 - 1000 * 2));
}

TEST_CASE("skip normalizations refuse inputs that do not fit the hidden size", "[cpu_ref]") {
  const auto x = floats({2, 3, 8}), gamma = floats({8});
  for (const char* op : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {8}, {1, 2, 3, 8}})
      CHECK_THAT(error_of(op, {floats(shape), floats(shape), gamma}), Contains("expected batch x sequence x hidden"));
    CHECK_THAT(error_of(op, {x, gamma, gamma}), Contains("skip has shape 8, expected 2x3x8"));
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 1, 8}, {1, 8}, {1, 1, 8}})
      CHECK_THAT(error_of(op, {x, floats(shape), gamma}), Contains("skip has shape") && Contains("expected 2x3x8"));
    CHECK_THAT(error_of(op, {floats({3, 8}), floats({1, 8}), gamma}), Contains("skip has shape 1x8"));
    CHECK(error_of(op, {x, floats({1, 3, 8}), gamma}) == "no error");
    CHECK_THAT(error_of(op, {x, floats({0, 3, 8}), gamma}), Contains("skip has shape 0x3x8"));
    CHECK_THAT(error_of(op, {x, x, floats({7})}), Contains("gamma has shape 7, expected 8"));
    CHECK_THAT(error_of(op, {x, x, gamma, floats({8, 1})}), Contains("has shape 8x1, expected 8"));
    CHECK(error_of(op, {floats({0, 3, 8}), floats({3, 8}), gamma}) == "no error");
    CHECK(error_of(op, {floats({2, 3, 0}), floats({2, 3, 0}), floats({0})}) == "no error");
  }
}

TEST_CASE("rows without elements have no mean in SkipLayerNormalization", "[cpu_ref]") {
  OperatorRun wanted{"com.microsoft:SkipLayerNormalization", 17, {floats({1, 2, 0}), floats({1, 2, 0}), floats({0})}};
  wanted.output_count = 3;
  const auto outputs = run_operator(wanted);
  REQUIRE(outputs.is_ok());
  for (const size_t statistic : {1, 2}) {
    CHECK((*outputs)[statistic].shape() == std::vector<int64_t>{1, 2, 1});
    for (const float value : (*outputs)[statistic].span<float>()) CHECK(std::isnan(value));
  }
}

TEST_CASE("EmbedLayerNormalization refuses ids without a row and tables of another hidden size", "[cpu_ref]") {
  const auto ids = [](int32_t last) { return make_tensor<int32_t>({1, 2}, {0, last}); };
  const host::Tensor none, words = floats({4, 8}), places = floats({2, 8}), kinds = floats({2, 8}), row = floats({8});
  const auto error = [](std::vector<host::Tensor> inputs) {
    return error_of("EmbedLayerNormalization", std::move(inputs));
  };
  CHECK(error({ids(3), ids(1), words, places, kinds, row, row}) == "no error");
  CHECK_THAT(error({ids(4), none, words, places, none, row, row}),
             Contains("input_ids of token 1 is 4, expected 0 to 3"));
  CHECK_THAT(error({ids(-1), none, words, places, none, row, row}), Contains("is -1, expected 0 to 3"));
  CHECK_THAT(error({ids(1), ids(2), words, places, kinds, row, row}), Contains("segment_ids of token 1 is 2"));
  CHECK_THAT(error({ids(1), none, words, floats({1, 8}), none, row, row}), Contains("the position of token 1 is 1"));
  CHECK_THAT(error({ids(1), ids(1), words, places, none, row, row}), Contains("segment_embedding"));
  CHECK_THAT(error({ids(1), none, words, floats({2, 7}), none, row, row}),
             Contains("position_embedding has shape 2x7"));
  CHECK_THAT(error({ids(1), none, words, places, none, floats({7}), row}), Contains("gamma has shape 7"));
  CHECK_THAT(error({ids(1), none, words, places, none, row, row, make_tensor<int32_t>({2}, {1, 1})}),
             Contains("mask has shape 2, expected 1x2"));
}

TEST_CASE("ConvTransposeWithDynamicPads puts the odd element of SAME_UPPER at the end", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2}, {1, 2}), w = make_tensor<float>({1, 1, 2}, {3, 4});
  const auto outputs =
      run_operator({"com.microsoft:ConvTransposeWithDynamicPads", 18, {x, w}, {string_attr("auto_pad", "SAME_UPPER")}});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->front().span<float>()[0] == 3);
  CHECK(outputs->front().span<float>()[1] == 10);
}

TEST_CASE("MoE has no need of a limit that its activation does not use", "[cpu_ref]") {
  const auto run = [](const char* activation, int64_t outputs) {
    return error_of(
        "MoE", {floats({1, 2}), floats({1, 1}), floats({1, outputs, 2}), {}, floats({1, 2, 2})},
        {string_attr("activation_type", activation), float_attr("swiglu_limit", -1), int_attr("swiglu_fusion", 1)});
  };
  CHECK(run("silu", 2) == "no error");
  CHECK_THAT(run("swiglu", 4), Contains("swiglu_limit is -1"));
}

TEST_CASE("QMoE refuses weights in the layout of a device", "[cpu_ref]") {
  const auto codes = make_tensor<uint8_t>({1, 2, 2}, std::vector<uint8_t>(4));
  const auto run = [&](int64_t layout) {
    return error_of(
        "QMoE", {floats({1, 2}), floats({1, 1}), codes, floats({1, 2}), {}, codes, floats({1, 2})},
        {string_attr("quant_type", "int"), int_attr("expert_weight_bits", 8), int_attr("weights_prepacked", layout)});
  };
  CHECK(run(-1) == "no error");
  CHECK(run(0) == "no error");
  CHECK_THAT(run(1), Contains("weights_prepacked is 1") && Contains("weights_prepacked=0"));
}

TEST_CASE("fused operators refuse unknown activations and operands that do not fit", "[cpu_ref]") {
  const auto x = floats({1, 2, 4, 4}), w = floats({3, 2, 3, 3}), m = floats({3, 4});
  CHECK_THAT(error_of("FusedConv", {x, w}, {string_attr("activation", "Cos")}),
             Contains("activation is 'Cos'") && Contains("Relu"));
  CHECK_THAT(error_of("FusedConv", {x, w}, {string_attr("activation", "Clip")}),
             Contains("Clip has 0 parameters, expected 2"));
  CHECK_THAT(error_of("FusedConv", {x, w, host::Tensor(), floats({1, 3, 2, 1})}, {string_attr("activation", "Relu")}),
             Contains("Z has shape 1x3x2x1, expected 1x3x2x2"));
  CHECK_THAT(error_of("FusedGemm", {m, m}, {string_attr("activation", "Relu")}), Contains("columns of A (4)"));
  CHECK_THAT(error_of("FusedGemm", {m, m}, {string_attr("activation", "Elu")}), Contains("Elu has 0 parameters"));
  CHECK_THAT(error_of("FusedMatMul", {m, m}, {int_attr("transA", 1), int_attr("transB", 1)}),
             Contains("columns of A (3)") && Contains("rows of B (4)"));
  CHECK_THAT(error_of("BiasGelu", {m, floats({3})}), Contains("bias has shape 3, expected 4"));
  CHECK_THAT(error_of("FastGelu", {m, floats({4, 1})}), Contains("bias has shape 4x1, expected 4"));
  CHECK(error_of("BiasGelu", {floats({2, 0}), floats({0})}) == "no error");
}

TEST_CASE("FusedMatMul of operands without elements is empty or zero", "[cpu_ref]") {
  const std::vector<host::Attribute> turned = {int_attr("transA", 1), int_attr("transBatchB", 1)};
  const auto zeros =
      run_operator({"com.microsoft:FusedMatMul", 18, {floats({2, 0, 3}), floats({0, 2, 4})}, turned, 1, true});
  REQUIRE(zeros.is_ok());
  CHECK(zeros->front().shape() == std::vector<int64_t>{2, 3, 4});
  CHECK(zeros->front().span<float>()[23] == 0);
}
