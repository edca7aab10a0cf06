#include <catch2/catch.hpp>
#include <random>
#include <tenon/sdk/geometry/window.hpp>

using namespace tenon::sdk;
using Catch::Contains;

TEST_CASE("auto_pad is one of four names, or empty for the default", "[sdk]") {
  CHECK(parse_auto_pad("").value() == AutoPad::kNotSet);
  CHECK(parse_auto_pad("NOTSET").value() == AutoPad::kNotSet);
  CHECK(parse_auto_pad("VALID").value() == AutoPad::kValid);
  CHECK(parse_auto_pad("SAME_UPPER").value() == AutoPad::kSameUpper);
  CHECK(parse_auto_pad("SAME_LOWER").value() == AutoPad::kSameLower);
  for (const char* name : {"SAME", "notset", "VALID ", "SAME_UPPER_"}) {
    auto refused = parse_auto_pad(name);
    REQUIRE_FALSE(refused.is_ok());
    CHECK_THAT(refused.take_status().message(), Contains(std::string("'") + name + "', expected NOTSET"));
  }
}

TEST_CASE("a window reaches every input that it may, and no other", "[sdk]") {
  for (const AutoPad mode : {AutoPad::kNotSet, AutoPad::kValid, AutoPad::kSameUpper, AutoPad::kSameLower})
    for (int64_t in = 0; in <= 7; ++in)
      for (int64_t kernel = 1; kernel <= 3; ++kernel)
        for (int64_t stride = 1; stride <= 3; ++stride)
          for (int64_t dilation = 1; dilation <= 2; ++dilation) {
            WindowAttributes attributes;
            attributes.strides = {stride};
            attributes.dilations = {dilation};
            attributes.pads = {1, 2};
            attributes.auto_pad = mode;
            auto fitted = attributes.fit(0, 1, in, kernel);
            if (!fitted.is_ok()) continue;
            const WindowAxis& axis = fitted.value();
            INFO("mode " << int(mode) << ", " << in << " elements, kernel " << kernel << ", stride " << stride
                         << ", dilation " << dilation);
            if (attributes.is_same()) CHECK(axis.out == (in + stride - 1) / stride);
            if (mode == AutoPad::kNotSet) CHECK(axis.pad_begin + axis.pad_end == 3);
            if (mode == AutoPad::kValid) CHECK(axis.pad_begin + axis.pad_end == 0);
            for (int64_t k = 0; k < kernel; ++k) {
              const auto range = axis.inside(k);
              for (int64_t o = 0; o < axis.out; ++o) {
                const int64_t at = axis.input_of(o, k);
                CHECK((o >= range.begin && o < range.end) == (at >= 0 && at < in));
              }
            }
            // The last window ends within the padding, and another would not.
            if (attributes.is_same()) continue;
            const int64_t end = axis.input_of(axis.out - 1, kernel - 1) + 1;
            CHECK(end <= in + axis.pad_end);
            CHECK(end + stride > in + axis.pad_end);
          }
}

TEST_CASE("a window needs an axis to move along", "[sdk]") {
  WindowAttributes attributes;
  CHECK(attributes.check_rank(1).is_ok());
  CHECK_FALSE(attributes.check_rank(0).is_ok());
  CHECK_FALSE(attributes.resolve(Shape{}, Shape{}).is_ok());
  CHECK_FALSE(TransposedAttributes{attributes, {}, {}}.resolve(Shape{}, Shape{}).is_ok());
}

TEST_CASE("the window of a transposed convolution fits its output as often as it has inputs", "[sdk]") {
  for (int64_t size = 1; size <= 5; ++size)
    for (int64_t kernel = 1; kernel <= 3; ++kernel)
      for (int64_t stride = 1; stride <= 3; ++stride) {
        TransposedAttributes transposed;
        transposed.window.strides = {stride};
        const WindowAxis axis = transposed.fit(0, 1, size, kernel).value();
        WindowAttributes forward;
        forward.strides = {stride};
        CHECK(forward.fit(0, 1, axis.in, kernel).value().out == size);
      }
}

TEST_CASE("a transposed convolution of no inputs is a step shorter than one of one", "[sdk]") {
  TransposedAttributes transposed;
  transposed.window.strides = {2};
  CHECK(transposed.fit(0, 1, 1, 5).value().in == 5);
  CHECK(transposed.fit(0, 1, 0, 5).value().in == 3);
  CHECK(transposed.fit(0, 1, 0, 2).value().in == 0);
  CHECK_FALSE(transposed.fit(0, 1, 0, 1).is_ok());
}

TEST_CASE("what a transposed convolution adds to its output is less than a step", "[sdk]") {
  TransposedAttributes transposed;
  transposed.window.strides = {2}, transposed.window.dilations = {3};
  transposed.output_padding = {3};
  CHECK(transposed.fit(0, 1, 4, 2).is_ok());
  transposed.limits_padding = true;
  CHECK_FALSE(transposed.fit(0, 1, 4, 2).is_ok());
  transposed.output_padding = {2};
  CHECK(transposed.fit(0, 1, 4, 2).is_ok());
}

TEST_CASE("a window over an axis near the limit of 64 bits is refused, not wrapped", "[sdk]") {
  WindowAttributes attributes;
  attributes.pads = {1, 1};
  CHECK_FALSE(attributes.fit(0, 1, INT64_MAX, 3).is_ok());
  TransposedAttributes transposed;
  transposed.window.strides = {3};
  CHECK_FALSE(transposed.fit(0, 1, INT64_MAX / 2, 3).is_ok());
}

TEST_CASE("the next kernel position that meets the input is the next whose range of outputs is not empty", "[sdk]") {
  std::mt19937 random(11);
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int i = 0; i < 5000; ++i) {
    const WindowAxis axis{draw(0, 6), draw(0, 6), draw(1, 9), draw(1, 5), draw(1, 5), draw(0, 20), 0};
    CAPTURE(axis.in, axis.out, axis.kernel, axis.stride, axis.dilation, axis.pad_begin);
    int64_t expected = axis.kernel;
    for (int64_t k = axis.kernel; k-- > 0;) {
      const WindowAxis::Range outputs = axis.inside(k);
      if (outputs.begin < outputs.end) expected = k;
      REQUIRE(axis.next_inside(k) == expected);
    }
  }
}

TEST_CASE("a huge kernel over padding is passed over, not walked", "[sdk]") {
  constexpr int64_t kHuge = (int64_t{1} << 31) - 1;
  const WindowAxis axis{4, 2, kHuge, kHuge, 1, kHuge, kHuge};
  int64_t count = 0;
  for (int64_t k = axis.next_inside(0); k < axis.kernel; k = axis.next_inside(k + 1)) ++count;
  CHECK(count == 4);
}
