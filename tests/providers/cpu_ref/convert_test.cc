#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/packed_codes.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;
using Bytes = std::vector<uint8_t>;

namespace {

host::Tensor floats_of(const Floats& values) {
  return make_tensor<float>({static_cast<int64_t>(values.size())}, values);
}

host::Tensor cast(const host::Tensor& x, tn_dtype to, std::vector<host::Attribute> more = {}, int64_t opset = 25) {
  more.push_back(int_attr("to", to));
  auto outputs = run_operator({"Cast", opset, {x}, more});
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  return outputs->front();
}

Bytes bytes_of(const host::Tensor& t) {
  const uint8_t* data = static_cast<const uint8_t*>(t.data());
  return Bytes(data, data + t.byte_length());
}

// The values of the codes 0 to 31; the sign bit makes 32 to 63 of them.
const Floats kE2M3 = {0,      0.125f, 0.25f,  0.375f, 0.5f,   0.625f, 0.75f, 0.875f, 1,     1.125f, 1.25f,
                      1.375f, 1.5f,   1.625f, 1.75f,  1.875f, 2,      2.25f, 2.5f,   2.75f, 3,      3.25f,
                      3.5f,   3.75f,  4,      4.5f,   5,      5.5f,   6,     6.5f,   7,     7.5f};
const Floats kE3M2 = {0,      0.0625f, 0.125f, 0.1875f, 0.25f, 0.3125f, 0.375f, 0.4375f, 0.5f, 0.625f, 0.75f,
                      0.875f, 1,       1.25f,  1.5f,    1.75f, 2,       2.5f,   3,       3.5f, 4,      5,
                      6,      7,       8,      10,      12,    14,      16,     20,      24,   28};

const Floats& magnitudes_of(tn_dtype dtype) {
  return dtype == TN_FLOAT6E2M3 ? kE2M3 : kE3M2;
}

Floats all_values_of(tn_dtype dtype) {
  Floats values = magnitudes_of(dtype);
  for (const float magnitude : magnitudes_of(dtype)) values.push_back(-magnitude);
  return values;
}

Bytes all_codes() {
  Bytes codes;
  for (uint8_t code = 0; code < 64; ++code) codes.push_back(code);
  return codes;
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

std::vector<std::string> texts(const host::Tensor& t) {
  std::vector<std::string> all;
  for (int64_t i = 0; i < t.element_count(); ++i) all.emplace_back(t.string_at(i));
  return all;
}

}  // namespace

TEST_CASE("Cast before opset 6 names its type", "[cpu_ref]") {
  CHECK(first_output<int32_t>({"Cast", 5, {floats_of({1.9f, -1.9f})}, {string_attr("to", "INT32")}}) ==
        std::vector<int32_t>{1, -1});
}

TEST_CASE("Cast writes floats as the shortest text that reads back", "[cpu_ref]") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(texts(cast(floats_of({314.25f, 1, 0.1f, 1e-5f, 1e16f, -infinity}), TN_STRING)) ==
        std::vector<std::string>{"314.25", "1.0", "0.1", "1e-05", "1e+16", "-inf"});
}

TEST_CASE("Cast reads plain, scientific and special numbers from text", "[cpu_ref]") {
  const host::Tensor y = cast(tensor_of_strings({6}, {"3.14", "1e-5", "+INF", "-inf", "1E400", " 7 "}), TN_FLOAT);
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(Floats(y.span<float>().begin(), y.span<float>().end()) ==
        Floats{3.14f, 1e-5f, infinity, -infinity, infinity, 7});
}

TEST_CASE("Cast quotes text that is no number", "[cpu_ref]") {
  const auto outputs =
      run_operator({"Cast", 19, {tensor_of_strings({1}, {"Hello World!"})}, {int_attr("to", TN_FLOAT)}});
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Catch::Contains("'Hello World!'"));
}

TEST_CASE("Cast keeps the low bits of integers", "[cpu_ref]") {
  const auto x = make_tensor<int32_t>({2}, std::vector<int32_t>{200, -129});
  CHECK(bytes_of(cast(x, TN_INT8)) == Bytes{200, 127});
}

TEST_CASE("Cast rounds to float16 once, from the double itself", "[cpu_ref]") {
  // Just above the middle between 1 and the next float16: by way of float it would become the middle and round down.
  const auto x = make_tensor<double>({1}, std::vector<double>{1 + 0x1p-11 + 0x1p-40});
  CHECK(bytes_of(cast(x, TN_FLOAT16)) == Bytes{0x01, 0x3c});
}

TEST_CASE("Cast rounds large integers to bfloat16 once", "[cpu_ref]") {
  const auto x = make_tensor<int64_t>({1}, std::vector<int64_t>{(int64_t(1) << 61) + (int64_t(1) << 53) + 1});
  CHECK(bytes_of(cast(x, TN_BFLOAT16)) == Bytes{0x01, 0x5e});
}

TEST_CASE("Cast to float8 saturates, or overflows as each format does", "[cpu_ref]") {
  const auto x = floats_of({1e6f, -1e6f, -0.0f});
  CHECK(bytes_of(cast(x, TN_FLOAT8E4M3FN)) == Bytes{0x7e, 0xfe, 0x80});
  CHECK(bytes_of(cast(x, TN_FLOAT8E4M3FN, {int_attr("saturate", 0)})) == Bytes{0x7f, 0xff, 0x80});
  CHECK(bytes_of(cast(x, TN_FLOAT8E4M3FNUZ, {int_attr("saturate", 0)})) == Bytes{0x80, 0x80, 0x00});
  CHECK(bytes_of(cast(x, TN_FLOAT8E5M2)) == Bytes{0x7b, 0xfb, 0x80});
  CHECK(bytes_of(cast(x, TN_FLOAT8E5M2, {int_attr("saturate", 0)})) == Bytes{0x7c, 0xfc, 0x80});
}

TEST_CASE("Cast to float8e8m0 rounds by its mode", "[cpu_ref]") {
  const auto x = floats_of({1, 1.25f, 1.5f, 0});
  CHECK(bytes_of(cast(x, TN_FLOAT8E8M0)) == Bytes{127, 128, 128, 0});
  CHECK(bytes_of(cast(x, TN_FLOAT8E8M0, {string_attr("round_mode", "down")})) == Bytes{127, 127, 127, 0});
  CHECK(bytes_of(cast(x, TN_FLOAT8E8M0, {string_attr("round_mode", "nearest"), int_attr("saturate", 0)})) ==
        Bytes{127, 127, 128, 255});
}

TEST_CASE("Cast of every float16 to float and back changes nothing", "[cpu_ref]") {
  Bytes all;
  for (uint32_t code = 0; code < 0x10000; ++code) {
    const bool is_nan = (code & 0x7c00) == 0x7c00 && (code & 0x3ff) != 0;
    all.push_back(static_cast<uint8_t>(is_nan ? 0 : code & 0xff));
    all.push_back(static_cast<uint8_t>(is_nan ? 0 : code >> 8));
  }
  const host::Tensor x = tensor_of_bytes(TN_FLOAT16, {0x10000}, all);
  CHECK(bytes_of(cast(cast(x, TN_FLOAT), TN_FLOAT16)) == all);
}

TEST_CASE("Cast packs 4-bit and 2-bit integers from the lowest bits up", "[cpu_ref]") {
  const auto x = make_tensor<int32_t>({5}, std::vector<int32_t>{1, -2, 3, 0, -1});
  CHECK(bytes_of(cast(x, TN_INT4)) == Bytes{0xe1, 0x03, 0x0f});
  CHECK(bytes_of(cast(x, TN_INT2)) == Bytes{0x39, 0x03});
  CHECK(bytes_of(cast(cast(x, TN_INT4), TN_INT8)) == Bytes{1, 0xfe, 3, 0, 0xff});
}

TEST_CASE("Cast of floats to 4-bit and 2-bit integers rounds to nearest even and keeps the low bits", "[cpu_ref]") {
  const auto x = make_tensor<float>({8}, std::vector<float>{0.5f, 1.5f, 2.5f, -0.6f, -1.5f, 7.4f, 2.6f, 16});
  CHECK(bytes_of(cast(x, TN_INT4)) == Bytes{0x20, 0xf2, 0x7e, 0x03});
  CHECK(bytes_of(cast(x, TN_UINT4)) == Bytes{0x20, 0xf2, 0x7e, 0x03});
  CHECK(bytes_of(cast(x, TN_INT2)) == Bytes{0xe8, 0x3e});
  CHECK(bytes_of(cast(x, TN_INT8)) == Bytes{0, 1, 2, 0, 0xff, 7, 2, 16});
}

TEST_CASE("Cast of every 6-bit float code gives its value", "[cpu_ref]") {
  for (const tn_dtype dtype : {TN_FLOAT6E2M3, TN_FLOAT6E3M2}) {
    const host::Tensor x = tensor_of_bytes(dtype, {64}, packed_codes(6, all_codes()));
    const host::Tensor y = cast(x, TN_FLOAT, {}, 28);
    const Floats expected = all_values_of(dtype);
    for (size_t i = 0; i < 64; ++i) CHECK(bits_of(y.span<float>()[i]) == bits_of(expected[i]));
  }
}

TEST_CASE("Cast of every value of a 6-bit float gives its code", "[cpu_ref]") {
  for (const tn_dtype dtype : {TN_FLOAT6E2M3, TN_FLOAT6E3M2})
    CHECK(bytes_of(cast(floats_of(all_values_of(dtype)), dtype, {}, 28)) == packed_codes(6, all_codes()));
}

TEST_CASE("Cast to 6-bit floats rounds halves to even and all else to the nearest", "[cpu_ref]") {
  for (const tn_dtype dtype : {TN_FLOAT6E2M3, TN_FLOAT6E3M2}) {
    Floats x;
    Bytes codes;
    const Floats& values = magnitudes_of(dtype);
    for (uint8_t code = 0; code < 31; ++code) {
      const float middle = (values[code] + values[code + 1u]) / 2;
      x.insert(x.end(), {std::nextafter(middle, 0.f), middle, -std::nextafter(middle, 99.f)});
      codes.insert(codes.end(), {code, uint8_t(code + code % 2), uint8_t(32 + code + 1)});
    }
    CHECK(bytes_of(cast(floats_of(x), dtype, {}, 28)) == packed_codes(6, codes));
  }
}

TEST_CASE("Cast to 6-bit floats saturates whatever the attribute says, and makes -0 of NaN", "[cpu_ref]") {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto x = floats_of({infinity, -infinity, 1e6f, -1e6f, -0.0f, -1e-9f, nan});
  for (const tn_dtype dtype : {TN_FLOAT6E2M3, TN_FLOAT6E3M2})
    for (const int64_t saturate : {0, 1})
      CHECK(bytes_of(cast(x, dtype, {int_attr("saturate", saturate)}, 28)) ==
            packed_codes(6, {31, 63, 31, 63, 32, 32, 32}));
}

TEST_CASE("Cast packs more 6-bit floats than one block without gaps", "[cpu_ref]") {
  std::vector<int32_t> x;
  Bytes codes;
  for (int32_t i = 0; i < 601; ++i) {
    x.push_back(i % 4);
    codes.push_back(uint8_t(Bytes{0, 12, 16, 18}[size_t(i % 4)]));
  }
  const host::Tensor y = cast(make_tensor<int32_t>({601}, x), TN_FLOAT6E3M2, {}, 28);
  CHECK(bytes_of(y) == packed_codes(6, codes));
  CHECK(bytes_of(cast(cast(y, TN_FLOAT6E2M3, {}, 28), TN_FLOAT6E3M2, {}, 28)) == bytes_of(y));
}

TEST_CASE("a double that float only nears is rounded to half once", "[cpu_ref]") {
  // The first float is half way between two halves, of which it would take the even one.
  const std::vector<double> values{1 + std::ldexp(1.0, -11) + std::ldexp(1.0, -40), 1, 2.5};
  const auto y = cast(make_tensor<double>({3}, values), TN_FLOAT16);
  CHECK(bytes_of(y) == Bytes{0x01, 0x3c, 0x00, 0x3c, 0x00, 0x41});
}
