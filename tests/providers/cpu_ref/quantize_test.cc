#include <catch2/catch.hpp>

#include "tests/support/packed_codes.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;
using Bytes = std::vector<uint8_t>;

namespace {

host::Tensor quantize(const OperatorRun& wanted) {
  const auto outputs = run_operator(wanted);
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  return outputs->front();
}

Bytes bytes_of(const host::Tensor& t) {
  const auto* data = static_cast<const uint8_t*>(t.data());
  return Bytes(data, data + t.byte_length());
}

host::Tensor scalar(float value) {
  return make_tensor<float>({}, Floats{value});
}

}  // namespace

// Expected codes and values are those of ml_dtypes.
TEST_CASE("QuantizeLinear rounds and saturates to 6-bit floats of output_dtype", "[cpu_ref]") {
  const auto x = make_tensor<float>({7}, Floats{0.3f, -1.1f, 2.6f, 100, -100, 0, 7.3f});
  const auto to = [&](tn_dtype dtype) {
    return bytes_of(quantize({"QuantizeLinear", 28, {x, scalar(0.5f)}, {int_attr("output_dtype", dtype)}}));
  };
  CHECK(to(TN_FLOAT6E2M3) == packed_codes(6, {5, 49, 26, 31, 63, 0, 31}));
  CHECK(to(TN_FLOAT6E3M2) == packed_codes(6, {9, 48, 21, 31, 63, 0, 27}));
}

TEST_CASE("QuantizeLinear adds a zero point of a 6-bit float before it rounds", "[cpu_ref]") {
  const auto x = make_tensor<float>({7}, Floats{0.3f, -1.1f, 2.6f, 100, -100, 0, 7.3f});
  const auto with = [&](tn_dtype dtype, uint8_t one) {
    const host::Tensor zero_point = tensor_of_bytes(dtype, {}, {one});
    const host::Tensor y = quantize({"QuantizeLinear", 28, {x, scalar(0.5f), zero_point}});
    CHECK(y.dtype() == dtype);
    return bytes_of(y);
  };
  CHECK(with(TN_FLOAT6E2M3, 8) == packed_codes(6, {13, 42, 28, 31, 63, 8, 31}));
  CHECK(with(TN_FLOAT6E3M2, 12) == packed_codes(6, {14, 45, 22, 31, 63, 12, 28}));
}

TEST_CASE("DequantizeLinear takes 6-bit floats with a zero point", "[cpu_ref]") {
  const Bytes codes = packed_codes(6, {31, 41, 32, 1, 63, 12});
  const auto from = [&](tn_dtype dtype, uint8_t one) {
    return first_output<float>(
        {"DequantizeLinear",
         28,
         {tensor_of_bytes(dtype, {6}, codes), scalar(0.25f), tensor_of_bytes(dtype, {}, {one})}});
  };
  CHECK(from(TN_FLOAT6E2M3, 8) == Floats{1.625f, -0.53125f, -0.25f, -0.21875f, -2.125f, 0.125f});
  CHECK(from(TN_FLOAT6E3M2, 12) == Floats{6.75f, -0.40625f, -0.25f, -0.234375f, -7.25f, 0});
}

TEST_CASE("a zero point has the shape of its scale, and blocks have a size", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 1, 2}, Floats{1, 2});
  const auto codes = make_tensor<uint8_t>({1, 1, 2}, {3, 4});
  const auto one = make_tensor<float>({1}, Floats{1});
  const auto list = make_tensor<uint8_t>({1}, {1}), cube = make_tensor<uint8_t>({1, 1, 1}, {1});
  for (const auto& [op, data] : {std::pair{"QuantizeLinear", x}, std::pair{"DequantizeLinear", codes}}) {
    CHECK(run_operator({op, 21, {data, scalar(1), list}}).is_ok());
    CHECK_FALSE(run_operator({op, 21, {data, one, cube}}).is_ok());
    CHECK_FALSE(run_operator({op, 21, {data, scalar(1), list}, {int_attr("block_size", -1)}}).is_ok());
  }
  CHECK_FALSE(run_operator({"DequantizeLinear", 21, {codes, one, cube}}, "cpu_blas").is_ok());
}

TEST_CASE("output_dtype of QuantizeLinear does not contradict its zero point", "[cpu_ref]") {
  const auto x = make_tensor<float>({1}, Floats{1});
  const auto zero_point = make_tensor<uint8_t>({}, {0});
  const auto to = [&](tn_dtype dtype) {
    return run_operator({"QuantizeLinear", 21, {x, scalar(1), zero_point}, {int_attr("output_dtype", dtype)}}).is_ok();
  };
  CHECK(to(TN_UINT8));
  CHECK_FALSE(to(TN_INT8));
}

TEST_CASE("zero points of a product that is empty are looked at, too", "[cpu_ref]") {
  const auto none = make_tensor<uint8_t>({0, 3}, Bytes{}), b = make_tensor<uint8_t>({3, 2}, Bytes(6));
  const auto zero = make_tensor<uint8_t>({}, {1});
  CHECK(run_operator({"MatMulInteger", 10, {none, b, zero, zero}}).is_ok());
  CHECK_FALSE(run_operator({"MatMulInteger", 10, {none, b, zero, b}}).is_ok());
}

TEST_CASE("what belongs to rows of A and columns of B lies along them", "[cpu_ref]") {
  const auto a = make_tensor<uint8_t>({2, 1}, Bytes{5, 5}), b = make_tensor<uint8_t>({1, 2}, Bytes{10, 10});
  const auto product = [&](std::vector<int64_t> of_a, std::vector<int64_t> of_b) {
    return run_operator({"MatMulInteger",
                         10,
                         {a, b, make_tensor<uint8_t>(std::move(of_a), Bytes{0, 3}),
                          make_tensor<uint8_t>(std::move(of_b), Bytes{0, 9})}});
  };
  const auto found = product({2, 1}, {1, 2});
  REQUIRE(found.status().message() == "");
  CHECK(std::vector<int32_t>(found->at(0).span<int32_t>().begin(), found->at(0).span<int32_t>().end()) ==
        std::vector<int32_t>{50, 5, 20, 2});
  CHECK_FALSE(product({1, 2}, {1, 2}).is_ok());
  CHECK_FALSE(product({2, 1}, {2, 1}).is_ok());
}

TEST_CASE("the bias of MatMulIntegerToFloat is a list", "[cpu_ref]") {
  const auto a = make_tensor<uint8_t>({1, 1}, {1}), zero = make_tensor<uint8_t>({}, {0});
  const auto with = [&](std::vector<int64_t> shape) {
    return run_operator({"com.microsoft:MatMulIntegerToFloat",
                         18,
                         {a, a, scalar(1), scalar(1), zero, zero, make_tensor<float>(std::move(shape), Floats{1})}});
  };
  CHECK(with({1}).is_ok());
  CHECK_FALSE(with({}).is_ok());
}

TEST_CASE("a type of elements that is none is refused, also where the zero point says the type", "[cpu_ref]") {
  const auto x = make_tensor<float>({1}, Floats{1});
  const auto zero_point = make_tensor<uint8_t>({}, {0});
  for (const char* name : {"output_dtype", "precision"})
    for (const int64_t none : {-1, 29, 1 << 20}) {
      CAPTURE(name, none);
      const auto outputs = run_operator({"QuantizeLinear", 28, {x, scalar(0.5f), zero_point}, {int_attr(name, none)}});
      REQUIRE_FALSE(outputs.is_ok());
      CHECK_THAT(outputs.status().message(), Catch::Contains(std::string(name)));
    }
}
