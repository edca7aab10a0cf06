// Resize on cpu_blas against cpu_ref: modes, coordinates, axes that are last or not, at every instruction set.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

std::vector<float> resized(const std::string& provider, const std::string& isa, const std::vector<int64_t>& shape,
                           const std::vector<int64_t>& sizes, const std::vector<Attribute>& attributes) {
  GraphBuilder b(19);
  b.input("x", TN_FLOAT, shape);
  b.constant<int64_t>("sizes", {static_cast<int64_t>(sizes.size())}, sizes);
  b.node("Resize", {"x", "", "", "sizes"}, {"y"}, attributes);
  b.output("y");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = 2;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  size_t count = 1;
  for (const int64_t d : shape) count *= static_cast<size_t>(d);
  return run_floats(**session, {noise(count, 3)}, {shape});
}

void check(const std::vector<int64_t>& shape, const std::vector<int64_t>& sizes,
           const std::vector<Attribute>& attributes) {
  const std::vector<float> expected = resized("cpu_ref", "", shape, sizes, attributes);
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa, shape, sizes);
    CHECK(largest_error(resized("cpu_blas", isa, shape, sizes, attributes), {expected.begin(), expected.end()}, 1) <
          16);
  }
}

const std::vector<std::pair<std::vector<int64_t>, std::vector<int64_t>>> kShapes = {
    {{2, 3, 5, 7}, {2, 3, 10, 14}},     {{2, 3, 5, 17}, {2, 3, 20, 68}}, {{1, 2, 9, 40}, {1, 2, 4, 23}},
    {{1, 2, 9, 40}, {1, 2, 9, 80}},     {{1, 2, 9, 40}, {1, 2, 27, 40}}, {{1, 6, 7, 5}, {1, 13, 15, 5}},
    {{1, 2, 3, 4, 5}, {1, 2, 7, 9, 4}}, {{2, 3, 21}, {2, 3, 50}},        {{3, 2, 2, 3}, {5, 2, 4, 7}}};

}  // namespace

TEST_CASE("Resize agrees with cpu_ref in every mode and for every place of the axes", "[cpu_blas][resize]") {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const auto& [shape, sizes] : kShapes) check(shape, sizes, {string_attr("mode", mode)});
}

TEST_CASE("Resize agrees with cpu_ref for every way to map and to round positions", "[cpu_blas][resize]") {
  for (const char* coordinates : {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                  "asymmetric", "tf_half_pixel_for_nn"}) {
    CAPTURE(coordinates);
    const Attribute mapped = string_attr("coordinate_transformation_mode", coordinates);
    check({1, 2, 9, 20}, {1, 2, 18, 33}, {string_attr("mode", "linear"), mapped});
    check({1, 2, 9, 20}, {1, 2, 18, 33}, {string_attr("mode", "cubic"), mapped, int_attr("exclude_outside", 1)});
    for (const char* rounding : {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})
      check({1, 2, 9, 20}, {1, 2, 18, 80}, {string_attr("nearest_mode", rounding), mapped});
  }
}
