#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;

namespace {

host::Tensor cube() {
  return make_tensor<float>({2, 2, 2}, Floats{1, 2, 3, 4, 5, 6, 7, 8});
}

const float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("ReduceSum before opset 13 takes its axes from an attribute", "[cpu_ref]") {
  CHECK(first_output<float>({"ReduceSum", 11, {cube()}, {ints_attr("axes", {0, -1}), int_attr("keepdims", 0)}}) ==
        Floats{14, 22});
}

TEST_CASE("ReduceMean before opset 18 takes its axes from an attribute", "[cpu_ref]") {
  CHECK(first_output<float>({"ReduceMean", 17, {cube()}, {ints_attr("axes", {1})}}) == Floats{2, 3, 6, 7});
}

TEST_CASE("reductions without axes reduce all, or nothing when told so", "[cpu_ref]") {
  CHECK(first_output<float>({"ReduceSumSquare", 18, {cube()}}) == Floats{204});
  CHECK(first_output<float>({"ReduceSumSquare", 18, {cube()}, {int_attr("noop_with_empty_axes", 1)}}) ==
        Floats{1, 4, 9, 16, 25, 36, 49, 64});
}

TEST_CASE("reductions over nothing give their neutral element", "[cpu_ref]") {
  const auto none = make_tensor<float>({2, 0}, Floats{});
  const auto axis = make_tensor<int64_t>({1}, std::vector<int64_t>{1});
  CHECK(first_output<float>({"ReduceSum", 13, {none, axis}}) == Floats{0, 0});
  CHECK(first_output<float>({"ReduceProd", 18, {none, axis}}) == Floats{1, 1});
  CHECK(first_output<float>({"ReduceMax", 18, {none, axis}}) == Floats{-kInfinity, -kInfinity});
  CHECK(first_output<float>({"ReduceMin", 18, {none, axis}}) == Floats{kInfinity, kInfinity});
}

TEST_CASE("ReduceLogSumExp does not overflow", "[cpu_ref]") {
  const auto x = make_tensor<float>({2}, Floats{1000, 1000});
  CHECK(first_output<float>({"ReduceLogSumExp", 18, {x}})[0] == Approx(1000 + std::log(2.0)));
}

TEST_CASE("ReduceMean of integers truncates", "[cpu_ref]") {
  const auto x = make_tensor<int32_t>({2}, std::vector<int32_t>{-2, -1});
  CHECK(first_output<int32_t>({"ReduceMean", 18, {x}}) == std::vector<int32_t>{-1});
}

TEST_CASE("an axis given twice is refused", "[cpu_ref]") {
  CHECK_FALSE(run_operator({"ReduceSum", 11, {cube()}, {ints_attr("axes", {1, -2})}}).is_ok());
}

TEST_CASE("ArgMax takes the first of equals unless told to take the last", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 3}, Floats{2, 5, 5});
  CHECK(first_output<int64_t>({"ArgMax", 11, {x}, {int_attr("axis", 1)}}) == std::vector<int64_t>{1});
  CHECK(first_output<int64_t>({"ArgMax", 13, {x}, {int_attr("axis", 1), int_attr("select_last_index", 1)}}) ==
        std::vector<int64_t>{2});
}

TEST_CASE("Softmax before opset 13 spans all axes from its axis on", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2, 2}, Floats{0, 0, 0, 0});
  CHECK(first_output<float>({"Softmax", 11, {x}}) == Floats{0.25f, 0.25f, 0.25f, 0.25f});
  CHECK(first_output<float>({"Softmax", 13, {x}}) == Floats{0.5f, 0.5f, 0.5f, 0.5f});
}

// Rounding the result alone would give 0x337b and 0x2c3f for the last two.
TEST_CASE("Softmax in float16 rounds each step of its function body", "[cpu_ref]") {
  const auto x = tensor_of_bytes(TN_FLOAT16, {1, 4}, {0xcd, 0x30, 0x00, 0x42, 0xd7, 0x3f, 0x9a, 0x39});
  const auto outputs = run_operator({"Softmax", 13, {x}});
  REQUIRE(outputs.is_ok());
  const auto* y = static_cast<const uint8_t*>(outputs->front().data());
  CHECK(std::vector<uint8_t>(y, y + 8) == std::vector<uint8_t>{0xe6, 0x28, 0x4b, 0x39, 0x7c, 0x33, 0x3e, 0x2c});
}

TEST_CASE("Softmax of long lanes in 16 bits neither stops summing nor overflows", "[cpu_ref]") {
  const auto bits_of_first = [](tn_dtype dtype, int64_t length) {
    const auto zeros = tensor_of_bytes(dtype, {1, length}, std::vector<uint8_t>(static_cast<size_t>(2 * length), 0));
    const auto outputs = run_operator({"Softmax", 13, {zeros}});
    if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
    return *static_cast<const uint16_t*>(outputs->front().data());
  };
  CHECK(bits_of_first(TN_BFLOAT16, 1024) == 0x3a80);   // 2^-10
  CHECK(bits_of_first(TN_FLOAT16, 131072) == 0x0080);  // 2^-17
}

TEST_CASE("Hardmax before opset 13 has one winner per row of the 2-D view", "[cpu_ref]") {
  CHECK(first_output<float>({"Hardmax", 11, {cube()}}) == Floats{0, 0, 0, 1, 0, 0, 0, 1});
}

TEST_CASE("Dropout passes its input on and its mask is true", "[cpu_ref]") {
  const auto outputs = run_operator({"Dropout", 10, {cube()}, {float_attr("ratio", 0.5f)}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).span<float>()[7] == 8);
  CHECK(outputs->at(1).dtype() == TN_BOOL);
  CHECK(outputs->at(1).span<bool>()[0]);
}

TEST_CASE("Dropout's mask has the type of the data before opset 10", "[cpu_ref]") {
  const auto outputs = run_operator({"Dropout", 7, {cube()}, {}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(1).dtype() == TN_FLOAT);
  CHECK(outputs->at(1).span<float>()[0] == 1);
}

TEST_CASE("Dropout before opset 7 that would train is refused with the mend", "[cpu_ref]") {
  const auto outputs = run_operator({"Dropout", 6, {cube()}});
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Catch::Contains("is_test=1"));
}
