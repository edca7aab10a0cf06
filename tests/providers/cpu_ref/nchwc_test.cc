#include <tenon/environment.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;
using Floats = std::vector<float>;

namespace {

host::Tensor counted(const std::vector<int64_t>& shape, float step = 1) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  Floats values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(i) * step;
  return make_tensor<float>(shape, values);
}

const std::string kBlocked = "com.microsoft.nchwc:";

/// As onnxruntime has it.
bool has_blocks_of_16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return true;
#endif
}

}  // namespace

TEST_CASE("Conv of few channels reads them as they come and writes blocks", "[cpu_ref]") {
  // Filter o takes o from either channel.
  Floats weights;
  for (int input = 0; input < 2; ++input)
    for (int o = 0; o < 8; ++o) weights.push_back(float(o));
  const auto w = make_tensor<float>({8, 2, 1, 1}, weights);
  const auto x = make_tensor<float>({1, 2, 1, 2}, Floats{1, 2, 10, 20});
  CHECK(first_output<float>({kBlocked + "Conv", 18, {x, w}, {int_attr("group", 1)}}) ==
        Floats{0, 11, 22, 33, 44, 55, 66, 77, 0, 22, 44, 66, 88, 110, 132, 154});
}

TEST_CASE("Conv reads weights in blocks of inputs and outputs, or of outputs where each channel has its own",
          "[cpu_ref]") {
  Floats identity(64);
  for (size_t i = 0; i < 8; ++i) identity[i * 8 + (i + 1) % 8] = 1;  // input i goes to output i + 1
  const auto x = counted({1, 8, 1, 1});
  const auto w = make_tensor<float>({8, 8, 1, 1}, identity);
  CHECK(first_output<float>({kBlocked + "Conv", 18, {x, w}}) == Floats{7, 0, 1, 2, 3, 4, 5, 6});
  const auto own = counted({8, 1, 1, 1}, 0.5f);
  CHECK(first_output<float>({kBlocked + "Conv", 18, {x, own}, {int_attr("group", 8)}}) ==
        Floats{0, 0.5f, 2, 4.5f, 8, 12.5f, 18, 24.5f});
}

TEST_CASE("MaxPool and ReorderOutput read blocks", "[cpu_ref]") {
  const auto x = counted({1, 8, 1, 2});
  CHECK(first_output<float>({kBlocked + "MaxPool", 18, {x}, {ints_attr("kernel_shape", {1, 2})}}) ==
        Floats{8, 9, 10, 11, 12, 13, 14, 15});
  CHECK(first_output<float>({kBlocked + "ReorderOutput", 18, {x}, {int_attr("channels", 3)}}) ==
        Floats{0, 8, 1, 9, 2, 10});
  CHECK(first_output<float>(
            {kBlocked + "ReorderOutput", 18, {x}, {int_attr("channels", 3), int_attr("channels_last", 1)}}) ==
        Floats{0, 1, 2, 8, 9, 10});
}

TEST_CASE("between an infinity and a number Upsample finds the infinity", "[cpu_ref]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Floats values(16, -kInfinity), expected(32, -kInfinity);
  std::fill_n(values.begin() + 8, 8, 2.0f);
  std::fill_n(expected.begin() + 16, 16, 2.0f);
  const auto x = make_tensor<float>({1, 8, 1, 2}, values);
  const auto scales = ints_attr("scales", {1, 1, 1, 2});
  CHECK(first_output<float>({kBlocked + "Upsample", 18, {x}, {scales, string_attr("mode", "linear")}}) == expected);
}

TEST_CASE("Upsample that repeats knows no other coordinates than those of the input by its scale", "[cpu_ref]") {
  const auto runs = [](const char* mode, const char* placing) {
    const auto scales = ints_attr("scales", {1, 1, 1, 2});
    return run_operator({kBlocked + "Upsample",
                         18,
                         {counted({1, 8, 1, 2})},
                         {scales, string_attr("mode", mode), string_attr("coordinate_transformation_mode", placing)}})
        .is_ok();
  };
  for (const char* placing : {"half_pixel", "align_corners"}) {
    CHECK(runs("linear", placing));
    CHECK_FALSE(runs("nearest", placing));
  }
  CHECK(runs("nearest", "asymmetric"));
}

TEST_CASE("blocks that nothing tells the size of are the processor's, of which a warning speaks", "[cpu_ref]") {
  std::vector<std::string> warnings;
  const auto listen = [](void* lines, int, const char* text) {
    static_cast<std::vector<std::string>*>(lines)->emplace_back(text);
  };
  REQUIRE(tenon_log_set(listen, &warnings, TENON_LOG_WARN) == TENON_OK);
  const auto found = first_output<float>({kBlocked + "ReorderInput", 18, {counted({1, 16, 1, 2})}});
  REQUIRE(tenon_log_set(nullptr, nullptr, TENON_LOG_DEFAULT) == TENON_OK);
  Floats expected;
  const int block = has_blocks_of_16() ? 16 : 8;
  for (int first = 0; first < 16; first += block)
    for (int pixel = 0; pixel < 2; ++pixel)
      for (int c = first; c < first + block; ++c) expected.push_back(float(2 * c + pixel));
  CHECK(found == expected);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Contains("blocks of 8 or 16") && Contains(std::to_string(block) + " is taken"));
}
