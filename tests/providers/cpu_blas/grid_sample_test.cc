// GridSample on cpu_blas against cpu_ref: modes, what lies outside, channels.
#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/run_operator.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

Tensor filled(const std::vector<int64_t>& shape, unsigned seed, float scale) {
  size_t count = 1;
  for (const int64_t d : shape) count *= static_cast<size_t>(d);
  std::vector<float> values = noise(count, seed);
  for (float& v : values) v *= scale;
  return make_tensor<float>(shape, values);
}

}  // namespace

TEST_CASE("GridSample agrees with cpu_ref inside of the data and outside", "[cpu_blas][grid_sample]") {
  for (const char* mode : {"nearest", "linear"})
    for (const char* outside : {"zeros", "border", "reflection"})
      for (const int64_t corners : {0, 1}) {
        CAPTURE(mode, outside, corners);
        const OperatorRun wanted{
            "GridSample",
            20,
            {filled({2, 3, 7, 9}, 1, 1), filled({2, 5, 11, 2}, 2, 2.5f)},
            {string_attr("mode", mode), string_attr("padding_mode", outside), int_attr("align_corners", corners)}};
        const auto expected = run_operator(wanted, "cpu_ref"), actual = run_operator(wanted, "cpu_blas");
        INFO(expected.status().message() << actual.status().message());
        REQUIRE((expected.is_ok() && actual.is_ok()));
        const auto e = (*expected)[0].span<float>(), f = (*actual)[0].span<float>();
        CHECK(largest_error({f.begin(), f.end()}, {e.begin(), e.end()}, 1) < 8);
      }
}
