// Losses: labels that are ignored, and those that there are not. Optimizers: what belongs together. Values are the node
// tests'.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

OperatorRun loss(std::vector<int64_t> labels, std::vector<host::Attribute> attributes) {
  return {"SoftmaxCrossEntropyLoss",
          13,
          {make_tensor<float>({2, 2}, {0, 0, 1000, -1000}), make_tensor<int64_t>({2}, labels)},
          std::move(attributes),
          1,
          true,
          {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

/// A step on tensors, gradients and momenta; the rate is 1.
OperatorRun momentum(std::vector<host::Tensor> tensors, std::string mode = "standard") {
  std::vector<host::Tensor> inputs = {make_tensor<float>({}, {1}), make_tensor<int64_t>({}, {1})};
  const size_t outputs = tensors.size() / 3 * 2;
  for (host::Tensor& t : tensors) inputs.push_back(std::move(t));
  return {"ai.onnx.preview.training:Momentum",
          17,
          std::move(inputs),
          {float_attr("alpha", 0.5f), float_attr("beta", 2), float_attr("norm_coefficient", 0),
           string_attr("mode", std::move(mode))},
          outputs,
          true,
          {}};
}

}  // namespace

TEST_CASE("an ignored label adds neither loss nor weight", "[cpu_ref]") {
  CHECK(first_output<float>(loss({0, -7}, {int_attr("ignore_index", -7)}))[0] == Approx(std::log(2.0)));
}

TEST_CASE("the loss of scores that are far apart is finite", "[cpu_ref]") {
  CHECK(first_output<float>(loss({0, 1}, {string_attr("reduction", "none")}))[1] == Approx(2000));
}

TEST_CASE("weights of classes are a list", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2}, {1, 3});
  const auto label = make_tensor<int64_t>({1}, {0});
  for (const char* op : {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}) {
    CHECK(run_operator({op, 13, {x, label, make_tensor<float>({2}, {1, 1})}}).is_ok());
    CHECK_FALSE(run_operator({op, 13, {x, label, make_tensor<float>({1, 2}, {1, 1})}}).is_ok());
  }
}

TEST_CASE("a label without a class is refused", "[cpu_ref]") {
  CHECK_THAT(error_of(loss({0, 2}, {})), Contains("a label is 2, expected 0 to 1"));
  CHECK_THAT(error_of(loss({0, -7}, {})), Contains("a label is -7"));
  CHECK_THAT(error_of(loss({0, 1}, {string_attr("reduction", "most")})), Contains("reduction is 'most'"));
}

TEST_CASE("tensors of different types and shapes are optimized side by side", "[cpu_ref]") {
  const auto outputs = run_operator(
      momentum({make_tensor<float>({2}, {1, 2}), make_tensor<double>({}, {5}), make_tensor<float>({2}, {1, 1}),
                make_tensor<double>({}, {2}), make_tensor<float>({2}, {0, 4}), make_tensor<double>({}, {2})}));
  REQUIRE(outputs.is_ok());
  CHECK((*outputs)[0].span<float>()[1] == -2);
  CHECK((*outputs)[1].span<double>()[0] == 0);
  CHECK((*outputs)[2].span<float>()[0] == 2);
  CHECK((*outputs)[3].span<double>()[0] == 5);
}

TEST_CASE("an optimizer says what does not belong together", "[cpu_ref]") {
  const auto x = make_tensor<float>({2}, {1, 2});
  CHECK_THAT(error_of(momentum({x, make_tensor<float>({1}, {1}), x})),
             Contains("input 3 is float of shape 1, expected float of 2"));
  CHECK_THAT(error_of(momentum({x, x, make_tensor<double>({2}, {1, 1})})), Contains("input 4 is double"));
  CHECK_THAT(error_of(momentum({x, x, x, x})), Contains("4 inputs follow R and T, expected a multiple of 3"));
  CHECK_THAT(error_of(momentum({x, x, x}, "other")), Contains("mode is 'other'"));
}
