#include "host/formats/sparse_tensor.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

using Ints = std::vector<int64_t>;

Result<Tensor> dense_of(const std::vector<float>& values, const Tensor& indices, Ints dims) {
  DenseBudget budget;
  return make_dense(make_tensor<float>({static_cast<int64_t>(values.size())}, values), indices, std::move(dims), budget);
}

std::vector<float> floats_of(const Result<Tensor>& tensor) {
  REQUIRE(tensor.status().message() == "");
  return {tensor->span<float>().begin(), tensor->span<float>().end()};
}

void check_refused(const Result<Tensor>& tensor, const std::string& why) {
  REQUIRE_FALSE(tensor.is_ok());
  CHECK(tensor.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(tensor.status().message(), Contains(why));
}

}  // namespace

TEST_CASE("values of a sparse tensor stand at their positions or coordinates, zeros elsewhere", "[formats]") {
  const std::vector<float> expected{0, 5, 0, 0, 0, 7};
  CHECK(floats_of(dense_of({5, 7}, make_tensor<int64_t>({2}, Ints{1, 5}), {2, 3})) == expected);
  CHECK(floats_of(dense_of({5, 7}, make_tensor<int64_t>({2, 2}, Ints{0, 1, 1, 2}), {2, 3})) == expected);
  CHECK(floats_of(dense_of({5, 7}, make_tensor<int8_t>({2}, {1, 5}), {2, 3})) == expected);
  CHECK(floats_of(dense_of({5, 7}, make_tensor<int32_t>({2}, {1, 5}), {2, 3})) == expected);
  CHECK(floats_of(dense_of({}, make_tensor<int64_t>({0}, Ints{}), {2})) == std::vector<float>{0, 0});
}

TEST_CASE("sparse strings and elements smaller than bytes become dense", "[formats]") {
  DenseBudget budget;
  const auto indices = make_tensor<int64_t>({2}, Ints{1, 2});
  const auto words = Tensor::from_strings({2}, {"a", "b"}, Residence::kComputed);
  const auto text = make_dense(*words, indices, {4}, budget);
  REQUIRE(text.is_ok());
  CHECK(text->string_at(0).empty());
  CHECK(text->string_at(1) == "a");
  CHECK(text->string_at(2) == "b");
  auto nibbles = Tensor::allocate(TN_UINT4, {2}, Residence::kComputed);
  *static_cast<uint8_t*>(nibbles->mutable_data()) = 0xC5;
  const auto packed = make_dense(*nibbles, indices, {4}, budget);
  REQUIRE(packed.is_ok());
  CHECK(static_cast<const uint8_t*>(packed->data())[0] == 0x50);
  CHECK(static_cast<const uint8_t*>(packed->data())[1] == 0x0C);
}

TEST_CASE("indices of a sparse tensor lie inside, ascend and are one for each value", "[formats]") {
  check_refused(dense_of({1}, make_tensor<int64_t>({1}, Ints{6}), {2, 3}), "index 0 lies outside of shape 2x3");
  check_refused(dense_of({1}, make_tensor<int64_t>({1}, Ints{-1}), {2, 3}), "lies outside");
  check_refused(dense_of({1}, make_tensor<int64_t>({1, 2}, Ints{0, 3}), {2, 3}), "lies outside");
  check_refused(dense_of({1, 2}, make_tensor<int64_t>({2}, Ints{3, 3}), {2, 3}), "index 1 does not lie behind");
  check_refused(dense_of({1, 2}, make_tensor<int64_t>({1}, Ints{3}), {2, 3}), "expected int64 2 or 2x2");
  check_refused(dense_of({1}, make_tensor<float>({1}, {3}), {6}), "are float 1, expected int64");
  check_refused(dense_of({1}, make_tensor<int64_t>({1}, Ints{0}), {-6}), "dimension 0 is -6");
  check_refused(dense_of({1}, make_tensor<int64_t>({1}, Ints{0}), {INT64_MAX, 4}), "does not fit in 64 bits");
}

TEST_CASE("sparse tensors of one file may take a gigabyte together once they are dense", "[formats]") {
  DenseBudget budget;
  REQUIRE(budget.charge(DenseBudget::kMostBytes - 8).is_ok());
  const auto none = make_tensor<int64_t>({0}, Ints{});
  const auto values = make_tensor<float>({0}, std::vector<float>{});
  CHECK(make_dense(values, none, {2}, budget).is_ok());
  const auto refused = make_dense(values, none, {1}, budget);
  CHECK(refused.status().code() == TN_UNSUPPORTED);
  CHECK_THAT(refused.status().message(), Contains("4 bytes once it is dense"));
}
