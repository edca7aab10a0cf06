// Pools of cpu_blas against the plain fold over each window.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr int64_t kPlanes = 3, kHeight = 5;

struct Case {
  const char* op;
  int64_t width, kernel, stride, pad, dilation;
  int64_t out(int64_t in) const { return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1; }
};

/// Each output: the inputs of its window, folded.
template <typename Fold>
std::vector<float> pool(const Case& c, const std::vector<float>& x, Fold&& fold) {
  std::vector<float> y;
  for (int64_t plane = 0; plane < kPlanes; ++plane)
    for (int64_t oh = 0; oh < c.out(kHeight); ++oh)
      for (int64_t ow = 0; ow < c.out(c.width); ++ow) {
        std::vector<float> window;
        for (int64_t kh = 0; kh < c.kernel; ++kh)
          for (int64_t kw = 0; kw < c.kernel; ++kw) {
            const int64_t h = oh * c.stride + kh * c.dilation - c.pad, w = ow * c.stride + kw * c.dilation - c.pad;
            if (h >= 0 && h < kHeight && w >= 0 && w < c.width)
              window.push_back(x[static_cast<size_t>((plane * kHeight + h) * c.width + w)]);
          }
        y.push_back(fold(window));
      }
  return y;
}

float greatest(const std::vector<float>& window) {
  float most = -std::numeric_limits<float>::infinity();
  for (const float v : window) most = std::isnan(v) || v > most ? v : most;
  return std::any_of(window.begin(), window.end(), [](float v) { return std::isnan(v); }) ? NAN : most;
}

float average(const std::vector<float>& window) {
  double sum = 0;
  for (const float v : window) sum += v;
  return static_cast<float>(sum / static_cast<double>(window.size()));
}

std::vector<Case> cases(const char* op) {
  std::vector<Case> all;
  for (const int64_t stride : {1, 2, 3})
    for (const int64_t kernel : {2, 3})
      for (const int64_t pad : {0, 1})
        for (const int64_t dilation : {1, 2})
          for (int64_t width = 5; width < 75; width += width < 20 ? 1 : 7)
            all.push_back({op, width, kernel, stride, pad, dilation});
  return all;
}

std::vector<float> run_case(const Case& c, const std::vector<float>& x, const std::string& isa) {
  GraphBuilder b(22);
  b.input("x", TN_FLOAT, {1, kPlanes, kHeight, c.width});
  b.node(c.op, {"x"}, {"y"},
         {ints_attr("kernel_shape", {c.kernel, c.kernel}), ints_attr("strides", {c.stride, c.stride}),
          ints_attr("pads", {c.pad, c.pad, c.pad, c.pad}), ints_attr("dilations", {c.dilation, c.dilation})});
  b.output("y");
  return run_floats(*open_on_cpu_blas(b, 1, isa), {x}, {{1, kPlanes, kHeight, c.width}});
}

bool is_same(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE("maxima of rows of every width are the plain ones, NaN among them, on every instruction set", "[cpu_blas]") {
  for (const Case& c : cases("MaxPool")) {
    std::vector<float> x = noise(static_cast<size_t>(kPlanes * kHeight * c.width), 1);
    for (size_t i = 3; i < x.size(); i += 41) x[i] = NAN;
    const std::vector<float> expected = pool(c, x, greatest);
    for (const std::string& isa : instruction_sets()) {
      CAPTURE(isa, c.width, c.kernel, c.stride, c.pad, c.dilation);
      const std::vector<float> y = run_case(c, x, isa);
      CHECK(std::equal(y.begin(), y.end(), expected.begin(), expected.end(), is_same));
    }
  }
}

TEST_CASE("averages of rows of every width are the plain ones on every instruction set", "[cpu_blas]") {
  for (const Case& c : cases("AveragePool")) {
    const std::vector<float> x = noise(static_cast<size_t>(kPlanes * kHeight * c.width), 2);
    const std::vector<float> expected = pool(c, x, average);
    for (const std::string& isa : instruction_sets()) {
      CAPTURE(isa, c.width, c.kernel, c.stride, c.pad, c.dilation);
      const std::vector<float> y = run_case(c, x, isa);
      CHECK(largest_error(y, {expected.begin(), expected.end()}, 1) < 4);
    }
  }
}
