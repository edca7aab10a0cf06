#include "tools/support/compare.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

namespace tenon::tools {
namespace {

template <typename T>
Tensor tensor_of(uint32_t dtype, const std::vector<T>& values, std::vector<int64_t> shape = {}) {
  if (shape.empty()) shape = {static_cast<int64_t>(values.size())};
  Tensor tensor = Tensor::zeros(dtype, shape);
  REQUIRE(tensor.view().byte_length() == values.size() * sizeof(T));
  std::memcpy(tensor.mutable_raw(), values.data(), values.size() * sizeof(T));
  return tensor;
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_CASE("floats within the tolerance are equal and the worst difference is told", "[tools]") {
  const auto expected = tensor_of<float>(TENON_DTYPE_FLOAT, {1, 100, 0});
  const auto result = compare(tensor_of<float>(TENON_DTYPE_FLOAT, {1, 100.05f, 0}), expected, {});
  CHECK(result.equal);
  CHECK(result.worst_absolute == Approx(0.05).epsilon(1e-3));
  CHECK(result.worst_relative == Approx(5e-4).epsilon(1e-3));
}

TEST_CASE("floats outside the tolerance name the first that differs and count the rest", "[tools]") {
  const auto result =
      compare(tensor_of<float>(TENON_DTYPE_FLOAT, {1, 3, 5}), tensor_of<float>(TENON_DTYPE_FLOAT, {1, 2, 4}), {});
  CHECK_FALSE(result.equal);
  CHECK(result.differing == 2);
  CHECK(result.reason == "element 1 is 3, expected 2 (2 of 3 elements differ)");
}

TEST_CASE("the absolute tolerance holds where zero is expected", "[tools]") {
  const auto zero = tensor_of<float>(TENON_DTYPE_FLOAT, {0});
  CHECK(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {5e-8f}), zero, {}).equal);
  CHECK_FALSE(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {5e-7f}), zero, {}).equal);
}

TEST_CASE("NaN equals NaN and nothing else", "[tools]") {
  const auto nan = tensor_of<float>(TENON_DTYPE_FLOAT, {kNan});
  CHECK(compare(nan, nan, {}).equal);
  CHECK_FALSE(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {0}), nan, {}).equal);
  CHECK_FALSE(compare(nan, tensor_of<float>(TENON_DTYPE_FLOAT, {0}), {}).equal);
}

TEST_CASE("an infinity equals itself only, however large the tolerance", "[tools]") {
  const auto infinity = tensor_of<float>(TENON_DTYPE_FLOAT, {kInfinity});
  CHECK(compare(infinity, infinity, {}).equal);
  CHECK_FALSE(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {-kInfinity}), infinity, {1, 1}).equal);
  CHECK_FALSE(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {1e38f}), infinity, {1, 1}).equal);
  CHECK_FALSE(compare(infinity, tensor_of<float>(TENON_DTYPE_FLOAT, {1e38f}), {1, 1}).equal);
}

TEST_CASE("integers differ by one even when that is within the tolerance of floats", "[tools]") {
  const auto expected = tensor_of<int64_t>(TENON_DTYPE_INT64, {int64_t{1} << 60});
  CHECK(compare(expected, expected, {}).equal);
  CHECK_FALSE(compare(tensor_of<int64_t>(TENON_DTYPE_INT64, {(int64_t{1} << 60) + 1}), expected, {}).equal);
}

TEST_CASE("tensors of other type or shape are not equal whatever they hold", "[tools]") {
  const auto expected = tensor_of<float>(TENON_DTYPE_FLOAT, {0, 0});
  const auto other_type = compare(tensor_of<int32_t>(TENON_DTYPE_INT32, {0, 0}), expected, {});
  CHECK(other_type.reason == "is int32 2, expected float 2");
  CHECK_FALSE(compare(tensor_of<float>(TENON_DTYPE_FLOAT, {0, 0}, {1, 2}), expected, {}).equal);
}

TEST_CASE("strings are compared letter by letter", "[tools]") {
  const auto a = Tensor::strings({2}, {"one", "two"});
  const auto b = Tensor::strings({2}, {"one", "tw0"});
  CHECK(compare(a, a, {}).equal);
  CHECK(compare(a, b, {}).reason == "element 1 is 'two', expected 'tw0'");
}

TEST_CASE("bfloat16 is given two units in the last place", "[tools]") {
  const auto expected = tensor_of<uint16_t>(TENON_DTYPE_BFLOAT16, {0x3f80});  // 1
  CHECK(compare(tensor_of<uint16_t>(TENON_DTYPE_BFLOAT16, {0x3f82}), expected, {}).equal);
  CHECK_FALSE(compare(tensor_of<uint16_t>(TENON_DTYPE_BFLOAT16, {0x3f83}), expected, {}).equal);
}

TEST_CASE("sequences are equal when their elements are", "[tools]") {
  const Tensor one = tensor_of<float>(TENON_DTYPE_FLOAT, {1}), two = tensor_of<float>(TENON_DTYPE_FLOAT, {2});
  CHECK(compare(Value::sequence({one, two}), Value::sequence({one, two}), {}).equal);
  CHECK(compare(Value::sequence({}), Value::sequence({}), {}).equal);
  CHECK_FALSE(compare(Value::sequence({}), Value::sequence({one}), {}).equal);
  const auto other = compare(Value::sequence({one, one}), Value::sequence({one, two}), {});
  CHECK_FALSE(other.equal);
  CHECK_THAT(other.reason, Catch::Contains("element 1 "));
  CHECK(compare(Value::sequence({one}), Value::sequence({one, two}), {}).reason ==
        "is sequence(float) of 1, expected sequence(float) of 2");
  CHECK_FALSE(compare(Value(one), Value::sequence({one}), {}).equal);
}

}  // namespace
}  // namespace tenon::tools
