#include "host/session/input_check.h"

#include <catch2/catch.hpp>

#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

std::vector<Port> two_ports() {
  return {{"image", {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{-1, "batch"}, {3, ""}}}},
          {"mask", {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{-1, "batch"}}}}};
}

NamedValue value_of(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return {name, make_tensor<float>(std::move(shape), values)};
}

std::string refusal(const std::vector<NamedValue>& given) {
  const auto matched = match_inputs(two_ports(), given);
  REQUIRE_FALSE(matched.is_ok());
  CHECK(matched.status().code() == TN_INVALID_ARGUMENT);
  return matched.status().message();
}

const std::vector<float> kSix(6, 1.0f);
const std::vector<float> kTwo(2, 1.0f);

}  // namespace

TEST_CASE("inputs are matched by name in any order", "[inputs]") {
  const auto matched =
      match_inputs(two_ports(), std::vector{value_of("mask", {2}, kTwo), value_of("image", {2, 3}, kSix)});
  REQUIRE(matched.is_ok());
  CHECK(matched.value() == std::vector<size_t>{1, 0});
}

TEST_CASE("an unknown input name is answered with the closest and all known", "[inputs]") {
  const std::string message = refusal({value_of("imgae", {2, 3}, kSix)});
  CHECK_THAT(message, Contains("no input 'imgae': did you mean 'image'?"));
  CHECK_THAT(message, Contains("'image', 'mask'"));
}

TEST_CASE("a missing input is named", "[inputs]") {
  CHECK_THAT(refusal({value_of("image", {2, 3}, kSix)}), Contains("input 'mask'") && Contains("is missing"));
}

TEST_CASE("an input given twice is refused", "[inputs]") {
  CHECK_THAT(refusal({value_of("mask", {2}, kTwo), value_of("mask", {2}, kTwo)}), Contains("'mask' is given twice"));
}

TEST_CASE("an input of the wrong type is refused", "[inputs]") {
  CHECK_THAT(refusal({{"image", make_tensor<int64_t>({2, 3}, std::vector<int64_t>(6))}, value_of("mask", {2}, kTwo)}),
             Contains("input 'image' has type int64, expected float: convert the data"));
}

TEST_CASE("an input of the wrong rank is refused", "[inputs]") {
  CHECK_THAT(refusal({value_of("image", {6}, kSix), value_of("mask", {2}, kTwo)}),
             Contains("input 'image' has rank 1 (6), expected rank 2: give it the shape of float[batch,3]"));
}

TEST_CASE("an input with a wrong fixed dimension is refused", "[inputs]") {
  CHECK_THAT(refusal({value_of("image", {3, 2}, kSix), value_of("mask", {3}, {1, 1, 1})}),
             Contains("has 2 in dimension 1 (3x2), expected 3"));
}

TEST_CASE("a symbol that stands for two numbers is told with both inputs, and is no error", "[inputs]") {
  const std::vector given = {value_of("image", {2, 3}, kSix), value_of("mask", {3}, {1, 1, 1})};
  const auto matched = match_inputs(two_ports(), given);
  REQUIRE(matched.is_ok());
  const auto clashes = find_name_clashes(two_ports(), given, *matched);
  REQUIRE(clashes.size() == 1);
  CHECK(clashes[0].symbol == "batch");
  CHECK_THAT(clashes[0].text, Contains("'batch' was 2 in input 'image' (dimension 0) and 3 in input 'mask'"));
  const std::vector agreeing = {value_of("image", {2, 3}, kSix), value_of("mask", {2}, kTwo)};
  CHECK(find_name_clashes(two_ports(), agreeing, *match_inputs(two_ports(), agreeing)).empty());
}

TEST_CASE("an input with a default need not be given, and is checked when it is", "[inputs]") {
  std::vector<Port> ports = two_ports();
  ports[1].has_default = true;
  const auto matched = match_inputs(ports, std::vector{value_of("image", {2, 3}, kSix)});
  REQUIRE(matched.is_ok());
  CHECK(matched.value() == std::vector<size_t>{0, SIZE_MAX});
  CHECK_FALSE(
      match_inputs(ports, std::vector{value_of("image", {2, 3}, kSix), value_of("mask", {1, 2}, kTwo)}).is_ok());
}

TEST_CASE("an input with too few bytes is refused", "[inputs]") {
  const Tensor small(TN_FLOAT, {2, 3}, kSix.data(), 20, nullptr, Residence::kBorrowed);
  CHECK_THAT(refusal({{"image", small}, value_of("mask", {2}, kTwo)}), Contains("needs 24 bytes, got 20"));
}

TEST_CASE("a shape whose size overflows is refused", "[inputs]") {
  const Tensor large(TN_FLOAT, {INT64_MAX / 2, 3}, kSix.data(), 24, nullptr, Residence::kBorrowed);
  CHECK_THAT(refusal({{"image", large}, value_of("mask", {2}, kTwo)}), Contains("too large a shape"));
}

TEST_CASE("misaligned data is refused with the mend", "[inputs]") {
  const auto* bytes = reinterpret_cast<const char*>(kSix.data());
  const Tensor odd(TN_FLOAT, {1, 3}, bytes + 1, 12, nullptr, Residence::kBorrowed);
  CHECK_THAT(refusal({{"image", odd}, value_of("mask", {1}, {1})}), Contains("not aligned to 4 bytes: copy it"));
}

TEST_CASE("unknown outputs are refused", "[inputs]") {
  const auto matched = match_outputs(two_ports(), std::vector<std::string>{"maks"});
  REQUIRE_FALSE(matched.is_ok());
  CHECK_THAT(matched.status().message(), Contains("no output 'maks': did you mean 'mask'?"));
}
