#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

namespace {

host::Tensor floats(const Floats& values) {
  return make_tensor<float>({static_cast<int64_t>(values.size())}, values);
}

host::Tensor scalar(int64_t value) {
  return make_tensor<int64_t>({}, Ints{value});
}

Ints ints_of(const host::Tensor& t) {
  return Ints(t.span<int64_t>().begin(), t.span<int64_t>().end());
}

}  // namespace

TEST_CASE("TopK takes K from an attribute in opset 1 and an input from opset 10", "[cpu_ref]") {
  const auto x = floats({1, 3, 3, 2});
  auto outputs = run_operator({"TopK", 1, {x}, {int_attr("k", 2)}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(ints_of(outputs->at(1)) == Ints{1, 2});
  outputs = run_operator({"TopK", 10, {x, make_tensor<int64_t>({1}, Ints{1})}, {}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(ints_of(outputs->at(1)) == Ints{1});
  CHECK_FALSE(run_operator({"TopK", 11, {x, make_tensor<int64_t>({1}, Ints{5})}, {}, 2}).is_ok());
}

TEST_CASE("TopK counts NaN as the largest", "[cpu_ref]") {
  const auto x = floats({1, std::numeric_limits<float>::quiet_NaN(), 3});
  const auto outputs = run_operator({"TopK", 11, {x, make_tensor<int64_t>({1}, Ints{3})}, {}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(ints_of(outputs->at(1)) == Ints{1, 2, 0});
}

TEST_CASE("OneHot wraps negative indices from opset 11 only", "[cpu_ref]") {
  const auto indices = make_tensor<int64_t>({1}, Ints{-1});
  CHECK(first_output<float>({"OneHot", 11, {indices, scalar(3), floats({0, 1})}}) == Floats{0, 0, 1});
  CHECK(first_output<float>({"OneHot", 9, {indices, scalar(3), floats({0, 1})}}) == Floats{0, 0, 0});
}

TEST_CASE("Range of integers survives the extremes", "[cpu_ref]") {
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  CHECK(first_output<int64_t>({"Range", 11, {scalar(least), scalar(most), scalar(most)}}) == Ints{least, -1, most - 1});
  CHECK(first_output<int64_t>({"Range", 11, {scalar(most), scalar(least), scalar(least)}}) == Ints{most, -1});
  CHECK_FALSE(run_operator({"Range", 11, {scalar(0), scalar(1), scalar(0)}}).is_ok());
}

TEST_CASE("Unique orders by value or by appearance and counts", "[cpu_ref]") {
  const auto x = floats({2, 1, 2});
  auto outputs = run_operator({"Unique", 11, {x}, {}, 4});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).span<float>()[0] == 1);
  CHECK(ints_of(outputs->at(1)) == Ints{1, 0});
  CHECK(ints_of(outputs->at(2)) == Ints{1, 0, 1});
  CHECK(ints_of(outputs->at(3)) == Ints{1, 2});
  outputs = run_operator({"Unique", 11, {x}, {int_attr("sorted", 0)}, 4});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).span<float>()[0] == 2);
  CHECK(ints_of(outputs->at(2)) == Ints{0, 1, 0});
}

TEST_CASE("Compress refuses a condition that selects past the end", "[cpu_ref]") {
  const auto condition = make_tensor<bool>({3}, std::vector<bool>{false, false, true});
  CHECK_FALSE(run_operator({"Compress", 11, {floats({1, 2}), condition}}).is_ok());
  const auto shorter = make_tensor<bool>({1}, std::vector<bool>{true});
  CHECK(first_output<float>({"Compress", 11, {floats({1, 2}), shorter}}) == Floats{1});
}

TEST_CASE("ReverseSequence refuses axes that are not the first two", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2}, Floats{1, 2});
  const auto lengths = make_tensor<int64_t>({1}, Ints{2});
  std::vector<host::Attribute> attributes = {int_attr("batch_axis", 0), int_attr("time_axis", 1)};
  CHECK(first_output<float>({"ReverseSequence", 10, {x, lengths}, attributes}) == Floats{2, 1});
  attributes[1] = int_attr("time_axis", std::numeric_limits<int64_t>::max());
  CHECK_FALSE(run_operator({"ReverseSequence", 10, {x, lengths}, attributes}).is_ok());
}

TEST_CASE("MaxUnpool refuses a position outside its output", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 1}, Floats{1});
  const auto position = make_tensor<int64_t>({1, 1, 1}, Ints{2});
  CHECK_FALSE(run_operator({"MaxUnpool", 11, {x, position}, {ints_attr("kernel_shape", {2})}}).is_ok());
}

TEST_CASE("Upsample takes its scales from attributes before opset 9", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 1, 2}, Floats{1, 2});
  host::Attribute scales{"scales", std::vector<float>{1, 1, 1, 2}};
  CHECK(first_output<float>({"Upsample", 7, {x}, {scales}}) == Floats{1, 1, 2, 2});
  CHECK(first_output<float>({"Upsample", 1, {x}, {float_attr("height_scale", 1), float_attr("width_scale", 2)}}) ==
        Floats{1, 1, 2, 2});
}

TEST_CASE("Resize of opset 10 rounds up where it shrinks", "[cpu_ref]") {
  CHECK(first_output<float>({"Resize", 10, {floats({1, 2, 3, 4}), floats({0.6f})}}) == Floats{1, 3});
}

TEST_CASE("Resize finds the halves of scales that float only nears", "[cpu_ref]") {
  const auto y = first_output<float>({"Resize",
                                      13,
                                      {floats({0, 1, 2, 3, 4, 5, 6}), {}, floats({0.4f})},
                                      {string_attr("coordinate_transformation_mode", "asymmetric"),
                                       string_attr("nearest_mode", "round_prefer_ceil")}});
  CHECK(y == Floats{0, 3});
}

TEST_CASE("Resize refuses scales that are no positive numbers", "[cpu_ref]") {
  for (float scale : {0.0f, -1.0f, std::nanf(""), std::numeric_limits<float>::infinity()})
    CHECK_FALSE(run_operator({"Resize", 13, {floats({1, 2}), {}, floats({scale})}}).is_ok());
}

TEST_CASE("GridSample reads zeros for coordinates that are not numbers", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2, 2}, Floats{1, 2, 3, 4});
  const auto grid = make_tensor<float>({1, 1, 1, 2}, Floats{std::nanf(""), std::numeric_limits<float>::infinity()});
  CHECK(first_output<float>({"GridSample", 16, {x, grid}}) == Floats{0});
}

TEST_CASE("what has no weight in GridSample does not count, infinite as it may be", "[cpu_ref]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto x = make_tensor<float>({1, 1, 1, 3}, Floats{-kInfinity, 2, kInfinity});
  const auto grid = make_tensor<float>({1, 1, 2, 2}, Floats{0, 0, -kInfinity, 0});
  CHECK(first_output<float>(
            {"GridSample", 16, {x, grid}, {int_attr("align_corners", 1), string_attr("padding_mode", "border")}}) ==
        Floats{2, -kInfinity});
}

TEST_CASE("the two values of OneHot are a list", "[cpu_ref]") {
  const auto with = [](std::vector<int64_t> shape) {
    return run_operator({"OneHot",
                         11,
                         {make_tensor<int64_t>({1}, std::vector<int64_t>{1}), make_tensor<int64_t>({}, {2}),
                          make_tensor<float>(std::move(shape), Floats{0, 1})}});
  };
  CHECK(with({2}).is_ok());
  CHECK_FALSE(with({1, 2}).is_ok());
}

TEST_CASE("MatMulInteger takes a zero point per row and per column", "[cpu_ref]") {
  const auto a = make_tensor<uint8_t>({2, 1}, std::vector<uint8_t>{5, 5});
  const auto b = make_tensor<uint8_t>({1, 2}, std::vector<uint8_t>{10, 10});
  const auto za = make_tensor<uint8_t>({2}, std::vector<uint8_t>{0, 3});
  const auto zb = make_tensor<uint8_t>({2}, std::vector<uint8_t>{0, 9});
  CHECK(first_output<int32_t>({"MatMulInteger", 10, {a, b, za, zb}}) == std::vector<int32_t>{50, 5, 20, 2});
}

TEST_CASE("what Resize needs beside its output counts against the memory of the run", "[cpu_ref]") {
  constexpr int64_t kSize = int64_t{1} << 21;
  for (const char* mode : {"nearest", "linear"}) {
    CAPTURE(mode);
    GraphBuilder b(19);
    b.input("x", TN_UINT8, {4});
    b.constant<int64_t>("sizes", {1}, {kSize});
    b.node("Resize", {"x", "", "", "sizes"}, {"y"}, {string_attr("mode", mode)});
    b.output("y");
    host::SessionOptions options;
    options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
    options.run_memory_limit_bytes = 3 * kSize;
    auto session = host::Session::open_model(b.build(), options);
    REQUIRE(session.is_ok());
    const std::vector<host::NamedTensor> inputs{{"x", make_tensor<uint8_t>({4}, std::vector<uint8_t>{1, 2, 3, 4})}};
    CHECK((*session)->run(inputs).status().code() == TN_OUT_OF_MEMORY);
  }
}
