// Convolutions of three spatial dimensions on cpu_blas against cpu_ref, at every instruction set.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Case {
  std::vector<int64_t> x, w;
  std::vector<Attribute> attributes = {};
  int64_t groups = 1;
  bool has_relu = false;
};

size_t count_of(const std::vector<int64_t>& shape) {
  size_t n = 1;
  for (const int64_t d : shape) n *= static_cast<size_t>(d);
  return n;
}

std::vector<float> run_on(const Case& c, const std::string& provider, const std::string& isa) {
  GraphBuilder b(11);
  b.input("x", TN_FLOAT, c.x);
  b.constant<float>("w", c.w, noise(count_of(c.w), 2));
  b.constant<float>("b", {c.w[0]}, noise(static_cast<size_t>(c.w[0]), 3));
  std::vector<Attribute> attributes = c.attributes;
  attributes.push_back(int_attr("group", c.groups));
  b.node("Conv", {"x", "w", "b"}, {"y"}, attributes);
  if (c.has_relu) b.node("Relu", {"y"}, {"z"});
  b.output(c.has_relu ? "z" : "y");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = 2;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  return run_floats(**session, {noise(count_of(c.x), 1)}, {c.x});
}

void check(const Case& c) {
  const std::vector<float> expected = run_on(c, "cpu_ref", "");
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa, c.x, c.w);
    CHECK(largest_error(run_on(c, "cpu_blas", isa), {expected.begin(), expected.end()}, 16) < 16);
  }
}

}  // namespace

TEST_CASE("convolutions of three dimensions agree with cpu_ref", "[cpu_blas][conv]") {
  const std::vector<int64_t> x{2, 4, 5, 9, 11};
  check({x, {7, 4, 3, 3, 3}, {ints_attr("pads", {1, 1, 1, 1, 1, 1})}});
  check({x, {7, 4, 3, 3, 3}, {ints_attr("strides", {2, 2, 3})}, 1, true});
  check({x, {7, 4, 2, 3, 3}, {ints_attr("dilations", {2, 3, 1}), ints_attr("pads", {2, 0, 1, 0, 3, 1})}});
  check({x, {8, 2, 3, 3, 3}, {ints_attr("pads", {1, 1, 1, 1, 1, 1})}, 2});
  check({x, {8, 1, 3, 3, 3}, {ints_attr("pads", {1, 1, 1, 1, 1, 1})}, 4, true});
  check({x, {7, 4, 1, 3, 3}, {ints_attr("strides", {2, 1, 1})}});
}

TEST_CASE("convolutions that go from plane to plane alone agree with cpu_ref", "[cpu_blas][conv]") {
  const std::vector<int64_t> x{2, 4, 5, 9, 11};
  check({x, {7, 4, 1, 1, 1}, {}, 1, true});
  check({x, {7, 4, 3, 1, 1}, {ints_attr("strides", {2, 1, 1}), ints_attr("pads", {1, 0, 0, 1, 0, 0})}});
  check({x, {8, 1, 3, 1, 1}, {ints_attr("pads", {1, 0, 0, 1, 0, 0})}, 4});
  check({x, {7, 4, 1, 1, 1}, {ints_attr("strides", {1, 2, 2})}});
}
