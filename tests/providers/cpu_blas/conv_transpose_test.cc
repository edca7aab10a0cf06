// ConvTranspose on cpu_blas against cpu_ref: strides, dilations, groups and paddings, at every instruction set.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Case {
  std::vector<int64_t> x, w;
  std::vector<Attribute> attributes = {};
  int64_t groups = 1;
  bool weight_is_given = false;
};

std::vector<float> run_on(const Case& c, const std::string& provider, const std::string& isa) {
  const auto count = [](const std::vector<int64_t>& shape) {
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  };
  GraphBuilder b(11);
  const std::vector<float> w = noise(count(c.w), 2);
  b.input("x", TN_FLOAT, c.x);
  c.weight_is_given ? b.input("w", TN_FLOAT, c.w) : b.constant<float>("w", c.w, w);
  const int64_t filters = c.w[1] * c.groups;
  b.constant<float>("b", {filters}, noise(static_cast<size_t>(filters), 3));
  std::vector<Attribute> attributes = c.attributes;
  attributes.push_back(int_attr("group", c.groups));
  b.node("ConvTranspose", {"x", "w", "b"}, {"y"}, attributes);
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

void check(const Case& c) {
  const std::vector<float> expected = run_on(c, "cpu_ref", "");
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa, c.x, c.w);
    CHECK(largest_error(run_on(c, "cpu_blas", isa), {expected.begin(), expected.end()}, 8) < 16);
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
