#include "tools/support/elements.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

namespace tenon::tools {
namespace {

// A tensor of `count` elements with these bytes.
Tensor tensor_of(uint32_t dtype, int64_t count, const std::vector<uint8_t>& bytes) {
  Tensor tensor = Tensor::zeros(dtype, {count});
  REQUIRE(tensor.view().byte_length() == bytes.size());
  std::memcpy(tensor.mutable_raw(), bytes.data(), bytes.size());
  return tensor;
}

double byte_float(uint32_t dtype, uint8_t bits) {
  return floating_element(tensor_of(dtype, 1, {bits}).view(), 0).real();
}

double half(uint32_t dtype, uint16_t bits) {
  return floating_element(tensor_of(dtype, 1, {static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}).view(), 0)
      .real();
}

TEST_CASE("float16 and bfloat16 elements have their IEEE values", "[tools]") {
  CHECK(half(TENON_DTYPE_FLOAT16, 0x3c00) == 1.0);
  CHECK(half(TENON_DTYPE_FLOAT16, 0xc100) == -2.5);
  CHECK(half(TENON_DTYPE_FLOAT16, 0x0001) == std::ldexp(1.0, -24));
  CHECK(half(TENON_DTYPE_FLOAT16, 0x7bff) == 65504.0);
  CHECK(std::isinf(half(TENON_DTYPE_FLOAT16, 0x7c00)));
  CHECK(std::isnan(half(TENON_DTYPE_FLOAT16, 0x7e00)));
  CHECK(half(TENON_DTYPE_BFLOAT16, 0x3fc0) == 1.5);
  CHECK(half(TENON_DTYPE_BFLOAT16, 0xff80) == -INFINITY);
}

TEST_CASE("each 8-bit float has its own largest value and its own NaN", "[tools]") {
  CHECK(byte_float(TENON_DTYPE_FLOAT8E4M3FN, 0x7e) == 448.0);
  CHECK(std::isnan(byte_float(TENON_DTYPE_FLOAT8E4M3FN, 0x7f)));
  CHECK(byte_float(TENON_DTYPE_FLOAT8E4M3FNUZ, 0x7f) == 240.0);
  CHECK(std::isnan(byte_float(TENON_DTYPE_FLOAT8E4M3FNUZ, 0x80)));
  CHECK(byte_float(TENON_DTYPE_FLOAT8E5M2, 0x7b) == 57344.0);
  CHECK(std::isinf(byte_float(TENON_DTYPE_FLOAT8E5M2, 0x7c)));
  CHECK(byte_float(TENON_DTYPE_FLOAT8E5M2FNUZ, 0x7f) == 57344.0);
  CHECK(byte_float(TENON_DTYPE_FLOAT8E8M0, 127) == 1.0);
  CHECK(std::isnan(byte_float(TENON_DTYPE_FLOAT8E8M0, 255)));
}

TEST_CASE("packed types are read from the lowest bits up", "[tools]") {
  const Tensor int4 = tensor_of(TENON_DTYPE_INT4, 3, {0xf1, 0x08});
  CHECK(integer_element(int4.view(), 0) == 1);
  CHECK(integer_element(int4.view(), 1) == -1);
  CHECK(integer_element(int4.view(), 2) == -8);
  const Tensor uint2 = tensor_of(TENON_DTYPE_UINT2, 4, {0b11100100});
  for (int64_t i = 0; i < 4; ++i) CHECK(integer_element(uint2.view(), i) == i);
  const Tensor float4 = tensor_of(TENON_DTYPE_FLOAT4E2M1, 2, {0x97});
  CHECK(floating_element(float4.view(), 0).real() == 6.0);
  CHECK(floating_element(float4.view(), 1).real() == -0.5);
  // Codes 0x1f, 0x29, 0x20, 0x01 and 0x3f.
  const std::vector<uint8_t> codes = {0x5f, 0x0a, 0x06, 0x3f};
  const std::vector<double> e2m3 = {7.5, -1.125, -0.0, 0.125, -7.5}, e3m2 = {28, -0.625, -0.0, 0.0625, -28};
  for (int64_t i = 0; i < 5; ++i) {
    CHECK(floating_element(tensor_of(TENON_DTYPE_FLOAT6E2M3, 5, codes).view(), i).real() ==
          e2m3[static_cast<size_t>(i)]);
    CHECK(floating_element(tensor_of(TENON_DTYPE_FLOAT6E3M2, 5, codes).view(), i).real() ==
          e3m2[static_cast<size_t>(i)]);
  }
}

TEST_CASE("elements are written as people write them", "[tools]") {
  CHECK(element_text(tensor_of(TENON_DTYPE_BOOL, 2, {1, 0}).view(), 0) == "true");
  CHECK(element_text(tensor_of(TENON_DTYPE_UINT64, 1, std::vector<uint8_t>(8, 0xff)).view(), 0) ==
        "18446744073709551615");
  CHECK(element_text(tensor_of(TENON_DTYPE_COMPLEX64, 1, {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}).view(), 0) == "1-2i");
  CHECK(element_text(Tensor::strings({1}, {"word"}).view(), 0) == "'word'");
}

}  // namespace
}  // namespace tenon::tools
