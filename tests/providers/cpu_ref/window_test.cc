#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

namespace {

host::Tensor line(const Floats& values) {
  return make_tensor<float>({1, 1, static_cast<int64_t>(values.size())}, values);
}

}  // namespace

TEST_CASE("Conv pads one more at the end for SAME_UPPER and at the begin for SAME_LOWER", "[cpu_ref]") {
  const auto w = line({1, 1});
  CHECK(first_output<float>({"Conv", 11, {line({1, 2, 3}), w}, {string_attr("auto_pad", "SAME_UPPER")}}) ==
        Floats{3, 5, 3});
  CHECK(first_output<float>({"Conv", 1, {line({1, 2, 3}), w}, {string_attr("auto_pad", "SAME_LOWER")}}) ==
        Floats{1, 3, 5});
}

TEST_CASE("a convolution is padded by one attribute, a pooling by auto_pad where it has both", "[cpu_ref]") {
  const std::vector<host::Attribute> both = {string_attr("auto_pad", "VALID"), ints_attr("pads", {1, 1})};
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true})
      CHECK_FALSE(run_operator({"Conv", 11, {line({1, 2, 3}), line({1, 1})}, both, 1, hidden}, provider).is_ok());
  CHECK_FALSE(run_operator({"ConvTranspose", 11, {line({1, 2, 3}), line({1, 1})}, both}).is_ok());
  std::vector<host::Attribute> pooling = both;
  pooling.push_back(ints_attr("kernel_shape", {2}));
  CHECK(first_output<float>({"MaxPool", 11, {line({1, 2, 3})}, pooling}) == Floats{2, 3});
}

TEST_CASE("Conv of groups reads the channels of its own group only", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2, 2}, Floats{1, 2, 10, 20});
  const auto w = make_tensor<float>({2, 1, 1}, Floats{1, 2});
  const auto b = make_tensor<float>({2}, Floats{0.5f, 0});
  CHECK(first_output<float>({"Conv", 11, {x, w, b}, {int_attr("group", 2)}}) == Floats{1.5f, 2.5f, 20, 40});
}

TEST_CASE("MaxPool drops a last window of ceil_mode that starts in the padding", "[cpu_ref]") {
  const auto y = first_output<float>({"MaxPool",
                                      12,
                                      {line({1, 2, 3})},
                                      {ints_attr("kernel_shape", {1}), ints_attr("strides", {2}),
                                       ints_attr("pads", {0, 1}), int_attr("ceil_mode", 1)}});
  CHECK(y == Floats{1, 3});
}

TEST_CASE("a pool of ceil_mode has no window that starts in the padding, not those that fit either", "[cpu_ref]") {
  const std::vector<host::Attribute> attributes = {ints_attr("kernel_shape", {2}), ints_attr("pads", {0, 3}),
                                                   int_attr("ceil_mode", 1)};
  CHECK(first_output<float>({"AveragePool", 22, {line({1, 2, 3})}, attributes}) == Floats{1.5f, 2.5f, 3});
  CHECK(first_output<float>({"MaxPool", 22, {line({1, 2, 3})}, attributes}) == Floats{2, 3, 3});
}

TEST_CASE("MaxPool counts positions over all channels, columns first if asked", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2, 2, 2}, Floats{0, 9, 0, 0, 0, 0, 9, 0});
  std::vector<host::Attribute> attributes = {ints_attr("kernel_shape", {2, 2})};
  auto outputs = run_operator({"MaxPool", 8, {x}, attributes, 2});
  REQUIRE(outputs.is_ok());
  CHECK(Ints(outputs->at(1).span<int64_t>().begin(), outputs->at(1).span<int64_t>().end()) == Ints{1, 6});
  attributes.push_back(int_attr("storage_order", 1));
  outputs = run_operator({"MaxPool", 12, {x}, attributes, 2});
  REQUIRE(outputs.is_ok());
  CHECK(Ints(outputs->at(1).span<int64_t>().begin(), outputs->at(1).span<int64_t>().end()) == Ints{2, 5});
}

TEST_CASE("the Indices of MaxPool name the first NaN of a window that has one", "[cpu_ref]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto outputs = run_operator({"MaxPool", 8, {line({1, nan, nan, 3, 2})}, {ints_attr("kernel_shape", {3})}, 2});
  REQUIRE(outputs.is_ok());
  CHECK(Ints(outputs->at(1).span<int64_t>().begin(), outputs->at(1).span<int64_t>().end()) == Ints{1, 1, 2});
}

TEST_CASE("MaxPool takes 8-bit integers", "[cpu_ref]") {
  const auto x = make_tensor<int8_t>({1, 1, 3}, std::vector<int8_t>{-128, -5, -7});
  CHECK(first_output<int8_t>({"MaxPool", 12, {x}, {ints_attr("kernel_shape", {2})}}) == std::vector<int8_t>{-5, -5});
}

TEST_CASE("AveragePool counts padding only when told to", "[cpu_ref]") {
  std::vector<host::Attribute> attributes = {ints_attr("kernel_shape", {2}), ints_attr("pads", {1, 0})};
  CHECK(first_output<float>({"AveragePool", 1, {line({4, 8})}, attributes}) == Floats{4, 6});
  attributes.push_back(int_attr("count_include_pad", 1));
  CHECK(first_output<float>({"AveragePool", 7, {line({4, 8})}, attributes}) == Floats{2, 6});
}

TEST_CASE("AveragePool never counts what ceil_mode covers past the padding", "[cpu_ref]") {
  CHECK(first_output<float>({"AveragePool",
                             19,
                             {line({1, 2, 6})},
                             {ints_attr("kernel_shape", {2}), ints_attr("strides", {2}), int_attr("ceil_mode", 1),
                              int_attr("count_include_pad", 1)}}) == Floats{1.5f, 6});
}

TEST_CASE("LpPool and GlobalLpPool of opset 1 take p as a float", "[cpu_ref]") {
  CHECK(first_output<float>({"GlobalLpPool", 1, {line({3, -4})}, {float_attr("p", 2)}}) == Floats{5});
  CHECK(first_output<float>({"LpPool", 1, {line({3, -4})}, {ints_attr("kernel_shape", {2}), float_attr("p", 1)}})[0] ==
        Approx(7));
}

TEST_CASE("ConvTranspose splits generated padding by the rule of its opset", "[cpu_ref]") {
  const auto w = line({1, 2, 3, 4});
  const std::vector<host::Attribute> attributes = {ints_attr("output_shape", {3})};
  CHECK(first_output<float>({"ConvTranspose", 11, {line({1}), w}, attributes}) == Floats{2, 3, 4});
  CHECK(first_output<float>({"ConvTranspose", 1, {line({1}), w}, attributes}) == Floats{1, 2, 3});
}

TEST_CASE("Resize needs scales or sizes, also where it resizes no axis", "[cpu_ref]") {
  const auto scalar = make_tensor<float>({}, Floats{3}), none = make_tensor<float>({0}, Floats{});
  CHECK(first_output<float>({"Resize", 13, {scalar, none, none}}) == Floats{3});
  CHECK_FALSE(run_operator({"Resize", 13, {scalar, none}}).is_ok());
  CHECK_FALSE(run_operator({"Resize", 18, {line({1, 2})}, {ints_attr("axes", {})}}).is_ok());
}

TEST_CASE("interpolation of two axes is called bilinear in opset 1 alone", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 1, 2}, Floats{1, 2});
  const std::vector<host::Attribute> scales = {float_attr("height_scale", 1), float_attr("width_scale", 1)};
  for (const char* mode : {"bilinear", "linear"}) {
    auto attributes = scales;
    attributes.push_back(string_attr("mode", mode));
    CHECK(run_operator({"Upsample", 1, {x}, attributes}).is_ok() == (std::string(mode) == "bilinear"));
    const auto ones = make_tensor<float>({4}, Floats{1, 1, 1, 1});
    CHECK(run_operator({"Upsample", 9, {x, ones}, {attributes.back()}}).is_ok() == (std::string(mode) == "linear"));
  }
}

TEST_CASE("Col2Im takes the sizes of image and block from lists", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 4}, Floats{1, 2, 3, 4});
  const auto list = make_tensor<int64_t>({2}, {2, 2}), column = make_tensor<int64_t>({2, 1}, {2, 2});
  const auto ones = make_tensor<int64_t>({2}, {1, 1});
  CHECK(first_output<float>({"Col2Im", 18, {x, list, ones}}) == Floats{1, 2, 3, 4});
  CHECK_FALSE(run_operator({"Col2Im", 18, {x, column, ones}}).is_ok());
}

TEST_CASE("a kernel of astronomic size is refused instead of walked", "[cpu_ref]") {
  const int64_t huge = std::numeric_limits<int32_t>::max();
  const auto x = make_tensor<float>({1, 1, 1, 1}, Floats{1});
  const auto outputs = run_operator(
      {"MaxPool",
       12,
       {x},
       {ints_attr("kernel_shape", {huge, huge}), ints_attr("pads", {huge - 1, huge - 1, huge - 1, huge - 1})}});
  REQUIRE_FALSE(outputs.is_ok());
}

TEST_CASE("a kernel larger than its padded input is refused, naming both sizes", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2}, Floats{1, 2});
  GraphBuilder builder(18);
  builder.symbolic_input("x", TN_FLOAT, {{1, ""}, {1, ""}, {-1, "length"}});
  builder.node("LpPool", {"x"}, {"y"}, {ints_attr("kernel_shape", {5})});
  builder.output("y");
  host::SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  auto session = host::Session::open_model(builder.build(), options);
  REQUIRE(session.is_ok());
  const std::vector<host::NamedTensor> given = {{"x", x}};
  const auto outputs = (*session)->run(given);
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Contains("kernel is 5 wide") && Contains("the input has only 2"));
}

namespace {

/// One pixel of a 1 x 1 kernel on 1 2 / 3 4, moved by (down, right).
OperatorRun moved(float down, float right, std::vector<int64_t> offset_shape = {1, 2, 1, 1}) {
  return {"DeformConv",
          19,
          {make_tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4}), make_tensor<float>({1, 1, 1, 1}, {10}),
           make_tensor<float>(std::move(offset_shape), {down, right})},
          {ints_attr("strides", {2, 2})},
          1,
          true,
          {}};
}

}  // namespace

TEST_CASE("DeformConv reads between elements, and zeros outside of them", "[cpu_ref]") {
  CHECK(first_output<float>(moved(0.5f, 0.25f)) == Floats{22.5f});
  CHECK(first_output<float>(moved(-0.5f, 0)) == Floats{5});
  CHECK(first_output<float>(moved(1, 1.5f)) == Floats{20});
  for (const float far : {-1.0f, 2.0f, 1e30f, std::numeric_limits<float>::infinity(), std::nanf("")})
    CHECK(first_output<float>(moved(far, 0)) == Floats{0});
}

TEST_CASE("DeformConv says which shape its offsets must have", "[cpu_ref]") {
  const auto outputs = run_operator(moved(0, 0, {1, 1, 1, 2}));
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Contains("input offset has shape 1x1x1x2, expected 1x2x1x1"));
}
