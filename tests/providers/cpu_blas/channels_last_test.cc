// Operators of com.ms.internal.nhwc on cpu_blas against cpu_ref, at every instruction set and around the lengths of
// vectors.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

const std::vector<int64_t> kChannels{1, 2, 3, 5, 7, 8, 11, 16, 19, 32, 37, 64, 67, 130};

struct Case {
  std::string op;
  std::vector<int64_t> shape;  // N x H x W x C, or N x W x C
  std::vector<Attribute> attributes;
  std::vector<NamedTensor> constants;
};

NamedTensor constant(std::string name, std::vector<int64_t> shape, float least = -1) {
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  std::vector<float> values = noise(static_cast<size_t>(count), 7);
  for (float& v : values) v = std::max(v, least);
  return {std::move(name), make_tensor<float>(std::move(shape), values)};
}

std::vector<float> run_on(const Case& c, const std::vector<float>& x, const std::string& provider,
                          const std::string& isa, unsigned threads) {
  GraphBuilder b(22);
  b.model().opset_imports["com.ms.internal.nhwc"] = 22;
  b.input("x", TN_FLOAT, c.shape);
  std::vector<std::string> inputs{"x"};
  for (const NamedTensor& t : c.constants) {
    b.constant_of(t.name, t.tensor);
    inputs.push_back(t.name);
  }
  b.node("com.ms.internal.nhwc:" + c.op, inputs, {"y"}, c.attributes);
  b.output("y");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = threads;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  return run_floats(**session, {x}, {c.shape});
}

void hold_against_ref(const Case& c, std::vector<float> x, float tolerance) {
  const std::vector<float> expected = run_on(c, x, "cpu_ref", "", 1);
  for (const std::string& isa : instruction_sets())
    for (const unsigned threads : {1u, 2u}) {
      INFO(c.op << " of " << c.shape.back() << " channels on " << isa << ", " << threads << " threads");
      const std::vector<float> y = run_on(c, x, "cpu_blas", isa, threads);
      REQUIRE(y.size() == expected.size());
      size_t wrong = 0;
      for (size_t i = 0; i < y.size(); ++i)
        wrong += !(y[i] == expected[i] || (std::isnan(y[i]) && std::isnan(expected[i])) ||
                   std::abs(y[i] - expected[i]) <= tolerance * std::max(1.0f, std::abs(expected[i])));
      CHECK(wrong == 0);
    }
}

std::vector<float> input_of(const Case& c) {
  int64_t count = 1;
  for (const int64_t d : c.shape) count *= d;
  return noise(static_cast<size_t>(count), 3);
}

std::vector<Attribute> window(int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
  return {ints_attr("kernel_shape", {kernel, kernel}), ints_attr("strides", {stride, stride}),
          ints_attr("pads", {pad, pad, 0, pad}), ints_attr("dilations", {dilation, dilation})};
}

}  // namespace

TEST_CASE("pools with channels last agree with cpu_ref", "[cpu_blas][channels_last]") {
  for (const int64_t channels : kChannels)
    for (const char* op : {"MaxPool", "AveragePool"})
      for (const auto& w : {window(3, 2, 1, 1), window(2, 1, 0, 2), window(3, 1, 2, 2)}) {
        Case c{op, {2, 7, 9, channels}, w, {}};
        hold_against_ref(c, input_of(c), 1e-6f);
        c.attributes.push_back(int_attr("ceil_mode", 1));
        if (c.op == "AveragePool") c.attributes.push_back(int_attr("count_include_pad", 1));
        hold_against_ref(c, input_of(c), 1e-6f);
      }
}

TEST_CASE("pools over one dimension with channels last agree with cpu_ref", "[cpu_blas][channels_last]") {
  for (const char* op : {"MaxPool", "AveragePool"}) {
    const Case c{op, {2, 11, 19}, {ints_attr("kernel_shape", {3}), ints_attr("pads", {1, 1})}, {}};
    hold_against_ref(c, input_of(c), 1e-6f);
  }
}

TEST_CASE("a maximum with channels last is NaN where one is in the window, and negative infinity over padding alone",
          "[cpu_blas][channels_last]") {
  const Case c{"MaxPool", {1, 5, 5, 19}, {ints_attr("kernel_shape", {2, 2}), ints_attr("pads", {2, 2, 2, 2})}, {}};
  std::vector<float> x = input_of(c);
  for (size_t i = 0; i < x.size(); i += 7) x[i] = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 0; i < x.size(); i += 11) x[i] = -std::numeric_limits<float>::infinity();
  hold_against_ref(c, x, 0);
}

TEST_CASE("global pools with channels last agree with cpu_ref", "[cpu_blas][channels_last]") {
  for (const int64_t channels : kChannels)
    for (const char* op : {"GlobalAveragePool", "GlobalMaxPool"}) {
      const Case c{op, {2, 5, 7, channels}, {}, {}};
      hold_against_ref(c, input_of(c), 1e-6f);
    }
  const Case large{"GlobalAveragePool", {1, 200, 300, 3}, {}, {}};
  hold_against_ref(large, std::vector<float>(200 * 300 * 3, 1.1f), 1e-6f);
}

TEST_CASE("LRN with channels last agrees with cpu_ref", "[cpu_blas][channels_last]") {
  for (const int64_t channels : kChannels)
    for (const int64_t size : {int64_t{1}, int64_t{4}, int64_t{5}, int64_t{1} << 40})
      for (const float beta : {0.75f, 0.5f}) {
        const Case c{"LRN", {1, 3, 4, channels}, {int_attr("size", size), float_attr("beta", beta)}, {}};
        hold_against_ref(c, input_of(c), 2e-6f);
      }
}

TEST_CASE("BatchNormalization with channels last agrees with cpu_ref", "[cpu_blas][channels_last]") {
  for (const int64_t channels : kChannels) {
    const Case c{"BatchNormalization",
                 {2, 3, 4, channels},
                 {},
                 {constant("scale", {channels}), constant("b", {channels}), constant("mean", {channels}),
                  constant("var", {channels}, 0.1f)}};
    hold_against_ref(c, input_of(c), 2e-6f);
  }
}
