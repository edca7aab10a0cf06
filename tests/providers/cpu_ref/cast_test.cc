#include <catch2/catch.hpp>
#include <limits>

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
