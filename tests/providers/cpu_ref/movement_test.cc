#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Bytes = std::vector<uint8_t>;

namespace {

host::Tensor ints(const Ints& values) {
  return make_tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

host::Tensor six() {
  return make_tensor<float>({2, 3}, Floats{1, 2, 3, 4, 5, 6});
}

host::Tensor first_of(const OperatorRun& wanted) {
  auto outputs = run_operator(wanted);
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  return outputs->front();
}

Bytes bytes_of(const host::Tensor& t) {
  const uint8_t* data = static_cast<const uint8_t*>(t.data());
  return Bytes(data, data + t.byte_length());
}

std::vector<std::string> texts(const host::Tensor& t) {
  std::vector<std::string> all;
  for (int64_t i = 0; i < t.element_count(); ++i) all.emplace_back(t.string_at(i));
  return all;
}

}  // namespace

TEST_CASE("Transpose moves 4-bit elements between nibbles", "[cpu_ref]") {
  const auto x = tensor_of_bytes(TN_INT4, {2, 3}, {0x21, 0x43, 0x65});  // 1 2 3 / 4 5 6
  CHECK(bytes_of(first_of({"Transpose", 21, {x}})) == Bytes{0x41, 0x52, 0x63});
}

TEST_CASE("Transpose leaves no stray bits after an odd number of 4-bit elements", "[cpu_ref]") {
  const auto x = tensor_of_bytes(TN_UINT4, {3, 1}, {0x21, 0x03});
  CHECK(bytes_of(first_of({"Transpose", 21, {x}})) == Bytes{0x21, 0x03});
}

TEST_CASE("Transpose moves strings", "[cpu_ref]") {
  const auto x = tensor_of_strings({2, 2}, {"a", "", "a longer text that no small buffer holds", "d"});
  CHECK(texts(first_of({"Transpose", 13, {x}})) ==
        std::vector<std::string>{"a", "a longer text that no small buffer holds", "", "d"});
}

TEST_CASE("Transpose refuses a perm that names an axis twice", "[cpu_ref]") {
  CHECK_FALSE(run_operator({"Transpose", 13, {six()}, {ints_attr("perm", {0, 0})}}).is_ok());
}

TEST_CASE("Reshape of opset 1 takes its shape from an attribute", "[cpu_ref]") {
  CHECK(first_of({"Reshape", 1, {six()}, {ints_attr("shape", {3, -1})}}).shape() == Ints{3, 2});
}

TEST_CASE("Reshape of opset 1 without a shape is refused", "[cpu_ref]") {
  CHECK_FALSE(run_operator({"Reshape", 1, {make_tensor<float>({1}, Floats{1})}}).is_ok());
}

TEST_CASE("Reshape keeps a dimension for 0, or makes it 0 with allowzero", "[cpu_ref]") {
  CHECK(first_of({"Reshape", 13, {six(), ints({0, 1, -1})}}).shape() == Ints{2, 1, 3});
  const auto none = make_tensor<float>({0, 3}, Floats{});
  CHECK(first_of({"Reshape", 14, {none, ints({5, 0})}, {int_attr("allowzero", 1)}}).shape() == Ints{5, 0});
}

TEST_CASE("Reshape to another number of elements names both", "[cpu_ref]") {
  const auto outputs = run_operator({"Reshape", 14, {six(), ints({4, 2})}});
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Contains("8") && Contains("6"));
}

TEST_CASE("Reshape to dimensions whose product overflows is refused", "[cpu_ref]") {
  const int64_t half = int64_t(1) << 32;
  CHECK_FALSE(run_operator({"Reshape", 14, {six(), ints({half, half, 6})}}).is_ok());
}

TEST_CASE("Squeeze and Unsqueeze before opset 13 take axes from attributes", "[cpu_ref]") {
  CHECK(first_of({"Unsqueeze", 11, {six()}, {ints_attr("axes", {0, -1})}}).shape() == Ints{1, 2, 3, 1});
  const auto x = make_tensor<float>({1, 2, 1}, Floats{1, 2});
  CHECK(first_of({"Squeeze", 11, {x}, {ints_attr("axes", {-1})}}).shape() == Ints{1, 2});
  CHECK(first_of({"Squeeze", 1, {x}}).shape() == Ints{2});
  CHECK_FALSE(run_operator({"Squeeze", 13, {x, ints({1})}}).is_ok());
}

TEST_CASE("Concat of opset 1 joins along axis 1 when it is left out", "[cpu_ref]") {
  CHECK(first_of({"Concat", 1, {six(), six()}}).shape() == Ints{2, 6});
}

TEST_CASE("Concat refuses inputs that differ elsewhere than in its axis", "[cpu_ref]") {
  const auto other = make_tensor<float>({1, 2}, Floats{1, 2});
  CHECK_FALSE(run_operator({"Concat", 13, {six(), other}, {int_attr("axis", 0)}}).is_ok());
}

TEST_CASE("Slice of opset 1 takes its bounds from attributes", "[cpu_ref]") {
  CHECK(first_output<float>(
            {"Slice", 1, {six()}, {ints_attr("starts", {-2}), ints_attr("ends", {1000}), ints_attr("axes", {1})}}) ==
        Floats{2, 3, 5, 6});
}

TEST_CASE("Slice clamps its bounds and walks backwards", "[cpu_ref]") {
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  CHECK(first_output<float>({"Slice", 13, {six(), ints({most}), ints({least}), ints({1}), ints({-1})}}) ==
        Floats{3, 2, 1, 6, 5, 4});
  CHECK(first_output<float>({"Slice", 13, {six(), ints({0}), ints({most}), ints({1}), ints({most})}}) == Floats{1, 4});
  CHECK(first_output<float>({"Slice", 13, {six(), ints({most}), ints({least}), ints({1}), ints({least})}}) ==
        Floats{3, 6});
  CHECK(first_output<float>({"Slice", 13, {six(), ints({2}), ints({1}), ints({1})}}).empty());
  CHECK_FALSE(run_operator({"Slice", 13, {six(), ints({0}), ints({1}), ints({1}), ints({0})}}).is_ok());
}

TEST_CASE("Gather counts negative indices from the end", "[cpu_ref]") {
  CHECK(first_output<float>({"Gather", 13, {six(), ints({-1})}, {int_attr("axis", 1)}}) == Floats{3, 6});
}

TEST_CASE("an index out of range names index, axis and size", "[cpu_ref]") {
  const auto gather = run_operator({"Gather", 13, {six(), ints({3})}, {int_attr("axis", 1)}});
  REQUIRE_FALSE(gather.is_ok());
  CHECK(gather.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(gather.status().message(), Contains("index 3") && Contains("axis 1") && Contains("size 3"));
  const auto tuple = make_tensor<int64_t>({1, 2}, Ints{0, -4});
  const auto gather_nd = run_operator({"GatherND", 13, {six(), tuple}});
  REQUIRE_FALSE(gather_nd.is_ok());
  CHECK_THAT(gather_nd.status().message(), Contains("index -4") && Contains("axis 1") && Contains("size 3"));
  const auto update = make_tensor<float>({1}, Floats{0});
  CHECK_FALSE(run_operator({"ScatterND", 18, {six(), tuple, update}}).is_ok());
  const auto far = make_tensor<int64_t>({1, 1}, Ints{std::numeric_limits<int64_t>::min()});
  CHECK_FALSE(run_operator({"GatherElements", 13, {six(), far}}).is_ok());
  CHECK_FALSE(run_operator({"ScatterElements", 18, {six(), far, make_tensor<float>({1, 1}, Floats{0})}}).is_ok());
}

TEST_CASE("Scatter before opset 11 is ScatterElements", "[cpu_ref]") {
  const auto indices = make_tensor<int64_t>({1, 1}, Ints{1});
  CHECK(first_output<float>({"Scatter", 9, {six(), indices, make_tensor<float>({1, 1}, Floats{9})}}) ==
        Floats{1, 2, 3, 9, 5, 6});
}

TEST_CASE("Split takes its sizes from an attribute, an input, or equal parts", "[cpu_ref]") {
  const std::vector<host::Attribute> axis = {int_attr("axis", 1)};
  auto outputs = run_operator({"Split", 11, {six()}, {int_attr("axis", 1), ints_attr("split", {1, 2})}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(1).shape() == Ints{2, 2});
  outputs = run_operator({"Split", 13, {six(), ints({3, 0})}, axis, 2});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(1).shape() == Ints{2, 0});
  outputs = run_operator({"Split", 18, {six()}, {int_attr("axis", 1), int_attr("num_outputs", 2)}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).shape() == Ints{2, 2});
  CHECK(outputs->at(1).shape() == Ints{2, 1});
  CHECK_FALSE(run_operator({"Split", 13, {six()}, axis, 2}).is_ok());
}

TEST_CASE("Pad before opset 11 takes pads and value from attributes", "[cpu_ref]") {
  CHECK(first_output<float>({"Pad", 2, {six()}, {ints_attr("pads", {0, 1, 0, -1}), float_attr("value", 7)}}) ==
        Floats{7, 1, 2, 7, 4, 5});
  CHECK(first_output<float>({"Pad", 1, {six()}, {ints_attr("paddings", {0, 0, -1, 1})}}) == Floats{1, 2, 3, 0});
}

TEST_CASE("Pad reflects more than once when pads are longer than the data", "[cpu_ref]") {
  const auto x = make_tensor<float>({3}, Floats{1, 2, 3});
  CHECK(first_output<float>({"Pad", 13, {x, ints({5, 0})}, {string_attr("mode", "reflect")}}) ==
        Floats{2, 1, 2, 3, 2, 1, 2, 3});
}

TEST_CASE("Pad takes one value for the constant, also where it needs none", "[cpu_ref]") {
  const auto none = make_tensor<float>({0}, Floats{});
  CHECK(run_operator({"Pad", 13, {none, ints({0, 0}), make_tensor<float>({}, Floats{1})}}).is_ok());
  CHECK_FALSE(run_operator({"Pad", 13, {none, ints({0, 0}), none}}).is_ok());
}

TEST_CASE("Tile of opset 1 repeats along one axis", "[cpu_ref]") {
  const auto scalar = [](float v) { return make_tensor<float>({}, Floats{v}); };
  CHECK(first_of({"Tile", 1, {six(), scalar(2), scalar(1)}}).shape() == Ints{2, 6});
}

TEST_CASE("Constant takes any of its attributes", "[cpu_ref]") {
  CHECK(first_output<int64_t>({"Constant", 13, {}, {ints_attr("value_ints", {4, 5})}}) == Ints{4, 5});
  CHECK(first_output<float>({"Constant", 13, {}, {float_attr("value_float", 2.5f)}}) == Floats{2.5f});
  CHECK(texts(first_of({"Constant", 13, {}, {string_attr("value_string", "text")}})) ==
        std::vector<std::string>{"text"});
}

TEST_CASE("ConstantOfShape fills packed types", "[cpu_ref]") {
  const auto value = tensor_of_bytes(TN_UINT4, {1}, {0x07});
  CHECK(bytes_of(first_of({"ConstantOfShape", 21, {ints({3})}, {tensor_attr("value", value)}})) == Bytes{0x77, 0x07});
}

TEST_CASE("Shape takes a clamped range of dimensions", "[cpu_ref]") {
  CHECK(first_output<int64_t>({"Shape", 15, {six()}, {int_attr("start", -1), int_attr("end", 99)}}) == Ints{3});
  CHECK(first_output<int64_t>({"Shape", 15, {six()}, {int_attr("start", 2), int_attr("end", 1)}}).empty());
}
