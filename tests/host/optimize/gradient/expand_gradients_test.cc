#include "host/optimize/gradient/expand_gradients.h"

#include <catch2/catch.hpp>
#include <functional>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

using Doubles = std::vector<double>;
using Build = std::function<void(GraphBuilder&)>;

Attribute names_attr(const char* name, std::vector<std::string> names) {
  return {name, std::move(names)};
}

void add_gradient(GraphBuilder& b, const std::vector<std::string>& inputs, const std::vector<std::string>& xs,
                  const std::string& y, const std::vector<std::string>& outputs) {
  b.node("ai.onnx.preview.training:Gradient", inputs, outputs, {names_attr("xs", xs), string_attr("y", y)});
}

Result<std::unique_ptr<Session>> open(GraphBuilder& b) {
  SessionOptions options;
  options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
  options.threads = 1;
  return Session::open_model(b.build(), options);
}

Doubles doubles_of(const Tensor& tensor) {
  return {tensor.span<double>().begin(), tensor.span<double>().end()};
}

double sum(const Doubles& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

/// Of the sum of the squares of "v", which `build` computes from inputs "x0", "x1" ..., beside differences.
void check_gradient(const std::vector<Tensor>& xs, const Build& build, int64_t opset = 17) {
  GraphBuilder b(opset);
  std::vector<std::string> names, gradients;
  for (size_t i = 0; i < xs.size(); ++i) {
    names.push_back("x" + std::to_string(i));
    gradients.push_back("g" + std::to_string(i));
    b.input(names[i], TN_DOUBLE, xs[i].shape());
  }
  build(b);
  b.node("Mul", {"v", "v"}, {"y"});
  add_gradient(b, names, names, "y", gradients);
  b.output("y");
  for (const std::string& gradient : gradients) b.output(gradient);
  const auto session = open(b);
  REQUIRE(session.status().message() == "");
  const auto run = [&](size_t changed, size_t at, double by) {
    std::vector<NamedTensor> given;
    for (size_t i = 0; i < xs.size(); ++i) {
      Doubles values = doubles_of(xs[i]);
      if (i == changed) values[at] += by;
      given.push_back({names[i], make_tensor<double>(xs[i].shape(), values)});
    }
    auto outputs = (*session)->run(given);
    REQUIRE(outputs.status().message() == "");
    return std::move(*outputs);
  };
  constexpr double kStep = 1e-5;
  const auto outputs = run(xs.size(), 0, 0);
  for (size_t i = 0; i < xs.size(); ++i) {
    REQUIRE(outputs[i + 1].shape() == xs[i].shape());
    for (size_t at = 0; at < doubles_of(xs[i]).size(); ++at) {
      const double more = sum(doubles_of(run(i, at, kStep)[0])), less = sum(doubles_of(run(i, at, -kStep)[0]));
      INFO("input " << i << ", element " << at);
      CHECK(doubles_of(outputs[i + 1])[at] == Approx((more - less) / (2 * kStep)).epsilon(1e-6).margin(1e-7));
    }
  }
}

Tensor drawn(std::vector<int64_t> shape, double first = 0.4) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  Doubles values;
  for (int64_t i = 0; i < count; ++i) values.push_back(first + 0.3 * double(i) - 0.07 * double(i * i % 5));
  return make_tensor<double>(std::move(shape), values);
}

void check_operator(const std::string& op, const std::vector<Tensor>& xs, std::vector<Attribute> attributes = {},
                    int64_t opset = 17) {
  CAPTURE(op);
  std::vector<std::string> names;
  for (size_t i = 0; i < xs.size(); ++i) names.push_back("x" + std::to_string(i));
  check_gradient(
      xs, [&](GraphBuilder& b) { b.node(op, names, {"v"}, attributes); }, opset);
}

void check_with_integers(const std::string& op, const Tensor& x, const std::vector<int64_t>& integers) {
  CAPTURE(op);
  check_gradient({x}, [&](GraphBuilder& b) {
    b.constant<int64_t>("integers", {static_cast<int64_t>(integers.size())}, integers);
    b.node(op, {"x0", "integers"}, {"v"});
  });
}

}  // namespace

TEST_CASE("gradients of functions of one element are those that differences tell", "[optimizer]") {
  for (const char* op : {"Abs", "Cos", "Erf", "Exp", "Identity", "Neg", "Relu", "Sigmoid", "Sin", "Softplus", "Tanh"})
    check_operator(op, {drawn({2, 3}, -0.9)});
  for (const char* op : {"Log", "Reciprocal", "Sqrt"}) check_operator(op, {drawn({2, 3})});
}

TEST_CASE("gradients are summed over the axes that an input was broadcast along", "[optimizer]") {
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Pow"}) {
    check_operator(op, {drawn({2, 3}), drawn({3}, 0.7)});
    check_operator(op, {drawn({}), drawn({2, 1}, 0.7)});
  }
  check_operator("Sum", {drawn({3}), drawn({2, 1}), drawn({2, 3})});
  check_with_integers("Expand", drawn({2, 1}), {3, 2, 2});
}

TEST_CASE("gradients of matrix products are those that differences tell", "[optimizer]") {
  check_operator("MatMul", {drawn({2, 3}), drawn({3, 2}, -0.5)});
  check_operator("MatMul", {drawn({2, 2, 3}), drawn({3, 2}, -0.5)});
  for (const int64_t turns_a : {0, 1})
    for (const int64_t turns_b : {0, 1})
      check_operator("Gemm",
                     {drawn(turns_a ? std::vector<int64_t>{3, 2} : std::vector<int64_t>{2, 3}),
                      drawn(turns_b ? std::vector<int64_t>{2, 3} : std::vector<int64_t>{3, 2}, -0.5), drawn({2})},
                     {int_attr("transA", turns_a), int_attr("transB", turns_b), float_attr("alpha", 0.5f),
                      float_attr("beta", 2)});
}

TEST_CASE("gradients of reductions and of what moves elements are those that differences tell", "[optimizer]") {
  check_operator("ReduceSum", {drawn({2, 3})}, {ints_attr("axes", {1}), int_attr("keepdims", 0)}, 11);
  check_operator("ReduceMean", {drawn({2, 3})}, {ints_attr("axes", {0})});
  check_with_integers("ReduceSum", drawn({2, 3}), {0});
  check_operator("Transpose", {drawn({2, 3})});
  check_operator("Transpose", {drawn({2, 3, 2})}, {ints_attr("perm", {1, 2, 0})});
  check_operator("Flatten", {drawn({2, 3, 2})});
  check_with_integers("Reshape", drawn({2, 3}), {3, 2});
  check_with_integers("Squeeze", drawn({2, 1}), {1});
  check_with_integers("Unsqueeze", drawn({2}), {0});
  check_operator("Softmax", {drawn({2, 3})});
  check_operator("Softmax", {drawn({2, 3})}, {int_attr("axis", 0)});
}

TEST_CASE("a gradient is computed at the values that the node is given", "[optimizer]") {
  GraphBuilder b;
  b.input("x", TN_DOUBLE, {1});
  b.input("elsewhere", TN_DOUBLE, {1});
  b.node("Exp", {"x"}, {"h"});
  b.node("Mul", {"h", "h"}, {"y"});
  add_gradient(b, {"elsewhere"}, {"h"}, "y", {"g"});
  b.output("y");
  b.output("g");
  const std::vector<NamedTensor> given{{"x", make_tensor<double>({1}, {1})},
                                       {"elsewhere", make_tensor<double>({1}, {3})}};
  const auto outputs = (*open(b))->run(given);
  REQUIRE(outputs.is_ok());
  CHECK(doubles_of((*outputs)[1]) == Doubles{6});
}

TEST_CASE("a gradient has gradients, and is zero by what y does not depend on", "[optimizer]") {
  GraphBuilder b;
  b.input("x", TN_DOUBLE, {2});
  b.input("z", TN_DOUBLE, {1});
  b.node("Mul", {"x", "x"}, {"square"});
  b.node("Mul", {"square", "x"}, {"y"});
  add_gradient(b, {"x", "z"}, {"x", "z"}, "y", {"g", "none"});
  add_gradient(b, {"x"}, {"x"}, "g", {"gg"});
  for (const char* output : {"g", "none", "gg"}) b.output(output);
  const std::vector<NamedTensor> given{{"x", make_tensor<double>({2}, {2, -1})}, {"z", make_tensor<double>({1}, {5})}};
  const auto outputs = (*open(b))->run(given);
  REQUIRE(outputs.is_ok());
  CHECK(doubles_of((*outputs)[0]) == Doubles{12, 3});
  CHECK(doubles_of((*outputs)[1]) == Doubles{0});
  CHECK(doubles_of((*outputs)[2]) == Doubles{12, -6});
}

TEST_CASE("a gradient that cannot be made is refused with what stands in its way", "[optimizer]") {
  const auto refusal = [](const char* op, const std::vector<std::string>& inputs, const std::vector<std::string>& xs,
                          const std::string& y) {
    GraphBuilder b;
    b.input("x", TN_DOUBLE, {2});
    b.node(op, {"x"}, {"y"});
    add_gradient(b, inputs, xs, y, {"g"});
    b.output("g");
    return std::string(open(b).status().message());
  };
  CHECK_THAT(refusal("Ceil", {"x"}, {"x"}, "y"), Contains("(Ceil, opset 13) lies between y and xs") && Contains("Abs, Add"));
  CHECK_THAT(refusal("Exp", {"x"}, {"x"}, "nothing"), Contains("attribute 'y' names 'nothing'"));
  CHECK_THAT(refusal("Exp", {"x"}, {"nothing"}, "y"), Contains("attribute 'xs' names 'nothing'"));
  CHECK_THAT(refusal("Exp", {"x", "x"}, {"x"}, "y"), Contains("has 2 inputs and 1 outputs, expected an input for each of the 1"));
}
