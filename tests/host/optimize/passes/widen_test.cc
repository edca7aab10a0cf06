// Nodes of 16-bit floats that compute in float: where Casts stand, which nodes go along, and that answers stay.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/support/both_ways.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

using Build = std::function<void(GraphBuilder&)>;

Tensor halves(std::vector<int64_t> shape, float step = 0.25f) {
  Tensor tensor = *Tensor::allocate(TN_FLOAT16, std::move(shape), Residence::kComputed);
  auto* values = static_cast<tenon::sdk::Float16*>(tensor.mutable_data());
  for (int64_t i = 0; i < tensor.element_count(); ++i)
    values[i] = tenon::sdk::Float16(step * (static_cast<float>(i * 7 % 9) - 4));
  return tensor;
}

std::string widened(const Build& build, const std::vector<NamedTensor>& inputs,
                    const std::vector<std::string>& providers = {"cpu_blas", "cpu_ref"}) {
  const auto told = run_both_ways_within(4, build, inputs, 17, providers);
  std::string ops;
  for (const std::string& op : told.ops) ops += (ops.empty() ? "" : " ") + op;
  return ops;
}

void product(GraphBuilder& b, const std::string& x, const std::string& y) {
  b.constant_of(y + ".w", halves({4, 4}));
  b.node("MatMul", {x, y + ".w"}, {y});
}

}  // namespace

TEST_CASE("nodes of float16 compute in float where an earlier provider then runs them, with Casts at the ends",
          "[widen]") {
  const auto ops = widened(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT16, {2, 4});
        product(b, "x", "a");
        b.node("Transpose", {"a"}, {"t"}, {ints_attr("perm", {1, 0})});
        b.node("Transpose", {"t"}, {"u"}, {ints_attr("perm", {1, 0})});
        product(b, "u", "c");
        b.node("Sigmoid", {"c"}, {"y"});
        b.output("y");
      },
      {{"x", halves({2, 4})}});
  CHECK(ops == "Cast MatMul MatMul Sigmoid Cast");
}

TEST_CASE("where the same provider runs both nothing is widened", "[widen]") {
  const Build build = [](GraphBuilder& b) {
    b.input("x", TN_FLOAT16, {2, 4});
    product(b, "x", "y");
    b.output("y");
  };
  CHECK(widened(build, {{"x", halves({2, 4})}}, {"cpu_ref"}) == "MatMul");
  CHECK(widened(build, {{"x", halves({2, 4})}}, {"cpu_ref", "cpu_blas"}) == "MatMul");
}

TEST_CASE("results in the middle and what moves elements of an input keep their 16 bits", "[widen]") {
  const auto ops = widened(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT16, {4, 2});
        b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {1, 0})});
        product(b, "t", "a");
        product(b, "a", "y");
        b.output("a");
        b.output("y");
      },
      {{"x", halves({4, 2})}});
  CHECK(ops == "Transpose Cast MatMul Cast MatMul Cast");
}

TEST_CASE("a Cast to float behind nodes that compute in float goes", "[widen]") {
  const auto ops = widened(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT16, {2, 4});
        product(b, "x", "a");
        b.node("Cast", {"a"}, {"f"}, {int_attr("to", TN_FLOAT)});
        b.node("Sqrt", {"f"}, {"y"});
        b.output("y");
      },
      {{"x", halves({2, 4}, 0)}});
  CHECK(ops == "Cast MatMul Sqrt");
}

TEST_CASE("a Cast from double to float16 still rounds once", "[widen]") {
  // Halfway between two halves to a float, above it as a double.
  Tensor x = *Tensor::allocate(TN_DOUBLE, {1}, Residence::kComputed);
  *static_cast<double*>(x.mutable_data()) = 1.0 + 0x1p-11 + 0x1p-40;
  run_both_ways_within(
      0,
      [](GraphBuilder& b) {
        b.input("x", TN_DOUBLE, {1});
        b.node("Cast", {"x"}, {"y"}, {int_attr("to", TN_FLOAT16)});
        b.output("y");
      },
      {{"x", x}}, 17, {"cpu_blas", "cpu_ref"});
}
