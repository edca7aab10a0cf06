#include <catch2/catch.hpp>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;

namespace {

const float kEpsilon = 0;

std::vector<host::Tensor> batch_inputs(host::Tensor x, int64_t features) {
  const std::vector<int64_t> shape{features};
  const Floats ones(static_cast<size_t>(features), 1), zeros(static_cast<size_t>(features), 0);
  return {std::move(x), make_tensor<float>(shape, ones), make_tensor<float>(shape, zeros),
          make_tensor<float>(shape, zeros), make_tensor<float>(shape, ones)};
}

}  // namespace

TEST_CASE("BatchNormalization with one output takes the running statistics, whatever its opset", "[cpu_ref]") {
  const auto x = make_tensor<float>({2, 1}, Floats{1, 3});
  for (int64_t opset : {7, 9, 14, 15})
    CHECK(first_output<float>({"BatchNormalization", opset, batch_inputs(x, 1), {float_attr("epsilon", kEpsilon)}}) ==
          Floats{1, 3});
}

TEST_CASE("BatchNormalization that trains takes the batch's statistics and moves the running ones", "[cpu_ref]") {
  const auto x = make_tensor<float>({2, 1}, Floats{1, 3});
  const auto outputs =
      run_operator({"BatchNormalization",
                    15,
                    batch_inputs(x, 1),
                    {float_attr("epsilon", kEpsilon), int_attr("training_mode", 1), float_attr("momentum", 0.5f)},
                    3});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).span<float>()[0] == -1);
  CHECK(outputs->at(0).span<float>()[1] == 1);
  CHECK(outputs->at(1).span<float>()[0] == 1);  // 0 * 0.5 + 2 * 0.5
  CHECK(outputs->at(2).span<float>()[0] == 1);  // 1 * 0.5 + 1 * 0.5
}

TEST_CASE("BatchNormalization has one output, or all where it trains", "[cpu_ref]") {
  const auto x = make_tensor<float>({2, 1}, Floats{1, 3});
  const auto runs = [&](int64_t opset, int64_t training, size_t outputs) {
    std::vector<host::Attribute> attributes = {float_attr("epsilon", kEpsilon)};
    if (opset >= 14) attributes.push_back(int_attr("training_mode", training));
    return run_operator({"BatchNormalization", opset, batch_inputs(x, 1), attributes, outputs}).is_ok();
  };
  CHECK(runs(9, 0, 5));
  CHECK(runs(15, 1, 3));
  for (const size_t outputs : {2, 3, 4}) CHECK_FALSE(runs(9, 0, outputs));
  for (const size_t outputs : {1, 2}) CHECK_FALSE(runs(15, 1, outputs));
  CHECK_FALSE(runs(15, 0, 3));
}

TEST_CASE("BatchNormalization trains on no channels, and on channels that have elements", "[cpu_ref]") {
  const auto outputs = [](std::vector<int64_t> shape) {
    const int64_t channels = shape[1];
    return run_operator({"BatchNormalization",
                         15,
                         batch_inputs(make_tensor<float>(std::move(shape), Floats{}), channels),
                         {float_attr("epsilon", kEpsilon), int_attr("training_mode", 1), float_attr("momentum", 0.5f)},
                         3});
  };
  const auto of_no_channels = outputs({2, 0, 3});
  REQUIRE(of_no_channels.status().message() == "");
  CHECK(of_no_channels->at(0).shape() == std::vector<int64_t>{2, 0, 3});
  CHECK(of_no_channels->at(1).shape() == std::vector<int64_t>{0});
  CHECK_FALSE(outputs({0, 2, 3}).is_ok());
  CHECK_FALSE(outputs({2, 2, 0}).is_ok());
}

TEST_CASE("BatchNormalization before opset 9 can have statistics for every element", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2}, Floats{1, 5});
  const auto ones = make_tensor<float>({1, 2}, Floats{1, 1}), zeros = make_tensor<float>({1, 2}, Floats{0, 0});
  const auto mean = make_tensor<float>({1, 2}, Floats{1, 2});
  CHECK(first_output<float>({"BatchNormalization",
                             7,
                             {x, ones, zeros, mean, ones},
                             {float_attr("epsilon", kEpsilon), int_attr("spatial", 0)}}) == Floats{0, 3});
}

TEST_CASE("BatchNormalization refuses a scale of another number of channels", "[cpu_ref]") {
  const auto outputs =
      run_operator({"BatchNormalization", 15, batch_inputs(make_tensor<float>({1, 3}, Floats{1, 2, 3}), 2)});
  CHECK_FALSE(outputs.is_ok());
}

TEST_CASE("GroupNormalization has one mean per group and one scale per channel", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2, 2}, Floats{-1, 1, -1, 1});
  const auto scale = make_tensor<float>({2}, Floats{2, 3}), bias = make_tensor<float>({2}, Floats{0, 0});
  CHECK(
      first_output<float>(
          {"GroupNormalization", 21, {x, scale, bias}, {int_attr("num_groups", 1), float_attr("epsilon", kEpsilon)}}) ==
      Floats{-2, 2, -3, 3});
}

TEST_CASE("GroupNormalization of opset 18 has one scale per group, or one per channel as exporters wrote",
          "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 4, 2}, Floats{-1, 1, -1, 1, -2, 2, -2, 2});
  const auto output = [&](int opset, int64_t count, const Floats& scale, const Floats& bias) {
    return run_operator({"GroupNormalization",
                         opset,
                         {x, make_tensor<float>({count}, scale), make_tensor<float>({count}, bias)},
                         {int_attr("num_groups", 2), float_attr("epsilon", kEpsilon)}});
  };
  const auto values = [](const auto& outputs) {
    REQUIRE(outputs.status().message() == "");
    const auto span = (*outputs)[0].template span<float>();
    return Floats(span.begin(), span.end());
  };
  CHECK(values(output(18, 2, {2, 3}, {0, 1})) == Floats{-2, 2, -2, 2, -2, 4, -2, 4});
  CHECK(values(output(20, 4, {2, 3, 4, 5}, {0, 0, 1, 0})) == Floats{-2, 2, -3, 3, -3, 5, -5, 5});
  CHECK_FALSE(output(18, 3, {1, 1, 1}, {0, 0, 0}).is_ok());
  CHECK_FALSE(output(21, 2, {2, 3}, {0, 1}).is_ok());
}

TEST_CASE("InstanceNormalization takes scale and bias as lists", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2}, {1, 3});
  const auto list = make_tensor<float>({1}, {1}), scalar = make_tensor<float>({}, {1});
  CHECK(run_operator({"InstanceNormalization", 6, {x, list, list}}).is_ok());
  CHECK_FALSE(run_operator({"InstanceNormalization", 6, {x, scalar, list}}).is_ok());
}

TEST_CASE("LRN of an even size reaches one channel further up than down", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 3, 1}, Floats{1, 2, 3});
  const auto y = first_output<float>(
      {"LRN", 13, {x}, {int_attr("size", 2), float_attr("alpha", 2), float_attr("beta", 1), float_attr("bias", 0)}});
  CHECK(y[0] == Approx(1.0 / 5));
  CHECK(y[1] == Approx(2.0 / 13));
  CHECK(y[2] == Approx(3.0 / 9));
}

TEST_CASE("integers are refused by a normalization of floats, whatever opset the model imports", "[cpu_ref]") {
  const host::Tensor x = tensor_of_bytes(TN_INT8, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const host::Tensor scale = tensor_of_bytes(TN_INT8, {4}, {1, 1, 1, 1});
  for (const int64_t opset : {1, 10, 16, 17, 21}) {
    const auto outputs = run_operator({"LayerNormalization", opset, {x, scale}});
    CHECK_FALSE(outputs.is_ok());
    CHECK_THAT(outputs.status().message(), Catch::Contains("int8"));
  }
}

TEST_CASE("LayerNormalization runs in models of opsets below its own", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2}, {1, 3});
  const auto scale = make_tensor<float>({2}, {1, 2});
  CHECK(first_output<float>({"LayerNormalization", 10, {x, scale}}) ==
        first_output<float>({"LayerNormalization", 17, {x, scale}}));
}
