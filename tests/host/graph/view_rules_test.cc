#include "host/graph/view_rules.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Case {
  std::string op;
  std::vector<Attribute> attributes = {};
  std::vector<std::vector<int64_t>> integers = {};  // further inputs
  size_t outputs = 1;
  std::vector<int64_t> shape = {4, 6};
  int64_t opset = 17;
};

// "2x6@12": the shape and the offset of each view; "computed" when it is none.
std::string views_text(const Case& c) {
  GraphBuilder b(c.opset);
  b.input("x", TN_FLOAT, c.shape);
  std::vector<std::string> inputs{"x"}, outputs;
  for (const auto& values : c.integers) {
    inputs.push_back("i" + std::to_string(inputs.size()));
    b.constant<int64_t>(inputs.back(), {static_cast<int64_t>(values.size())}, values);
  }
  for (size_t i = 0; i < c.outputs; ++i) outputs.push_back("y" + std::to_string(i));
  const Node* node = b.node(c.op, inputs, outputs, c.attributes);
  for (const std::string& output : outputs) b.output(output);
  const auto model = b.build();
  const auto views = views_of(*node);
  if (!views) return "computed";
  std::string text;
  for (const ElementView& view : *views)
    text += (text.empty() ? "" : " ") + shape_text(view.shape) + "@" + std::to_string(view.offset);
  return text;
}

}  // namespace

TEST_CASE("operators that keep all elements in their order are views of the whole input", "[graph][views]") {
  CHECK(views_text({"Identity"}) == "4x6@0");
  CHECK(views_text({"Reshape", {}, {{3, -1}}}) == "3x8@0");
  CHECK(views_text({"Reshape", {ints_attr("shape", {24})}, {}, 1, {4, 6}, 4}) == "24@0");
  CHECK(views_text({"Flatten", {int_attr("axis", 0)}}) == "1x24@0");
  CHECK(views_text({"Unsqueeze", {}, {{0, -1}}}) == "1x4x6x1@0");
  CHECK(views_text({"Squeeze", {}, {{0}}, 1, {1, 4, 6}}) == "4x6@0");
  CHECK(views_text({"Cast", {int_attr("to", TN_FLOAT)}}) == "4x6@0");
  CHECK(views_text({"Cast", {int_attr("to", TN_DOUBLE)}}) == "computed");
  CHECK(views_text({"Dropout"}) == "4x6@0");
  CHECK(views_text({"Dropout", {}, {}, 1, {4, 6}, 6}) == "computed");
  CHECK(views_text({"Dropout", {int_attr("is_test", 1)}, {}, 1, {4, 6}, 6}) == "4x6@0");
  CHECK(views_text({"Dropout", {}, {}, 2}) == "computed");
  CHECK(views_text({"Concat", {int_attr("axis", 0)}}) == "4x6@0");
}

TEST_CASE("a Transpose is a view when it only moves dimensions of one", "[graph][views]") {
  CHECK(views_text({"Transpose", {ints_attr("perm", {0, 1})}}) == "4x6@0");
  CHECK(views_text({"Transpose", {ints_attr("perm", {1, 0})}}) == "computed");
  CHECK(views_text({"Transpose"}) == "computed");
  CHECK(views_text({"Transpose", {ints_attr("perm", {1, 2, 0})}, {}, 1, {1, 4, 6}}) == "4x6x1@0");
  CHECK(views_text({"Transpose", {ints_attr("perm", {2, 0, 1})}, {}, 1, {1, 4, 6}}) == "computed");
  CHECK(views_text({"Transpose", {}, {}, 1, {1, 6}}) == "6x1@0");
}

TEST_CASE("operators that may repeat elements are views when they do not", "[graph][views]") {
  CHECK(views_text({"Expand", {}, {{4, 6}}}) == "4x6@0");
  CHECK(views_text({"Expand", {}, {{1, 1, 1}}}) == "1x4x6@0");
  CHECK(views_text({"Expand", {}, {{2, 4, 6}}}) == "computed");
  CHECK(views_text({"Tile", {}, {{1, 1}}}) == "4x6@0");
  CHECK(views_text({"Tile", {}, {{1, 2}}}) == "computed");
}

TEST_CASE("parts are views when their elements lie together", "[graph][views]") {
  CHECK(views_text({"Split", {}, {{1, 3}}, 2}) == "1x6@0 3x6@6");
  CHECK(views_text({"Split", {int_attr("axis", 1)}, {}, 2}) == "computed");
  CHECK(views_text({"Split", {int_attr("axis", -2)}, {}, 3, {1, 6, 2}}) == "1x2x2@0 1x2x2@4 1x2x2@8");
  CHECK(views_text({"Slice", {}, {{1}, {3}}}) == "2x6@6");
  CHECK(views_text({"Slice", {}, {{-2}, {100}}}) == "2x6@12");
  CHECK(views_text({"Slice", {}, {{1}, {3}, {1}}}) == "computed");
  CHECK(views_text({"Slice", {}, {{2, 1}, {3, 4}}}) == "1x3@13");
  CHECK(views_text({"Slice", {}, {{0}, {4}, {0}, {2}}}) == "computed");
  CHECK(views_text({"Slice", {}, {{1}, {2}, {0}, {2}}}) == "1x6@6");
  CHECK(views_text({"Slice", {}, {{3}, {-100}, {0}, {-1}}}) == "computed");
  CHECK(views_text({"Slice", {}, {{-100}, {INT64_MIN}, {0}, {-1}}}) == "1x6@0");
  CHECK(views_text({"Slice", {}, {{INT64_MAX}, {2}, {0}, {INT64_MIN}}}) == "1x6@18");
  CHECK(views_text({"Slice", {}, {{1, 5}, {2, 0}, {0, 1}, {1, -5}}}) == "1x1@11");
  CHECK(views_text({"Slice", {}, {{3}, {3}}}) == "0x6@0");
  CHECK(views_text({"Slice", {ints_attr("starts", {-3}), ints_attr("ends", {-1})}, {}, 1, {4, 6}, 9}) == "2x6@6");
  CHECK(views_text({"Gather", {}, {{1, 2, 3}}}) == "3x6@6");
  CHECK(views_text({"Gather", {}, {{-1}}}) == "1x6@18");
  CHECK(views_text({"Gather", {}, {{1, 3}}}) == "computed");
  CHECK(views_text({"Gather", {}, {{4}}}) == "computed");
  CHECK(views_text({"Gather", {int_attr("axis", 1)}, {{1}}}) == "computed");
}

TEST_CASE("the tensors of a run tell what types and constants do not", "[graph][views]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1, 6});
  b.input("shape", TN_INT64, {2});
  const Node* node = b.node("Reshape", {"x", "shape"}, {"y"});
  b.output("y");
  const auto model = b.build();
  CHECK_FALSE(views_of(*node));
  CHECK(is_whole_view(*node));
  const Tensor x = make_tensor<float>({2, 6}, std::vector<float>(12)), shape = make_tensor<int64_t>({2}, {-1, 4});
  const tn_tensor given[] = {x.abi_view(0), shape.abi_view(0)};
  const tn_tensor* inputs[] = {&given[0], &given[1]};
  CHECK(whole_view_shape(*node, inputs) == std::vector<int64_t>{3, 4});
  const Tensor wrong = make_tensor<int64_t>({2}, {5, 4});
  const tn_tensor wrong_view = wrong.abi_view(0);
  inputs[1] = &wrong_view;
  CHECK_FALSE(whole_view_shape(*node, inputs));
}
