// Float16 and BFloat16 of the SDK, bit for bit.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <tenon/sdk/dtype.hpp>

using namespace tenon::sdk;

namespace {

bool is_nan_bits(uint16_t bits) {
  return (bits & 0x7c00u) == 0x7c00u && (bits & 0x3ffu) != 0;
}

}  // namespace

TEST_CASE("every float16 survives the way through float", "[sdk]") {
  unsigned wrong = 0;
  for (uint32_t bits = 0; bits <= 0xffffu; ++bits) {
    const Float16 back(float(Float16::from_bits(uint16_t(bits))));
    wrong += is_nan_bits(uint16_t(bits)) ? !is_nan_bits(back.bits) : back.bits != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("every bfloat16 but NaN survives the way through float", "[sdk]") {
  unsigned wrong = 0;
  for (uint32_t bits = 0; bits <= 0xffffu; ++bits) {
    const float value = BFloat16::from_bits(uint16_t(bits));
    const BFloat16 back(value);
    wrong += std::isnan(value) ? !std::isnan(float(back)) : back.bits != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("float16 has the values of the standard", "[sdk]") {
  CHECK(Float16(1.0f).bits == 0x3c00);
  CHECK(Float16(-2.0f).bits == 0xc000);
  CHECK(Float16(65504.0f).bits == 0x7bff);
  CHECK(Float16(std::ldexp(1.0f, -14)).bits == 0x0400);
  CHECK(Float16(std::ldexp(1.0f, -24)).bits == 0x0001);
  CHECK(Float16(-0.0f).bits == 0x8000);
  CHECK(Float16(std::numeric_limits<float>::infinity()).bits == 0x7c00);
  CHECK(is_nan_bits(Float16(std::nanf("")).bits));
}

TEST_CASE("float16 rounds to nearest, ties to even", "[sdk]") {
  CHECK(Float16(1.0f + std::ldexp(1.0f, -11)).bits == 0x3c00);
  CHECK(Float16(1.0f + 3 * std::ldexp(1.0f, -11)).bits == 0x3c02);
  CHECK(Float16(1.0f + std::ldexp(1.0f, -11) + std::ldexp(1.0f, -20)).bits == 0x3c01);
  CHECK(Float16(std::nextafter(65520.0f, 0.0f)).bits == 0x7bff);
  CHECK(Float16(65520.0f).bits == 0x7c00);
  CHECK(Float16(std::ldexp(1.0f, -25)).bits == 0x0000);
  CHECK(Float16(std::ldexp(1.5f, -25)).bits == 0x0001);
  CHECK(Float16(std::ldexp(1.5f, -24)).bits == 0x0002);
}

TEST_CASE("bfloat16 rounds to nearest, ties to even", "[sdk]") {
  CHECK(BFloat16(1.0f).bits == 0x3f80);
  CHECK(BFloat16(1.0f + std::ldexp(1.0f, -8)).bits == 0x3f80);
  CHECK(BFloat16(1.0f + 3 * std::ldexp(1.0f, -8)).bits == 0x3f82);
  CHECK(BFloat16(std::numeric_limits<float>::max()).bits == 0x7f80);
  CHECK(std::isnan(float(BFloat16(detail::float_of(0x7f800001u)))));
}
