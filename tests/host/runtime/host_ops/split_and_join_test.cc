// SplitToSequence and ConcatFromSequence.
#include <catch2/catch.hpp>
#include <numeric>

#include "tests/support/run_operator.h"
#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;

namespace {

Tensor counted(std::vector<int64_t> shape) {
  Floats values(static_cast<size_t>(std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>())));
  std::iota(values.begin(), values.end(), 0.0f);
  return make_tensor<float>(std::move(shape), values);
}

Result<std::vector<RunValue>> split(const Tensor& x, const Tensor& sizes, std::vector<Attribute> attributes) {
  GraphBuilder b;
  b.symbolic_input("x", x.dtype(), std::vector<Dim>(x.shape().size(), Dim{}));
  std::vector<NamedValue> given = {{"x", x}};
  if (sizes.dtype() != TN_UNDEFINED) {
    b.input("sizes", sizes.dtype(), sizes.shape());
    given.push_back({"sizes", sizes});
  }
  b.node("SplitToSequence", {"x", sizes.dtype() != TN_UNDEFINED ? "sizes" : ""}, {"y"}, std::move(attributes));
  b.output("y");
  return open_on_ref(b)->run_values(given);
}

std::vector<std::vector<int64_t>> shapes_of(const RunValue& sequence) {
  std::vector<std::vector<int64_t>> shapes;
  for (const RunValue& element : sequence.elements()) shapes.push_back(element.tensor().shape());
  return shapes;
}

Result<std::vector<RunValue>> join(const RunValue& sequence, std::vector<Attribute> attributes) {
  GraphBuilder b;
  b.input_of("s", floats_in(Kind::kSequence));
  b.node("ConcatFromSequence", {"s"}, {"y"}, std::move(attributes));
  b.output("y");
  return open_on_ref(b)->run_values(std::vector<NamedValue>{{"s", sequence}});
}

using Shapes = std::vector<std::vector<int64_t>>;

}  // namespace

TEST_CASE("without lengths every index is a part", "[sequences]") {
  const RunValue parts = must(split(counted({2, 3}), {}, {}))[0];
  CHECK(shapes_of(parts) == Shapes{{1, 3}, {1, 3}});
  CHECK(floats_of(parts) == std::vector<Floats>{{0, 1, 2}, {3, 4, 5}});
  CHECK(shapes_of(must(split(counted({2, 3}), {}, {int_attr("keepdims", 0)}))[0]) == Shapes{{3}, {3}});
}

TEST_CASE("a part along an inner dimension is gathered", "[sequences]") {
  const RunValue parts = must(split(counted({2, 3}), {}, {int_attr("axis", -1), int_attr("keepdims", 0)}))[0];
  CHECK(shapes_of(parts) == Shapes{{2}, {2}, {2}});
  CHECK(floats_of(parts) == std::vector<Floats>{{0, 3}, {1, 4}, {2, 5}});
}

TEST_CASE("one length makes equal parts and a last one of what is left", "[sequences]") {
  const RunValue parts = must(split(counted({5}), make_tensor<int64_t>({}, {2}), {int_attr("keepdims", 0)}))[0];
  CHECK(floats_of(parts) == std::vector<Floats>{{0, 1}, {2, 3}, {4}});
}

TEST_CASE("a list of lengths has to add up", "[sequences]") {
  const RunValue parts = must(split(counted({4}), make_tensor<int32_t>({3}, {1, 0, 3}), {}))[0];
  CHECK(floats_of(parts) == std::vector<Floats>{{0}, {}, {1, 2, 3}});
  const auto failure = [](std::vector<int64_t> sizes) {
    const Tensor list = make_tensor<int64_t>({static_cast<int64_t>(sizes.size())}, sizes);
    return split(counted({4}), list, {}).status().message();
  };
  CHECK_THAT(failure({1, 2}), Contains("split adds up to 3, expected the 4 of dimension 0"));
  CHECK_THAT(failure({1, 4}), Contains("split[1] is 4, expected 0 to the 3 that are left"));
  CHECK_THAT(failure({-1, 5}), Contains("split[0] is -1"));
  CHECK_THAT(failure({1, INT64_MAX}), Contains("split[1] is"));
  CHECK_FALSE(split(counted({4}), make_tensor<int64_t>({}, {0}), {}).is_ok());
}

TEST_CASE("a huge number of empty parts is past the limit of a run, not of memory", "[sequences]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {-1, "m"}});
  b.node("SplitToSequence", {"x"}, {"y"});
  b.output("y");
  SessionOptions options = on_cpu_ref();
  options.run_memory_limit_bytes = 1 << 20;
  const auto session = open_on_ref(b, options);
  const float nothing = 0;
  const Tensor x(TN_FLOAT, {int64_t{1} << 40, 0}, &nothing, 0, nullptr, Residence::kBorrowed);
  CHECK(value_failure_of(*session, {{"x", x}}).code() == TN_OUT_OF_MEMORY);
}

TEST_CASE("strings are split and joined", "[sequences]") {
  GraphBuilder b;
  b.input("x", TN_STRING, {2, 2});
  b.node("SplitToSequence", {"x"}, {"s"}, {int_attr("axis", 1)});
  b.node("ConcatFromSequence", {"s"}, {"y"}, {int_attr("axis", 0)});
  b.output("y");
  const auto y = must_run_values(*open_on_ref(b), {{"x", tensor_of_strings({2, 2}, {"a", "b", "c", "d"})}})[0].tensor();
  REQUIRE(y.shape() == std::vector<int64_t>{4, 1});
  for (int64_t i = 0; i < 4; ++i) CHECK(y.string_at(i) == std::string(1, "acbd"[i]));
}

TEST_CASE("tensors are joined along a dimension", "[sequences]") {
  const RunValue sequence = must(RunValue::sequence({Kind::kTensor, TN_FLOAT}, {counted({2, 1}), counted({2, 2})}));
  const Tensor wide = must(join(sequence, {int_attr("axis", 1)}))[0].tensor();
  CHECK(wide.shape() == std::vector<int64_t>{2, 3});
  CHECK(values_of(wide) == Floats{0, 0, 1, 1, 2, 3});
  CHECK_THAT(join(sequence, {int_attr("axis", 0)}).status().message(),
             Contains("element 1 is float 2x2, which does not join float 2x1 in dimension 0"));
  CHECK_FALSE(join(sequence, {int_attr("axis", 2)}).is_ok());
}

TEST_CASE("tensors are joined in a new dimension", "[sequences]") {
  const RunValue sequence = sequence_of({{1, 2}, {3, 4}});
  const std::vector<Attribute> last = {int_attr("axis", -1), int_attr("new_axis", 1)};
  const Tensor columns = must(join(sequence, last))[0].tensor();
  CHECK(columns.shape() == std::vector<int64_t>{2, 2});
  CHECK(values_of(columns) == Floats{1, 3, 2, 4});
  CHECK_FALSE(join(sequence_of({{1}, {1, 2}}), last).is_ok());
}

TEST_CASE("nothing cannot be joined", "[sequences]") {
  CHECK_THAT(join(sequence_of({}), {int_attr("axis", 0)}).status().message(),
             Contains("the input is sequence(float) of 0, expected a sequence of tensors, at least one"));
}
