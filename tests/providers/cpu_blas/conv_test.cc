// Convolutions of cpu_blas with their channels second, alone and with what is fused behind them, against the plain sum.
#include <cmath>

#include "tests/providers/cpu_blas/plain_convolution.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

// Their channels stay second.
std::unique_ptr<Session> open_second(GraphBuilder& b, unsigned threads = 1, const std::string& isa = "") {
  return open_on_cpu_blas(b, threads, isa, false);
}

}  // namespace

TEST_CASE("convolutions of many shapes are the plain sum, packed or not, on every instruction set", "[cpu_blas]") {
  for (const ConvCase& c : kConvCases) {
    const auto x = noise(count(c.x_shape()), 1), w = noise(count(c.w_shape()), 2);
    const std::vector<double> expected = convolve(c, x, w);
    const double terms = double(c.channels / c.group * c.kernel_h * c.kernel_w);
    for (const std::string& isa : instruction_sets())
      for (const bool is_constant : {true, false}) {
        std::vector<float> first;
        for (const unsigned threads : {1u, 2u}) {
          CAPTURE(isa, c.channels, c.height, c.outputs, c.kernel_h, c.stride, c.pad, c.dilation, c.group, is_constant,
                  threads);
          GraphBuilder b;
          b.input("x", TN_FLOAT, c.x_shape());
          if (is_constant) {
            b.constant<float>("w", c.w_shape(), w);
          } else {
            b.input("w", TN_FLOAT, c.w_shape());
          }
          b.node("Conv", {"x", "w"}, {"y"}, c.attributes());
          b.output("y");
          const auto session = open_second(b, threads, isa);
          const auto y = is_constant ? run_floats(*session, {x}, {c.x_shape()})
                                     : run_floats(*session, {x, w}, {c.x_shape(), c.w_shape()});
          CHECK(largest_error(y, expected, terms + 1) < 1);
          if (first.empty()) first = y;
          CHECK(y == first);
        }
      }
  }
}

TEST_CASE("a Conv takes normalization, constants per channel, a residual and Relu with it", "[cpu_blas]") {
  for (const ConvCase& c : kConvCases) {
    CAPTURE(c.channels, c.height, c.outputs, c.kernel_h, c.stride, c.group);
    const int64_t m = c.outputs;
    const auto per_channel = [&](unsigned seed) { return noise(static_cast<size_t>(m), seed); };
    const auto x = noise(count(c.x_shape()), 1), w = noise(count(c.w_shape()), 2), r = noise(count(c.y_shape()), 3);
    std::vector<float> bias = per_channel(4), gamma = per_channel(5), beta = per_channel(6), mean = per_channel(7),
                       variance = per_channel(8), scale = per_channel(9), shift = per_channel(10);
    for (float& v : variance) v = v * v + 0.5f;
    GraphBuilder b;
    b.input("x", TN_FLOAT, c.x_shape());
    b.input("r", TN_FLOAT, c.y_shape());
    b.constant<float>("w", c.w_shape(), w);
    const std::pair<const char*, const std::vector<float>*> vectors[] = {
        {"bias", &bias}, {"gamma", &gamma}, {"beta", &beta}, {"mean", &mean}, {"variance", &variance}};
    for (const auto& [name, values] : vectors) b.constant<float>(name, {m}, *values);
    b.constant<float>("scale", {m, 1, 1}, scale);
    b.constant<float>("shift", {1, m, 1, 1}, shift);
    b.node("Conv", {"x", "w", "bias"}, {"c"}, c.attributes());
    b.node("BatchNormalization", {"c", "gamma", "beta", "mean", "variance"}, {"n"});
    b.node("Mul", {"n", "scale"}, {"s"});
    b.node("Add", {"shift", "s"}, {"t"});
    b.node("Add", {"r", "t"}, {"u"});
    b.node("Relu", {"u"}, {"y"});
    b.output("y");
    const auto session = open_second(b);
    CHECK(kernel_of(*session, "c") == "Conv+BatchNormalization+Mul+Add+Add+Relu");
    std::vector<double> expected = convolve(c, x, w);
    const size_t plane = static_cast<size_t>(c.out_h() * c.out_w());
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t k = i / plane % static_cast<size_t>(m);
      const double normal = (expected[i] + bias[k] - mean[k]) / std::sqrt(variance[k] + 1e-5) * gamma[k] + beta[k];
      expected[i] = std::max(0.0, normal * scale[k] + shift[k] + r[i]);
    }
    const auto y = run_floats(*session, {x, r}, {c.x_shape(), c.y_shape()});
    CHECK(largest_error(y, expected, std::sqrt(double(c.channels * c.kernel_h * c.kernel_w)) + 4) < 8);
  }
}

TEST_CASE("what follows a Conv for each channel is one blob of a scale and a shift", "[cpu_blas]") {
  constexpr int64_t kChannels = 5;
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, kChannels, 4, 4});
  b.constant<float>("w", {kChannels, 1, 1, 1}, {1, 2, 3, 4, 5});  // depthwise: no packed weight
  for (const char* name : {"bias", "gamma", "beta", "mean", "variance"})
    b.constant<float>(name, {kChannels}, std::vector<float>(kChannels, 1));
  b.node("Conv", {"x", "w", "bias"}, {"c"}, {int_attr("group", kChannels)});
  b.node("BatchNormalization", {"c", "gamma", "beta", "mean", "variance"}, {"y"}, {float_attr("epsilon", 3)});
  b.output("y");
  const auto session = open_second(b);
  CHECK(session->report().memory.packed_bytes == 2 * kChannels * sizeof(float));
  const auto y = run_floats(*session, {std::vector<float>(kChannels * 16, 2)}, {{1, kChannels, 4, 4}});
  // (2 w + 1 - 1) / sqrt(1 + 3) + 1
  for (size_t i = 0; i < y.size(); ++i) CHECK(y[i] == Approx(static_cast<float>(i / 16 + 1) + 1));
}

TEST_CASE("a Conv whose result has a second reader is fused no further", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, 1, 4, 4});
  b.constant<float>("w", {1, 1, 1, 1}, {2});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Relu", {"c"}, {"y"});
  b.node("GlobalAveragePool", {"c"}, {"m"});
  b.node("Add", {"y", "m"}, {"z"});
  b.output("z");
  const auto session = open_second(b);
  CHECK(kernel_of(*session, "c") == "Conv");
  CHECK(run_floats(*session, {std::vector<float>(16, -1.5f)}, {{1, 1, 4, 4}}) == std::vector<float>(16, -3.0f));
}

TEST_CASE("a residual that broadcasts is added all the same", "[cpu_blas]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {1, ""}, {2, ""}, {2, ""}});
  b.symbolic_input("r", TN_FLOAT, {{-1, "k"}, {1, ""}, {2, ""}, {2, ""}});
  b.constant<float>("w", {1, 1, 1, 1}, {10});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Add", {"c", "r"}, {"s"});
  b.node("Relu", {"s"}, {"y"});
  b.output("y");
  const auto session = open_second(b);
  CHECK(run_floats(*session, {{1, 2, 3, 4}, {1, 1, 1, 1, -20, -20, -20, -20}}, {{1, 1, 2, 2}, {2, 1, 2, 2}}) ==
        std::vector<float>{11, 21, 31, 41, 0, 0, 10, 20});
}

TEST_CASE("a Conv keeps NaN through a fused Relu and Clip", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, 1, 1, 3});
  b.constant<float>("w", {1, 1, 1, 1}, {1});
  b.constant<float>("low", {}, {0});
  b.constant<float>("high", {}, {6});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Clip", {"c", "low", "high"}, {"y"});
  b.output("y");
  const auto session = open_second(b);
  CHECK(kernel_of(*session, "c") == "Conv+Clip");
  const auto y = run_floats(*session, {{NAN, 7, -1}}, {{1, 1, 1, 3}});
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 6);
  CHECK(y[2] == 0);
}

TEST_CASE("a Clip fused to a Conv hands on what no bound of it bounds", "[cpu_blas]") {
  for (const int64_t opset : {1, 11, 13}) {
    CAPTURE(opset);
    GraphBuilder b(opset);
    b.input("x", TN_FLOAT, {1, 1, 1, 3});
    b.constant<float>("w", {1, 1, 1, 1}, {1});
    b.constant<float>("low", {}, {0});
    b.node("Conv", {"x", "w"}, {"c"});
    if (opset < 11) {
      b.node("Clip", {"c"}, {"y"}, {float_attr("min", 0)});
    } else {
      b.node("Clip", {"c", "low"}, {"y"});
    }
    b.output("y");
    const auto session = open_second(b);
    CHECK(kernel_of(*session, "c") == "Conv+Clip");
    CHECK(run_floats(*session, {{INFINITY, 7, -INFINITY}}, {{1, 1, 1, 3}}) == std::vector<float>{INFINITY, 7, 0});
  }
}

TEST_CASE("a weight that does not fit the input is an error that names the node", "[cpu_blas]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{1, ""}, {-1, "c"}, {4, ""}, {4, ""}});
  b.constant<float>("w", {1, 2, 1, 1}, {1, 1});
  b.node("Conv", {"x", "w"}, {"y"});
  b.output("y");
  const auto session = open_second(b);
  const auto result = session->run(std::vector<NamedTensor>{{"x", make_tensor<float>({1, 3, 4, 4}, noise(48, 1))}});
  REQUIRE_FALSE(result.is_ok());
  CHECK_THAT(result.status().message(), Catch::Contains("y_node") && Catch::Contains("1x2x1x1"));
}
