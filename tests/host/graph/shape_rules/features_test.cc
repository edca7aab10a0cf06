// Types and shapes of ai.onnx.ml, which attributes decide.
#include <catch2/catch.hpp>

#include "host/graph/shape_inference.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;
using Strings = std::vector<std::string>;
using Floats = std::vector<float>;

namespace {

const Attribute kTwoWords = {"classlabels_strings", Strings{"a", "b"}};

/// The inferred outputs of a node over a tensor, "float[batch,2] string[batch]".
std::string of(const std::string& op, tn_dtype dtype, std::vector<Dim> dims, std::vector<Attribute> attributes,
               size_t outputs = 1, int64_t opset = 3) {
  GraphBuilder b;
  b.model().opset_imports["ai.onnx.ml"] = opset;
  b.symbolic_input("x", dtype, std::move(dims));
  Strings names;
  for (size_t i = 0; i < outputs; ++i) names.push_back("y" + std::to_string(i));
  b.node("ai.onnx.ml:" + op, {"x"}, names, std::move(attributes));
  if (const auto s = b.graph().finish(); !s.is_ok()) return s.message();
  if (const auto s = resolve_schemas(b.model()); !s.is_ok()) return s.message();
  if (const auto s = infer_shapes(b.model()); !s.is_ok()) return s.message();
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + describe(b.value(name)->type);
  return text;
}

const std::vector<Dim> kRows = {{-1, "batch"}, {4, ""}};

}  // namespace

TEST_CASE("classifiers give labels of the type of their list, and scores", "[features]") {
  CHECK(of("TreeEnsembleClassifier", TN_FLOAT, kRows, {kTwoWords}, 2) == "string[batch] float[batch,2]");
  CHECK(of("TreeEnsembleClassifier", TN_INT64, {{4, ""}}, {ints_attr("classlabels_int64s", {5, 6, 7})}, 2) ==
        "int64[1] float[1,3]");
  CHECK(of("LinearClassifier", TN_DOUBLE, kRows, {kTwoWords, {"coefficients", Floats{1}}}, 2) ==
        "string[batch] float[batch,?]");
  CHECK(of("SVMClassifier", TN_FLOAT, kRows, {ints_attr("classlabels_ints", {1, 2})}, 2) ==
        "int64[batch] float[batch,?]");
}

TEST_CASE("regressors have a column for each target", "[features]") {
  CHECK(of("TreeEnsembleRegressor", TN_DOUBLE, kRows, {int_attr("n_targets", 3)}) == "float[batch,3]");
  CHECK(of("LinearRegressor", TN_FLOAT, kRows, {}) == "float[batch,1]");
  CHECK(of("SVMRegressor", TN_FLOAT, kRows, {}) == "float[batch,1]");
  CHECK(of("TreeEnsembleRegressor", TN_FLOAT, {{2, ""}, {3, ""}, {4, ""}}, {int_attr("n_targets", 3)}) == "float[...]");
}

TEST_CASE("encoders give the type of their values", "[features]") {
  CHECK(of("LabelEncoder", TN_STRING, kRows, {{"classes_strings", Strings{"a"}}}, 1, 1) == "int64[batch,4]");
  CHECK(of("LabelEncoder", TN_INT64, kRows, {{"classes_strings", Strings{"a"}}}, 1, 1) == "string[batch,4]");
  CHECK(of("LabelEncoder", TN_STRING, kRows, {{"keys_strings", Strings{"a"}}, {"values_floats", Floats{1}}}) ==
        "float[batch,4]");
  CHECK(of("LabelEncoder", TN_STRING, kRows,
           {{"keys_strings", Strings{"a"}}, tensor_attr("values_tensor", make_tensor<double>({1}, {1}))}, 1,
           4) == "double[batch,4]");
  CHECK(of("CategoryMapper", TN_INT64, kRows, {}) == "string[batch,4]");
  CHECK(of("OneHotEncoder", TN_INT64, kRows, {ints_attr("cats_int64s", {1, 2, 3})}) == "float[batch,4,3]");
}

TEST_CASE("ZipMap makes a sequence of maps", "[features]") {
  CHECK(of("ZipMap", TN_FLOAT, kRows, {kTwoWords}) == "sequence(map(string, float))");
  CHECK(of("ZipMap", TN_FLOAT, kRows, {ints_attr("classlabels_int64s", {1})}) == "sequence(map(int64, float))");
}

TEST_CASE("widths of joined features add up", "[features]") {
  CHECK(of("FeatureVectorizer", TN_FLOAT, kRows, {ints_attr("inputdimensions", {4})}) == "float[batch,4]");
  CHECK(of("FeatureVectorizer", TN_FLOAT, kRows, {ints_attr("inputdimensions", {INT64_MAX, 1})}) != "float[batch,4]");
}
