// Convolutions of cpu_blas with their channels last, alone and with what is fused behind them, against the plain sum.
#include <cmath>

#include "host/graph/layout.h"
#include "tests/providers/cpu_blas/plain_convolution.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

const std::string kLast(kChannelsLastDomain);

/// N x C x P values as N x P x C.
template <typename T>
std::vector<T> moved(const std::vector<T>& values, int64_t channels, int64_t pixels) {
  std::vector<T> to(values.size());
  const auto c = static_cast<size_t>(channels), p = static_cast<size_t>(pixels);
  for (size_t i = 0; i < values.size(); ++i) to[(i / (c * p) * p + i % p) * c + i / p % c] = values[i];
  return to;
}

std::vector<int64_t> last(const std::vector<int64_t>& shape) {
  return permuted(shape, to_channels_last(shape.size()));
}

void know_last(GraphBuilder& b) {
  b.model().opset_imports[kLast] = 17;
}

// What the cases in common have not: one channel, several groups of a part of a vector, rows of a kernel that are cut
// at both ends, more taps than one task points at, a sum in several passes, few outputs, narrow groups, kernel
// positions that lie on padding alone, for some rows or for all.
const ConvCase kMore[] = {
    {1, 1, 12, 10, 20, 3, 5, 1, 2, 1, 1},    {2, 3, 30, 31, 70, 7, 7, 2, 3, 1, 1},
    {1, 32, 9, 9, 32, 3, 3, 1, 1, 1, 8},     {1, 2, 40, 20, 3, 24, 16, 1, 8, 1, 1},
    {1, 150, 8, 9, 130, 3, 3, 2, 1, 1, 1},   {3, 96, 5, 7, 96, 3, 3, 1, 1, 1, 2},
    {1, 2100, 3, 3, 40, 1, 1, 1, 0, 1, 1},   {1, 3, 2, 2, 5, 3, 3, 1, 2, 1, 1},
    {1, 20, 5, 300, 36, 1, 5, 1, 2, 1, 1},   {2, 40, 9, 13, 2, 3, 3, 1, 1, 1, 1},
    {1, 37, 8, 50, 1, 3, 7, 2, 3, 1, 1},     {1, 20, 40, 40, 3, 20, 20, 1, 10, 1, 1},
    {1, 20, 16, 16, 40, 3, 3, 1, 12, 12, 1}, {2, 20, 9, 9, 24, 3, 3, 1, 24, 24, 1},
};

std::vector<ConvCase> cases() {
  std::vector<ConvCase> all(std::begin(kConvCases), std::end(kConvCases));
  all.insert(all.end(), std::begin(kMore), std::end(kMore));
  return all;
}

}  // namespace

TEST_CASE("convolutions with their channels last are the plain sum, packed or not, on every instruction set",
          "[cpu_blas]") {
  for (const ConvCase& c : cases()) {
    const auto x = noise(count(c.x_shape()), 1), w = noise(count(c.w_shape()), 2);
    const auto x_last = moved(x, c.channels, c.height * c.width);
    const auto expected = moved(convolve(c, x, w), c.outputs, c.out_h() * c.out_w());
    const double terms = double(c.channels / c.group * c.kernel_h * c.kernel_w);
    for (const std::string& isa : instruction_sets())
      for (const bool is_constant : {true, false}) {
        std::vector<float> first;
        for (const unsigned threads : {1u, 2u}) {
          CAPTURE(isa, c.channels, c.height, c.outputs, c.kernel_h, c.stride, c.pad, c.dilation, c.group, is_constant,
                  threads);
          GraphBuilder b(17);
          know_last(b);
          b.input("x", TN_FLOAT, last(c.x_shape()));
          if (is_constant) {
            b.constant<float>("w", c.w_shape(), w);
          } else {
            b.input("w", TN_FLOAT, c.w_shape());
          }
          b.node(kLast + ":Conv", {"x", "w"}, {"y"}, c.attributes());
          b.output("y");
          const auto session = open_on_cpu_blas(b, threads, isa);
          const auto y = is_constant ? run_floats(*session, {x_last}, {last(c.x_shape())})
                                     : run_floats(*session, {x_last, w}, {last(c.x_shape()), c.w_shape()});
          CHECK(largest_error(y, expected, terms + 1) < 1);
          if (first.empty()) first = y;
          CHECK(y == first);
        }
      }
  }
}

TEST_CASE("a Conv with its channels last takes constants per channel, a residual and Relu with it", "[cpu_blas]") {
  for (const ConvCase& c : cases()) {
    CAPTURE(c.channels, c.height, c.outputs, c.kernel_h, c.stride, c.group);
    const int64_t m = c.outputs, pixels = c.out_h() * c.out_w();
    const auto x = noise(count(c.x_shape()), 1), w = noise(count(c.w_shape()), 2);
    const auto r = noise(count(c.y_shape()), 3);  // with its channels last
    const auto bias = noise(size_t(m), 4), scale = noise(size_t(m), 9), shift = noise(size_t(m), 10);
    GraphBuilder b(17);
    know_last(b);
    b.input("x", TN_FLOAT, last(c.x_shape()));
    b.input("r", TN_FLOAT, last(c.y_shape()));
    b.constant<float>("w", c.w_shape(), w);
    b.constant<float>("bias", {m}, bias);
    b.constant<float>("scale", {m}, scale);
    b.constant<float>("shift", {1, 1, 1, m}, shift);
    b.node(kLast + ":Conv", {"x", "w", "bias"}, {"c"}, c.attributes());
    b.node("Mul", {"c", "scale"}, {"s"});
    b.node("Add", {"shift", "s"}, {"t"});
    b.node("Add", {"r", "t"}, {"u"});
    b.node("Relu", {"u"}, {"y"});
    b.output("y");
    const auto session = open_on_cpu_blas(b);
    CHECK(kernel_of(*session, "c") == "Conv+Mul+Add+Add+Relu");
    auto expected = moved(convolve(c, x, w), m, pixels);
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t k = i % size_t(m);
      expected[i] = std::max(0.0, (expected[i] + bias[k]) * scale[k] + shift[k] + r[i]);
    }
    const auto y =
        run_floats(*session, {moved(x, c.channels, c.height * c.width), r}, {last(c.x_shape()), last(c.y_shape())});
    CHECK(largest_error(y, expected, std::sqrt(double(c.channels * c.kernel_h * c.kernel_w)) + 4) < 8);
  }
}

TEST_CASE("a residual that broadcasts against channels at the end is added all the same", "[cpu_blas]") {
  GraphBuilder b(17);
  know_last(b);
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {2, ""}, {2, ""}, {1, ""}});
  b.symbolic_input("r", TN_FLOAT, {{-1, "k"}, {2, ""}, {2, ""}, {1, ""}});
  b.constant<float>("w", {1, 1, 1, 1}, {10});
  b.node(kLast + ":Conv", {"x", "w"}, {"c"});
  b.node("Add", {"c", "r"}, {"s"});
  b.node("Relu", {"s"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  CHECK(run_floats(*session, {{1, 2, 3, 4}, {1, 1, 1, 1, -20, -20, -20, -20}}, {{1, 2, 2, 1}, {2, 2, 2, 1}}) ==
        std::vector<float>{11, 21, 31, 41, 0, 0, 10, 20});
}

TEST_CASE("a Conv of three spatial dimensions with its channels last is the plain sum", "[cpu_blas]") {
  constexpr int64_t kDepth = 4, kHeight = 5, kWidth = 6, kOutputs = 6, kStride = 2;  // the stride is that of the depth
  for (const int64_t channels : {2, 6, 40})
    for (const int64_t group : {int64_t{1}, channels == 6 ? channels : 2}) {
      CAPTURE(channels, group);
      const std::vector<int64_t> x_shape{1, kDepth, kHeight, kWidth, channels},
          w_shape{kOutputs, channels / group, 3, 3, 3};
      const auto x = noise(count(x_shape), 1), w = noise(count(w_shape), 2);
      std::vector<double> expected;
      for (int64_t od = 0; od < kDepth / kStride; ++od)
        for (int64_t oh = 0; oh < kHeight; ++oh)
          for (int64_t ow = 0; ow < kWidth; ++ow)
            for (int64_t m = 0; m < kOutputs; ++m) {
              double sum = 0;
              for (int64_t tap = 0; tap < 27; ++tap)
                for (int64_t c = 0; c < channels / group; ++c) {
                  const int64_t id = od * kStride + tap / 9 - 1, ih = oh + tap / 3 % 3 - 1, iw = ow + tap % 3 - 1;
                  if (id < 0 || id >= kDepth || ih < 0 || ih >= kHeight || iw < 0 || iw >= kWidth) continue;
                  const int64_t channel = m / (kOutputs / group) * (channels / group) + c;
                  sum += double(x[size_t(((id * kHeight + ih) * kWidth + iw) * channels + channel)]) *
                         w[size_t((m * (channels / group) + c) * 27 + tap)];
                }
              expected.push_back(sum);
            }
      GraphBuilder b(17);
      know_last(b);
      b.input("x", TN_FLOAT, x_shape);
      b.constant<float>("w", w_shape, w);
      b.node(kLast + ":Conv", {"x", "w"}, {"y"},
             {ints_attr("strides", {kStride, 1, 1}), ints_attr("pads", {1, 1, 1, 1, 1, 1}), int_attr("group", group)});
      b.output("y");
      const auto session = open_on_cpu_blas(b);
      CHECK(largest_error(run_floats(*session, {x}, {x_shape}), expected, double(channels / group * 27) + 1) < 1);
    }
}
