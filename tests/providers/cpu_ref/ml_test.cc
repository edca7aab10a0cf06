// Trees and encoders of ai.onnx.ml: what onnxruntime does not run or does otherwise, and what is refused when a kernel
// is made. Other values are compared with onnxruntime's by tests/conformance.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;
using Strings = std::vector<std::string>;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

host::Attribute floats_attr(std::string name, Floats values) {
  return {std::move(name), std::move(values)};
}
host::Attribute strings_attr(std::string name, Strings values) {
  return {std::move(name), std::move(values)};
}

OperatorRun with(OperatorRun run, std::vector<host::Attribute> changed) {
  for (host::Attribute& one : changed) {
    std::erase_if(run.attributes, [&](const host::Attribute& a) { return a.name == one.name; });
    run.attributes.push_back(std::move(one));
  }
  return run;
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

/// One test, x[0] <= 0.5, that leads to target 0 or target 1.
OperatorRun placed_tree(host::Tensor x = make_tensor<float>({2, 1}, {0, 1})) {
  return {"ai.onnx.ml:TreeEnsemble",
          5,
          {std::move(x)},
          {ints_attr("tree_roots", {0}), int_attr("n_targets", 2), ints_attr("nodes_featureids", {0}),
           tensor_attr("nodes_modes", make_tensor<uint8_t>({1}, {0})),
           tensor_attr("nodes_splits", make_tensor<float>({1}, {0.5f})), ints_attr("nodes_truenodeids", {0}),
           ints_attr("nodes_trueleafs", {1}), ints_attr("nodes_falsenodeids", {1}), ints_attr("nodes_falseleafs", {1}),
           ints_attr("leaf_targetids", {0, 1}), tensor_attr("leaf_weights", make_tensor<float>({2}, {2, -3}))}};
}

/// The same by ids: node 5 leads to 7 and 6.
OperatorRun listed_tree(host::Tensor x = make_tensor<float>({2, 1}, {0, 1})) {
  return {"ai.onnx.ml:TreeEnsembleRegressor",
          3,
          {std::move(x)},
          {ints_attr("nodes_treeids", {1, 1, 1}), ints_attr("nodes_nodeids", {5, 6, 7}),
           ints_attr("nodes_featureids", {0, 0, 0}), strings_attr("nodes_modes", {"BRANCH_LEQ", "LEAF", "LEAF"}),
           floats_attr("nodes_values", {0.5, 0, 0}), ints_attr("nodes_truenodeids", {7, 0, 0}),
           ints_attr("nodes_falsenodeids", {6, 0, 0}), int_attr("n_targets", 1), ints_attr("target_ids", {0, 0}),
           ints_attr("target_treeids", {1, 1}), ints_attr("target_nodeids", {6, 7}),
           floats_attr("target_weights", {-3, 2})}};
}

}  // namespace

TEST_CASE("TreeEnsemble numbers its post transforms as the standard does", "[ml]") {
  const float e2 = std::exp(2.0f), e3 = std::exp(-3.0f);
  CHECK(first_output<float>(placed_tree()) == Floats{2, 0, 0, -3});
  const Floats softmax = first_output<float>(with(placed_tree(), {int_attr("post_transform", 1)}));
  const Floats logistic = first_output<float>(with(placed_tree(), {int_attr("post_transform", 2)}));
  CHECK(softmax[0] == Approx(e2 / (e2 + 1)));
  CHECK(softmax[3] == Approx(e3 / (e3 + 1)));
  CHECK(logistic[0] == Approx(1 / (1 + 1 / e2)));
  CHECK(logistic[1] == Approx(0.5));
}

TEST_CASE("a tree may be one test whose branches are the same leaf", "[ml]") {
  CHECK(first_output<float>(with(placed_tree(), {ints_attr("nodes_truenodeids", {1})})) == Floats{0, -3, 0, -3});
}

TEST_CASE("sets of a tree hold any numbers, and a missing value is in none", "[ml]") {
  const auto members = make_tensor<float>({3}, {7.5f, -2, kNan});
  const OperatorRun sets =
      with(placed_tree(make_tensor<float>({4, 1}, {7.5f, -2, kNan, 7})),
           {tensor_attr("nodes_modes", make_tensor<uint8_t>({1}, {6})), tensor_attr("membership_values", members)});
  CHECK(first_output<float>(sets) == Floats{2, 0, 2, 0, 0, -3, 0, -3});
  const OperatorRun tracked = with(sets, {ints_attr("nodes_missing_value_tracks_true", {1})});
  CHECK(first_output<float>(tracked) == Floats{2, 0, 2, 0, 2, 0, 0, -3});
}

TEST_CASE("trees take integers, of which each row counts as floats", "[ml]") {
  CHECK(first_output<float>(listed_tree(make_tensor<int64_t>({2, 1}, {0, 1}))) == Floats{2, -3});
  CHECK(first_output<float>(listed_tree(make_tensor<int32_t>({1, 1}, {1}))) == Floats{-3});
  CHECK_THAT(error_of(listed_tree(make_tensor<int32_t>({1}, {1}))), Contains("expected N x C"));
}

TEST_CASE("a tree that leads in a circle is refused", "[ml]") {
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("nodes_truenodeids", {5, 0, 0})})), Contains("circle"));
  const OperatorRun two =
      with(listed_tree(), {strings_attr("nodes_modes", {"BRANCH_LEQ", "BRANCH_LT", "LEAF"}),
                           ints_attr("nodes_truenodeids", {6, 7, 0}), ints_attr("nodes_falsenodeids", {7, 5, 0})});
  CHECK_THAT(error_of(two), Contains("circle"));
  CHECK_THAT(error_of(with(placed_tree(), {ints_attr("nodes_trueleafs", {0})})), Contains("circle"));
}

TEST_CASE("two branches may lead to one node", "[ml]") {
  const OperatorRun shared =
      with(listed_tree(), {strings_attr("nodes_modes", {"BRANCH_LEQ", "BRANCH_EQ", "LEAF"}),
                           ints_attr("nodes_truenodeids", {7, 7, 0}), ints_attr("nodes_falsenodeids", {6, 7, 0})});
  CHECK(first_output<float>(shared) == Floats{2, 2});
}

TEST_CASE("nodes, leaves, features and targets that are not there are refused", "[ml]") {
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("nodes_falsenodeids", {9, 0, 0})})),
             Contains("nodes_falsenodeids names node 9 of tree 1"));
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("nodes_nodeids", {5, 6, 6})})), Contains("two nodes 6"));
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("target_nodeids", {6, 8})})), Contains("names node 8"));
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("target_ids", {0, 1})})), Contains("target 1, expected 0 to 0"));
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("nodes_featureids", {2, 0, 0})})), Contains("at least 3 columns"));
  CHECK_THAT(error_of(with(listed_tree(), {ints_attr("nodes_featureids", {-1, 0, 0})})), Contains("feature -1"));
  CHECK_THAT(error_of(with(placed_tree(), {ints_attr("tree_roots", {1})})), Contains("tree_roots has 1"));
  CHECK_THAT(error_of(with(placed_tree(), {ints_attr("nodes_falsenodeids", {2})})), Contains("leaf 2"));
}

TEST_CASE("lists of trees are of one length", "[ml]") {
  CHECK_THAT(error_of(with(listed_tree(), {floats_attr("nodes_values", {0.5})})),
             Contains("nodes_values has 1 entries, expected 3"));
  CHECK_THAT(error_of(with(listed_tree(), {floats_attr("target_weights", {0.5})})), Contains("target_weights has 1"));
  CHECK_THAT(error_of(with(placed_tree(), {ints_attr("nodes_falseleafs", {})})), Contains("nodes_falseleafs has 0"));
}

TEST_CASE("LabelEncoder keeps what is no key apart from what stands for it", "[ml]") {
  const OperatorRun encoder = {"ai.onnx.ml:LabelEncoder",
                               4,
                               {make_tensor<int32_t>({3}, {4, 5, 4})},
                               {tensor_attr("keys_tensor", make_tensor<int32_t>({1}, {4})),
                                tensor_attr("values_tensor", make_tensor<double>({1}, {0.1})),
                                tensor_attr("default_tensor", make_tensor<double>({1}, {-1}))}};
  CHECK(first_output<double>(encoder) == std::vector<double>{0.1, -1, 0.1});
  CHECK_THAT(error_of(with(encoder, {tensor_attr("default_tensor", make_tensor<float>({1}, {0}))})),
             Contains("default_tensor is float 1, expected one double"));
  CHECK_THAT(error_of(with(encoder, {tensor_attr("keys_tensor", make_tensor<int64_t>({1}, {4}))})),
             Contains("expected keys of X's type"));
}

TEST_CASE("of lists under several names operators of ai.onnx.ml take one alone", "[ml]") {
  const auto x = make_tensor<float>({1, 2}, {4, 5});
  const OperatorRun imputer = {"ai.onnx.ml:Imputer", 1, {x}, {floats_attr("imputed_value_floats", {1})}};
  CHECK(first_output<float>(imputer) == Floats{4, 5});
  CHECK_THAT(error_of(with(imputer, {ints_attr("imputed_value_int64s", {1})})), Contains("both given"));
  const OperatorRun encoder = {
      "ai.onnx.ml:LabelEncoder", 2, {x}, {floats_attr("keys_floats", {4}), floats_attr("values_floats", {7})}};
  CHECK(first_output<float>(with(encoder, {ints_attr("keys_int64s", {})})) == Floats{7, 0});
  CHECK_THAT(error_of(with(encoder, {ints_attr("keys_int64s", {4})})), Contains("2 attributes keys_* are lists"));
  CHECK_THAT(error_of(with(encoder, {ints_attr("values_int64s", {4})})), Contains("2 attributes values_* are lists"));
}

TEST_CASE("Scaler has as many scales as offsets, where both are given", "[ml]") {
  const OperatorRun scaler = {
      "ai.onnx.ml:Scaler", 1, {make_tensor<float>({1, 2}, {4, 5})}, {floats_attr("offset", {1, 2})}};
  CHECK(first_output<float>(scaler) == Floats{3, 3});
  CHECK(first_output<float>(with(scaler, {floats_attr("scale", {2, 3})})) == Floats{6, 9});
  CHECK_THAT(error_of(with(scaler, {floats_attr("scale", {2})})), Contains("scale has 1 entries, expected 2"));
}

TEST_CASE("OneHotEncoder refuses what is no category where it may not be missing", "[ml]") {
  const OperatorRun encoder = {
      "ai.onnx.ml:OneHotEncoder", 1, {make_tensor<int64_t>({2}, {7, 8})}, {ints_attr("cats_int64s", {8, 9})}};
  CHECK(first_output<float>(encoder) == Floats{0, 0, 1, 0});
  CHECK_THAT(error_of(with(encoder, {int_attr("zeros", 0)})), Contains("element 0 of input X is no category"));
}
