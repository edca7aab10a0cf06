// Convolutions of 3 x 3 with stride 1 and channels last, which cpu_blas computes by Winograd's transforms, against the
// plain sum in double, at every instruction set; and what transforms must not spread: infinities and NaN.
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

const float kInfinity = std::numeric_limits<float>::infinity();

struct Case {
  int64_t images, height, width, channels, outputs;
  std::vector<int64_t> pads;  // top, left, bottom, right
  bool knows_size = true;     // of the image, while the session opens

  int64_t out_h() const { return height + pads[0] + pads[2] - 2; }
  int64_t out_w() const { return width + pads[1] + pads[3] - 2; }
  std::vector<int64_t> x_shape() const { return {images, height, width, channels}; }
  size_t x_count() const { return static_cast<size_t>(images * height * width * channels); }
  size_t w_count() const { return static_cast<size_t>(outputs * channels * 9); }
};

std::vector<double> convolve(const Case& c, const std::vector<float>& x, const std::vector<float>& w) {
  std::vector<double> y;
  for (int64_t n = 0; n < c.images; ++n)
    for (int64_t oh = 0; oh < c.out_h(); ++oh)
      for (int64_t ow = 0; ow < c.out_w(); ++ow)
        for (int64_t m = 0; m < c.outputs; ++m) {
          double sum = 0;
          for (int64_t tap = 0; tap < 9; ++tap) {
            const int64_t ih = oh + tap / 3 - c.pads[0], iw = ow + tap % 3 - c.pads[1];
            if (ih < 0 || ih >= c.height || iw < 0 || iw >= c.width) continue;
            const float* pixel = x.data() + ((n * c.height + ih) * c.width + iw) * c.channels;
            const float* kernel = w.data() + m * c.channels * 9 + tap;
            for (int64_t i = 0; i < c.channels; ++i) sum += double(pixel[i]) * double(kernel[i * 9]);
          }
          y.push_back(sum);
        }
  return y;
}

std::unique_ptr<Session> open_conv(const Case& c, const std::vector<float>& w, const std::string& isa, unsigned threads,
                                   const std::vector<float>& bias = {}) {
  GraphBuilder b(22);
  b.model().opset_imports["com.ms.internal.nhwc"] = 22;
  if (c.knows_size) {
    b.input("x", TN_FLOAT, c.x_shape());
  } else {
    b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {-1, "h"}, {-1, "w"}, {c.channels, ""}});
  }
  b.constant<float>("w", {c.outputs, c.channels, 3, 3}, w);
  if (!bias.empty()) b.constant<float>("b", {c.outputs}, bias);
  b.node("com.ms.internal.nhwc:Conv",
         bias.empty() ? std::vector<std::string>{"x", "w"} : std::vector<std::string>{"x", "w", "b"}, {"y"},
         {ints_attr("pads", c.pads)});
  b.output("y");
  return open_on_cpu_blas(b, threads, isa);
}

double range_of(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *most - *least;
}

/// The largest difference as a part of the range of what is expected.
double error_of(const std::vector<float>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  double worst = 0;
  for (size_t i = 0; i < actual.size(); ++i) worst = std::max(worst, std::abs(double(actual[i]) - expected[i]));
  return worst / range_of(expected);
}

const Case kCases[] = {
    {1, 17, 19, 8, 8, {1, 1, 1, 1}},          {1, 20, 16, 64, 64, {1, 1, 1, 1}},
    {2, 7, 7, 19, 33, {1, 1, 1, 1}},          {1, 14, 14, 70, 130, {1, 1, 1, 1}},
    {3, 5, 9, 16, 24, {0, 0, 0, 0}},          {1, 30, 41, 11, 13, {0, 2, 1, 0}},
    {1, 3, 3, 32, 32, {0, 0, 0, 0}},          {1, 1, 1, 9, 17, {4, 4, 4, 4}},
    {1, 1, 300, 8, 65, {1, 1, 1, 1}},         {2, 60, 60, 16, 16, {1, 1, 1, 1}},
    {1, 28, 28, 128, 32, {1, 1, 1, 1}},       {5, 4, 4, 67, 9, {1, 1, 1, 1}},
    {1, 8, 8, 1100, 70, {1, 1, 1, 1}},        {2, 6, 7, 24, 40, {1, 1, 1, 1}, false},
    {1, 18, 33, 12, 20, {2, 1, 0, 3}, false},
};

}  // namespace

TEST_CASE("3 x 3 convolutions with channels last are within 4e-6 of their range of the plain sum",
          "[cpu_blas][winograd]") {
  for (const Case& c : kCases) {
    const std::vector<float> x = noise(c.x_count(), 1), w = noise(c.w_count(), 2);
    const std::vector<double> expected = convolve(c, x, w);
    for (const std::string& isa : instruction_sets())
      for (const unsigned threads : {1u, 2u}) {
        CAPTURE(isa, threads, c.images, c.height, c.width, c.channels, c.outputs, c.pads, c.knows_size);
        CHECK(error_of(run_floats(*open_conv(c, w, isa, threads), {x}, {c.x_shape()}), expected) < 4e-6);
      }
  }
}

TEST_CASE("weights of any size and behind a ReLU lose no more to Winograd's transforms", "[cpu_blas][winograd]") {
  const Case c{1, 24, 24, 256, 32, {1, 1, 1, 1}};
  for (const float scale : {1e-20f, 1e-3f, 1e12f}) {
    std::vector<float> x = noise(c.x_count(), 3), w = noise(c.w_count(), 4);
    for (float& v : x) v = std::max(v, 0.0f);
    for (float& v : w) v *= scale;
    CHECK(error_of(run_floats(*open_conv(c, w, "", 1), {x}, {c.x_shape()}), convolve(c, x, w)) < 4e-6);
  }
}

TEST_CASE("Winograd's convolutions are the same whatever the threads", "[cpu_blas][winograd]") {
  for (const Case& c : {Case{1, 40, 40, 32, 48, {1, 1, 1, 1}}, Case{1, 9, 9, 64, 200, {1, 1, 1, 1}}}) {
    const std::vector<float> x = noise(c.x_count(), 1), w = noise(c.w_count(), 2);
    const std::vector<float> one = run_floats(*open_conv(c, w, "", 1), {x}, {c.x_shape()});
    for (const unsigned threads : {2u, 3u, 4u})
      CHECK(run_floats(*open_conv(c, w, "", threads), {x}, {c.x_shape()}) == one);
  }
}

TEST_CASE("infinities, NaN and huge values of an image reach the pixels beside them and no others",
          "[cpu_blas][winograd]") {
  for (const int64_t size : {9, 30}) {
    const Case c{1, size, size, 16, 24, {1, 1, 1, 1}};
    std::vector<float> x = noise(c.x_count(), 1), w = noise(c.w_count(), 2);
    x[static_cast<size_t>((3 * size + 4) * c.channels + 5)] = kInfinity;
    x[static_cast<size_t>((7 * size + 7) * c.channels)] = std::numeric_limits<float>::quiet_NaN();
    x[static_cast<size_t>((size * size - 1) * c.channels)] = 1e30f;
    const std::vector<double> expected = convolve(c, x, w);
    for (const std::string& isa : instruction_sets()) {
      CAPTURE(isa, size);
      const std::vector<float> y = run_floats(*open_conv(c, w, isa, 1), {x}, {c.x_shape()});
      size_t wrong = 0;
      for (size_t i = 0; i < y.size(); ++i) {
        const bool is_close = std::abs(double(y[i]) - expected[i]) <= 1e-4 * std::max(1.0, std::abs(expected[i]));
        wrong += std::isnan(expected[i]) ? !std::isnan(y[i]) : !is_close && double(y[i]) != expected[i];
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("infinities of a weight stay in their tap", "[cpu_blas][winograd]") {
  const Case c{1, 20, 20, 8, 16, {1, 1, 1, 1}};
  const std::vector<float> x(c.x_count(), 1.0f);
  std::vector<float> w(c.w_count(), 1.0f);
  w[static_cast<size_t>(3 * c.channels * 9)] = kInfinity;  // of output 3, the tap that lies outside in the first row
  w[static_cast<size_t>(5 * c.channels * 9 + 8)] = -std::numeric_limits<float>::max();
  const std::vector<double> expected = convolve(c, x, w);
  for (const std::string& isa : instruction_sets()) {
    const std::vector<float> y = run_floats(*open_conv(c, w, isa, 2), {x}, {c.x_shape()});
    size_t wrong = 0;
    for (size_t i = 0; i < y.size(); ++i)
      wrong += double(y[i]) != expected[i] && std::abs(double(y[i]) - expected[i]) > 1e-6 * std::abs(expected[i]);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a bias, a normalization, a residual and a bound follow Winograd's convolutions", "[cpu_blas][winograd]") {
  for (const int64_t size : {10, 22}) {
    const Case c{2, size, size, 24, 37, {1, 1, 1, 1}};
    const std::vector<float> x = noise(c.x_count(), 1), w = noise(c.w_count(), 2), bias = noise(37, 3);
    const size_t results = static_cast<size_t>(c.images * size * size * c.outputs);
    const std::vector<float> scale = noise(37, 4), shift = noise(37, 5), residual = noise(results, 6);
    const auto make = [&](const std::string& isa) {
      GraphBuilder b(22);
      b.model().opset_imports["com.ms.internal.nhwc"] = 22;
      b.input("x", TN_FLOAT, c.x_shape());
      b.input("r", TN_FLOAT, {c.images, size, size, c.outputs});
      b.constant<float>("w", {c.outputs, c.channels, 3, 3}, w);
      b.constant<float>("b", {c.outputs}, bias);
      b.constant<float>("scale", {c.outputs}, scale);
      b.constant<float>("shift", {c.outputs}, shift);
      b.node("com.ms.internal.nhwc:Conv", {"x", "w", "b"}, {"conv"}, {ints_attr("pads", c.pads)});
      b.node("Mul", {"conv", "scale"}, {"scaled"});
      b.node("Add", {"scaled", "shift"}, {"shifted"});
      b.node("Add", {"shifted", "r"}, {"sum"});
      b.node("Relu", {"sum"}, {"y"});
      b.output("y");
      return open_on_cpu_blas(b, 1, isa);
    };
    std::vector<double> expected = convolve(c, x, w);
    const double range = range_of(expected);
    for (size_t i = 0; i < expected.size(); ++i) {
      const size_t m = i % 37;
      expected[i] =
          std::max(0.0, (expected[i] + double(bias[m])) * double(scale[m]) + double(shift[m]) + double(residual[i]));
    }
    for (const std::string& isa : instruction_sets()) {
      CAPTURE(isa, size);
      const std::vector<float> y =
          run_floats(*make(isa), {x, residual}, {c.x_shape(), {c.images, size, size, c.outputs}});
      CHECK(error_of(y, expected) * range_of(expected) < 4e-6 * range);
    }
  }
}
