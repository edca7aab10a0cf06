// Shapes that are computed from other values' dimensions: what inference and folding know of them.
#include <catch2/catch.hpp>

#include "host/graph/shape_inference.h"
#include "host/optimize/constant_folding.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// Adds the nodes that take dimension `axis` of x as a tensor of one element.
std::string dim_of_x(GraphBuilder& b, int64_t axis) {
  const std::string n = std::to_string(axis);
  b.constant<int64_t>("i" + n, {}, {axis});
  b.constant<int64_t>("a" + n, {1}, {0});
  b.node("Shape", {"x"}, {"s" + n});
  b.node("Gather", {"s" + n, "i" + n}, {"g" + n});
  b.node("Unsqueeze", {"g" + n, "a" + n}, {"d" + n});
  return "d" + n;
}

/// The inferred type of what `op` makes of x (batch x time x 12), or of `of`, by a shape of these parts; "2": dimension
/// 2 of x, "=5": a number.
std::string shaped(const std::string& op, const std::vector<std::string>& parts, const std::vector<Dim>& of = {}) {
  GraphBuilder b(17);
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {-1, "time"}, {12, ""}});
  if (!of.empty()) b.symbolic_input("of", TN_FLOAT, of);
  std::vector<std::string> inputs;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i][0] == '=') {
      inputs.push_back("c" + std::to_string(i));
      b.constant<int64_t>(inputs.back(), {1}, {std::stoll(parts[i].substr(1))});
    } else {
      inputs.push_back(dim_of_x(b, std::stoll(parts[i])));
    }
  }
  b.node("Concat", inputs, {"shape"}, {int_attr("axis", 0)});
  b.node(op, {of.empty() ? "x" : "of", "shape"}, {"y"});
  b.output("y");
  const auto model = b.build();
  const Status status = infer_shapes(*model);
  return status.is_ok() ? describe(model->graph->outputs[0]->type) : status.message();
}

std::string reshaped(const std::vector<std::string>& parts) {
  return shaped("Reshape", parts);
}

}  // namespace

TEST_CASE("a Reshape by a computed shape knows the numbers and the names that stay where they were", "[shapes]") {
  CHECK(reshaped({"0", "1", "=3", "=4"}) == "float[batch,time,3,4]");
  CHECK(reshaped({"0", "=-1", "=3", "=4"}) == "float[batch,time,3,4]");
  CHECK(reshaped({"0", "1", "2"}) == "float[batch,time,12]");
  CHECK(reshaped({"0", "=-1"}) == "float[batch,?]");
}

TEST_CASE("a name that moves is not known: where it is 0, a Reshape keeps what is there", "[shapes]") {
  CHECK(reshaped({"1", "0", "=12"}) == "float[?,?,12]");
  CHECK(reshaped({"1", "=-1", "=12"}) == "float[?,?,12]");
}

TEST_CASE("a computed shape that cannot be is an error all the same", "[shapes]") {
  CHECK_THAT(reshaped({"=-1", "=-1"}), Catch::Matchers::Contains("only one can be computed"));
  CHECK_THAT(reshaped({"0", "=-2"}), Catch::Matchers::Contains("expected -1, 0 or a size"));
}

TEST_CASE("an Expand by a computed shape knows the numbers, and the names where it had 1", "[shapes]") {
  const std::vector<Dim> token{{1, ""}, {1, ""}, {12, ""}};
  CHECK(shaped("Expand", {"0", "=1", "=12"}, token) == "float[batch,1,12]");
  CHECK(shaped("Expand", {"0", "=7", "2"}, token) == "float[batch,7,12]");
  CHECK(shaped("Expand", {"1", "0", "=1", "=1"}, token) == "float[time,batch,1,12]");
  CHECK(shaped("Expand", {"1", "=1", "=1"}) == "float[?,time,12]");
  CHECK(shaped("Expand", {"0", "=1", "1"}, token) == "float[batch,1,12]");
}

TEST_CASE("an Expand to a shape that does not broadcast is an error where but some of it is computed", "[shapes]") {
  CHECK_THAT(shaped("Expand", {"0", "=1", "=5"}), Catch::Matchers::Contains("do not broadcast"));
  CHECK_THAT(shaped("Expand", {"0", "=-1", "=12"}), Catch::Matchers::Contains("expected 0 or more"));
}

TEST_CASE("what is taken of a shape folds where it is known, whatever the rest", "[optimize]") {
  GraphBuilder b(17);
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {7, ""}, {12, ""}});
  b.constant<int64_t>("i", {}, {-1});
  b.constant<int64_t>("start", {1}, {-2});
  b.constant<int64_t>("end", {1}, {INT64_MAX});
  b.constant<int64_t>("zero", {}, {0});
  b.node("Shape", {"x"}, {"s"});
  b.node("Gather", {"s", "i"}, {"last"});
  b.node("Slice", {"s", "start", "end"}, {"two"});
  b.node("Gather", {"s", "zero"}, {"first"});
  for (const char* name : {"last", "two", "first"}) b.output(name);
  const auto model = b.build();
  const NodeRunner none = [](const Node&) { return Result<std::vector<Tensor>>(error(TN_UNSUPPORTED, "")); };
  REQUIRE(fold_constants(*model, none).is_ok());
  const auto& outputs = model->graph->outputs;
  REQUIRE((outputs[0]->is_constant() && outputs[1]->is_constant()));
  CHECK(outputs[0]->constant->shape().empty());
  CHECK(outputs[0]->constant->span<int64_t>()[0] == 12);
  CHECK(outputs[1]->constant->shape() == std::vector<int64_t>{2});
  CHECK(outputs[1]->constant->span<int64_t>()[0] == 7);
  CHECK_FALSE(outputs[2]->is_constant());
}

TEST_CASE("a shape by way of 32 bits keeps its numbers, and of its names the places", "[shapes]") {
  GraphBuilder b(17);
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {6, ""}, {2, ""}});
  b.node("Shape", {"x"}, {"s"});
  b.node("Cast", {"s"}, {"narrow"}, {int_attr("to", TN_INT32)});
  b.constant<int32_t>("four", {1}, {4});
  b.constant<int64_t>("begin", {1}, {0});
  b.constant<int64_t>("end", {1}, {2});
  b.node("Slice", {"narrow", "begin", "end"}, {"front"});
  b.node("Concat", {"front", "four"}, {"joined"}, {int_attr("axis", 0)});
  b.node("Cast", {"joined"}, {"shape"}, {int_attr("to", TN_INT64)});
  b.input("y", TN_FLOAT, {8});
  b.node("Reshape", {"y", "shape"}, {"z"});
  b.output("z");
  const auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  CHECK(describe(model->graph->outputs[0]->type) == "float[?,6,4]");
}
