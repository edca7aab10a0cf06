// ZipMap, CastMap and DictVectorizer.
#include <catch2/catch.hpp>

#include "tests/support/run_operator.h"
#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;
using Strings = std::vector<std::string>;

namespace {

Strings strings_of(const Tensor& t) {
  Strings values;
  for (int64_t i = 0; i < t.element_count(); ++i) values.emplace_back(t.string_at(i));
  return values;
}

Tensor strings(Strings values) {
  const auto count = static_cast<int64_t>(values.size());
  return tensor_of_strings({count}, std::move(values));
}

ValueType map_type(tn_dtype key, tn_dtype value) {
  ValueType type{Kind::kMap, value, std::nullopt};
  type.key = key;
  return type;
}

/// One node of ai.onnx.ml over "x".
std::unique_ptr<Session> open_ml(const std::string& op, ValueType input, std::vector<Attribute> attributes) {
  GraphBuilder b;
  b.model().opset_imports["ai.onnx.ml"] = 1;
  b.input_of("x", std::move(input));
  b.node("ai.onnx.ml:" + op, {"x"}, {"y"}, std::move(attributes));
  b.output("y");
  return open_on_ref(b);
}

ValueType any_floats() {
  return {Kind::kTensor, TN_FLOAT, std::nullopt};
}

RunValue map_of(Tensor keys, Tensor values) {
  return must(RunValue::map(std::move(keys), std::move(values)));
}

const Attribute kWords = {"classlabels_strings", Strings{"b", "a"}};

}  // namespace

TEST_CASE("ZipMap gives a map for each row", "[maps]") {
  const auto session = open_ml("ZipMap", any_floats(), {kWords});
  const RunValue y = must_run_values(*session, {{"x", make_tensor<float>({2, 2}, {1, 2, 3, 4})}})[0];
  REQUIRE(y.elements().size() == 2);
  CHECK(strings_of(y.elements()[1].keys()) == Strings{"b", "a"});
  CHECK(values_of(y.elements()[0].values()) == Floats{1, 2});
  CHECK(values_of(y.elements()[1].values()) == Floats{3, 4});
}

TEST_CASE("ZipMap takes a single row, and none", "[maps]") {
  const auto session = open_ml("ZipMap", any_floats(), {ints_attr("classlabels_int64s", {7, -1})});
  const RunValue one = must_run_values(*session, {{"x", make_tensor<float>({2}, {1, 2})}})[0];
  REQUIRE(one.elements().size() == 1);
  CHECK(ints_of(one.elements()[0].keys()) == Ints{7, -1});
  const RunValue none = must_run_values(*session, {{"x", make_tensor<float>({0, 2}, {})}})[0];
  CHECK(describe(none) == "sequence(map(int64, float)) of 0");
}

TEST_CASE("of labels that are there twice ZipMap takes the last", "[maps]") {
  const auto session = open_ml("ZipMap", any_floats(), {ints_attr("classlabels_int64s", {7, 7, 3})});
  const RunValue y = must_run_values(*session, {{"x", make_tensor<float>({1, 3}, {1, 2, 3})}})[0];
  CHECK(ints_of(y.elements()[0].keys()) == Ints{7, 3});
  CHECK(values_of(y.elements()[0].values()) == Floats{2, 3});
}

TEST_CASE("ZipMap needs a column for each label, and one list of labels", "[maps]") {
  const auto session = open_ml("ZipMap", any_floats(), {kWords});
  CHECK_THAT(value_failure_of(*session, {{"x", make_tensor<float>({1, 3}, {1, 2, 3})}}).message(),
             Contains("the 2 labels"));
  CHECK_THROWS_WITH(open_ml("ZipMap", any_floats(), {}), Contains("both empty"));
  CHECK_THROWS_WITH(open_ml("ZipMap", any_floats(), {kWords, ints_attr("classlabels_int64s", {1, 2})}),
                    Contains("both given"));
}

TEST_CASE("CastMap lists values by ascending keys, or puts each at its key", "[maps]") {
  const RunValue map = map_of(make_tensor<int64_t>({3}, {4, 1, 9}), make_tensor<float>({3}, {1.5, -2.75, 1e20f}));
  const ValueType type = map_type(TN_INT64, TN_FLOAT);
  const auto cast = [&](std::vector<Attribute> attributes) {
    return must_run_values(*open_ml("CastMap", type, std::move(attributes)), {{"x", map}})[0].tensor();
  };
  const Attribute sparse = string_attr("map_form", "SPARSE"), to_text = string_attr("cast_to", "TO_STRING");
  CHECK(values_of(cast({})) == Floats{-2.75, 1.5, 1e20f});
  CHECK(cast({}).shape() == Ints{1, 3});
  CHECK(values_of(cast({sparse, int_attr("max_map", 5)})) == Floats{0, -2.75, 0, 0, 1.5});
  CHECK(strings_of(cast({to_text})) == Strings{"-2.750000", "1.500000", "100000002004087734272.000000"});
  CHECK(strings_of(cast({to_text, sparse, int_attr("max_map", 2)})) == Strings{"0.f", "-2.750000"});
  CHECK(ints_of(cast({string_attr("cast_to", "TO_INT64")})) == Ints{-2, 1, INT64_MAX});
}

TEST_CASE("CastMap reads numbers from text", "[maps]") {
  const RunValue map = map_of(make_tensor<int64_t>({2}, {0, 1}), strings({" 12", "-7.5"}));
  const ValueType type = map_type(TN_INT64, TN_STRING);
  CHECK(values_of(must_run_values(*open_ml("CastMap", type, {}), {{"x", map}})[0].tensor()) == Floats{12, -7.5});
  const auto ints = open_ml("CastMap", type, {string_attr("cast_to", "TO_INT64")});
  CHECK(ints_of(must_run_values(*ints, {{"x", map}})[0].tensor()) == Ints{12, -7});
  const RunValue word = map_of(make_tensor<int64_t>({1}, {0}), strings({"word"}));
  CHECK_THAT(value_failure_of(*ints, {{"x", word}}).message(), Contains("'word', expected a whole number"));
}

TEST_CASE("CastMap refuses keys before the row and a row without length", "[maps]") {
  const ValueType type = map_type(TN_INT64, TN_FLOAT);
  const auto session = open_ml("CastMap", type, {string_attr("map_form", "SPARSE"), int_attr("max_map", 2)});
  const RunValue map = map_of(make_tensor<int64_t>({1}, {-3}), make_tensor<float>({1}, {1}));
  CHECK_THAT(value_failure_of(*session, {{"x", map}}).message(), Contains("the key -3"));
  CHECK_THROWS_WITH(open_ml("CastMap", type, {string_attr("map_form", "SPARSE"), int_attr("max_map", 0)}),
                    Contains("'max_map' is 0"));
  CHECK_THROWS_WITH(open_ml("CastMap", type, {string_attr("cast_to", "TO_BOOL")}), Contains("TO_BOOL"));
}

TEST_CASE("DictVectorizer gives the value of each word of its vocabulary", "[maps]") {
  const Attribute words = {"string_vocabulary", Strings{"a", "b", "c"}};
  const auto of_words = open_ml("DictVectorizer", map_type(TN_STRING, TN_FLOAT), {words});
  const RunValue map = map_of(strings({"c", "a", "z"}), make_tensor<float>({3}, {1, 2, 3}));
  const RunValue y = must_run_values(*of_words, {{"x", map}})[0];
  CHECK(values_of(y.tensor()) == Floats{2, 0, 1});
  CHECK(y.tensor().shape() == Ints{1, 3});
  const auto of_ints =
      open_ml("DictVectorizer", map_type(TN_INT64, TN_STRING), {ints_attr("int64_vocabulary", {5, 6})});
  const RunValue texts = map_of(make_tensor<int64_t>({1}, {6}), strings({"six"}));
  CHECK(strings_of(must_run_values(*of_ints, {{"x", texts}})[0].tensor()) == Strings{"", "six"});
}

TEST_CASE("DictVectorizer refuses a map with keys of another type", "[maps]") {
  const Attribute words = {"string_vocabulary", Strings{"a"}};
  const auto session = open_ml("DictVectorizer", map_type(TN_INT64, TN_FLOAT), {words});
  const RunValue map = map_of(make_tensor<int64_t>({1}, {6}), make_tensor<float>({1}, {1}));
  CHECK_THAT(value_failure_of(*session, {{"x", map}}).message(), Contains("expected keys of type string"));
}
