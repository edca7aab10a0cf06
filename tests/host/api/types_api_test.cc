// Element types through the C API, and tensors that the C++ API makes room for.
#include <tenon/types.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <tenon/tenon.hpp>

#include "host/base/dtype.h"

using Catch::Contains;

TEST_CASE("every element type has its name and its size", "[api]") {
  for (uint32_t dtype = 1; tenon::host::dtype_from_number(dtype) != TN_UNDEFINED; ++dtype) {
    CHECK(tenon_dtype_name(dtype) == tenon::host::dtype_name(dtype));
    CHECK(tenon_dtype_bits(dtype) == static_cast<uint32_t>(tenon::host::dtype_bits(dtype)));
  }
  CHECK(std::string(tenon_dtype_name(TENON_DTYPE_BFLOAT16)) == "bfloat16");
}

TEST_CASE("a number that is no element type has no name and no size", "[api]") {
  for (const uint32_t number : {0u, 99u, UINT32_MAX}) {
    CHECK(std::string(tenon_dtype_name(number)).empty());
    CHECK(tenon_dtype_bits(number) == 0);
  }
}

TEST_CASE("memory for a tensor is aligned, zero, and as long as its packed elements", "[api]") {
  tenon::Tensor tensor = tenon::Tensor::zeros(TENON_DTYPE_INT4, {3, 3});
  CHECK(tensor.view().byte_length() == 5);
  CHECK(tensor.view().element_count() == 9);
  CHECK(reinterpret_cast<uintptr_t>(tensor.mutable_raw()) % 64 == 0);
  const tenon::Tensor shares_it = tensor;
  static_cast<uint8_t*>(tensor.mutable_raw())[4] = 7;
  CHECK(static_cast<const uint8_t*>(shares_it.view().raw())[4] == 7);
  CHECK(static_cast<const uint8_t*>(shares_it.view().raw())[0] == 0);
  CHECK(tenon::Tensor::zeros(TENON_DTYPE_FLOAT, {0, INT64_MAX}).view().byte_length() == 0);
  CHECK(tenon::Tensor::zeros(TENON_DTYPE_FLOAT, {}).view().byte_length() == 4);
}

TEST_CASE("no memory is made for shapes and types that have no size", "[api]") {
  CHECK_THROWS_WITH(tenon::Tensor::zeros(TENON_DTYPE_FLOAT, {INT64_MAX, INT64_MAX}), Contains("64 bits"));
  CHECK_THROWS_AS(tenon::Tensor::zeros(TENON_DTYPE_FLOAT, {-1}), tenon::Error);
  CHECK_THROWS_AS(tenon::Tensor::zeros(TENON_DTYPE_STRING, {1}), tenon::Error);
  CHECK_THROWS_AS(tenon::Tensor::zeros(99, {1}), tenon::Error);
}
