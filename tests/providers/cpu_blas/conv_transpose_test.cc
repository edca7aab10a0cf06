// ConvTranspose on cpu_blas against cpu_ref, its channels second or last: strides, dilations, groups and paddings, at
// every instruction set.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Case {
  std::vector<int64_t> x, w;
  std::vector<Attribute> attributes = {};
  int64_t groups = 1;
  bool weight_is_given = false;
  bool is_last = false;  // then x has its channels last
};

std::vector<float> run_on(const Case& c, const std::string& provider, const std::string& isa) {
  const auto count = [](const std::vector<int64_t>& shape) {
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  };
  GraphBuilder b(11);
  b.model().opset_imports["com.ms.internal.nhwc"] = 11;
  const std::vector<float> w = noise(count(c.w), 2);
  b.input("x", TN_FLOAT, c.x);
  c.weight_is_given ? b.input("w", TN_FLOAT, c.w) : b.constant<float>("w", c.w, w);
  const int64_t filters = c.w[1] * c.groups;
  b.constant<float>("b", {filters}, noise(static_cast<size_t>(filters), 3));
  std::vector<Attribute> attributes = c.attributes;
  attributes.push_back(int_attr("group", c.groups));
  b.node(c.is_last ? "com.ms.internal.nhwc:ConvTranspose" : "ConvTranspose", {"x", "w", "b"}, {"y"}, attributes);
  b.output("y");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = 2;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  std::vector<std::vector<float>> given{noise(count(c.x), 1)};
  std::vector<std::vector<int64_t>> shapes{c.x};
  if (c.weight_is_given) given.push_back(w), shapes.push_back(c.w);
  return run_floats(**session, given, shapes);
}

void check(const Case& c, double scale = 8) {
  const std::vector<float> expected = run_on(c, "cpu_ref", "");
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa, c.x, c.w);
    CHECK(largest_error(run_on(c, "cpu_blas", isa), {expected.begin(), expected.end()}, scale) < 16);
  }
}

}  // namespace

TEST_CASE("transposed convolutions agree with cpu_ref at every stride and kernel", "[cpu_blas][conv]") {
  for (const int64_t stride : {1, 2, 3, 4})
    for (const int64_t kernel : {1, 2, 3, 5}) {
      check({{2, 5, 6, 7}, {5, 3, kernel, kernel}, {ints_attr("strides", {stride, stride})}});
      check({{1, 5, 23}, {5, 3, kernel}, {ints_attr("strides", {stride})}});
    }
}

TEST_CASE("transposed convolutions with dilations, groups and paddings agree with cpu_ref", "[cpu_blas][conv]") {
  const Attribute strides = ints_attr("strides", {2, 2});
  check({{1, 4, 6, 7}, {4, 3, 3, 3}, {strides, ints_attr("dilations", {3, 2})}});
  check({{1, 4, 6, 7}, {4, 3, 3, 3}, {strides, ints_attr("pads", {1, 1, 1, 1}), ints_attr("output_padding", {1, 1})}});
  check({{1, 4, 6, 7}, {4, 3, 4, 4}, {strides, string_attr("auto_pad", "SAME_UPPER")}});
  check({{1, 4, 6, 7}, {4, 3, 2, 2}, {strides, ints_attr("output_shape", {13, 16})}});
  check({{2, 4, 6, 7}, {4, 3, 4, 4}, {strides}, 2});
  check({{2, 4, 6, 7}, {4, 1, 4, 4}, {strides}, 4});
  check({{2, 4, 6, 7}, {4, 1, 4, 4}, {strides}, 4, true});
}

TEST_CASE("transposed convolutions with channels last agree with cpu_ref at every stride and kernel",
          "[cpu_blas][conv][channels_last]") {
  for (const int64_t stride : {1, 2, 3, 4})
    for (const int64_t kernel : {1, 2, 3, 5})
      for (const int64_t outputs : {3, 16, 37}) {
        check({{2, 6, 7, 9}, {9, outputs, kernel, kernel}, {ints_attr("strides", {stride, stride})}, 1, false, true});
        check({{2, 23, 9}, {9, outputs, kernel}, {ints_attr("strides", {stride})}, 1, false, true});
      }
}

TEST_CASE("transposed convolutions with channels last agree with cpu_ref however they are padded and dilated",
          "[cpu_blas][conv][channels_last]") {
  const Attribute strides = ints_attr("strides", {2, 3});
  const std::vector<int64_t> x{2, 6, 7, 8};
  const auto last = [&](int64_t kernel, std::vector<Attribute> attributes, bool weight_is_given = false) {
    check({x, {8, 5, kernel, kernel}, std::move(attributes), 1, weight_is_given, true});
  };
  last(3, {strides, ints_attr("dilations", {3, 2})});
  last(3, {ints_attr("dilations", {5, 6}), ints_attr("pads", {4, 5, 3, 6})});
  last(3, {strides, ints_attr("pads", {1, 0, 2, 1}), ints_attr("output_padding", {1, 2})});
  last(4, {strides, string_attr("auto_pad", "SAME_UPPER")});
  last(2, {strides, ints_attr("output_shape", {15, 26})});
  last(4, {strides}, true);
}

TEST_CASE("transposed convolutions with channels last agree with cpu_ref where rows, outputs and sums go in parts",
          "[cpu_blas][conv][channels_last]") {
  const Attribute strides = ints_attr("strides", {2, 2}), pads = ints_attr("pads", {1, 1, 1, 1});
  check({{1, 40, 30, 40}, {40, 80, 4, 4}, {strides, pads}, 1, false, true});
  check({{1, 700, 40}, {40, 80, 9}, {ints_attr("strides", {4}), ints_attr("pads", {2, 2})}, 1, false, true});
  check({{1, 4, 4, 1030}, {1030, 67, 3, 3}, {strides, pads}, 1, false, true}, 64);
}

TEST_CASE("a transposed convolution with channels last takes what follows it along",
          "[cpu_blas][conv][channels_last]") {
  constexpr int64_t kChannels = 8, kOutputs = 19;
  const auto constants = [](unsigned seed) { return noise(kOutputs, seed); };
  const auto define = [&](GraphBuilder& b) {
    b.model().opset_imports["com.ms.internal.nhwc"] = 11;
    b.input("x", TN_FLOAT, {2, 5, 4, kChannels});
    b.input("r", TN_FLOAT, {2, 10, 8, kOutputs});
    b.constant<float>("w", {kChannels, kOutputs, 2, 2}, noise(kChannels * kOutputs * 4, 2));
    b.constant<float>("b", {kOutputs}, constants(3));
    b.constant<float>("scale", {kOutputs}, constants(4));
    b.node("com.ms.internal.nhwc:ConvTranspose", {"x", "w", "b"}, {"c"}, {ints_attr("strides", {2, 2})});
    b.node("Mul", {"c", "scale"}, {"s"});
    b.node("Relu", {"s"}, {"p"});
    b.node("Add", {"p", "r"}, {"y"});
    b.output("y");
  };
  GraphBuilder on_blas(11), on_ref(11);
  define(on_blas), define(on_ref);
  const std::vector<std::vector<float>> given{noise(2 * 20 * kChannels, 1), noise(2 * 80 * kOutputs, 5)};
  const std::vector<std::vector<int64_t>> shapes{{2, 5, 4, kChannels}, {2, 10, 8, kOutputs}};
  const auto together = open_on_cpu_blas(on_blas);
  CHECK(kernel_of(*together, "c") == "ConvTranspose+Mul+Relu+Add");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  auto plain = Session::open_model(on_ref.build(), options);
  REQUIRE(plain.is_ok());
  const std::vector<float> expected = run_floats(**plain, given, shapes);
  CHECK(largest_error(run_floats(*together, given, shapes), {expected.begin(), expected.end()}, 8) < 16);
}
