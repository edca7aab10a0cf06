// Values of any kind through the C and the C++ API, and their misuse.
#include <tenon/value.h>

#include <catch2/catch.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;

namespace {

onnx::TypeProto& add_port(onnx::ValueInfoProto& info, const std::string& name) {
  info.set_name(name);
  return *info.mutable_type();
}

void set_floats(onnx::TypeProto& type) {
  type.mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
}

/// "out" = "in", which `set_type` gives its type.
std::string identity_of(const std::function<void(onnx::TypeProto&)>& set_type) {
  onnx::ModelProto model = tenon::test::empty_model();
  set_type(add_port(*model.mutable_graph()->add_input(), "in"));
  set_type(add_port(*model.mutable_graph()->add_output(), "out"));
  tenon::test::add_node(*model.mutable_graph(), "Identity", {"in"}, {"out"});
  return model.SerializeAsString();
}

std::string sequence_model() {
  return identity_of([](onnx::TypeProto& type) { set_floats(*type.mutable_sequence_type()->mutable_elem_type()); });
}

tenon::Session session_of(const std::string& model) {
  return tenon::Session::from_bytes(model.data(), model.size());
}

tenon::Options cpu_ref() {
  tenon::Options options;
  options.providers("cpu_ref");
  return options;
}

tenon::Tensor tensor(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return tenon::Tensor::of<float>({count}, std::move(values));
}

}  // namespace

TEST_CASE("a sequence goes into a run and comes out", "[api][sequences]") {
  const std::string model = sequence_model();
  tenon::Session session = session_of(model);
  CHECK(session.inputs()[0].kind == TENON_SEQUENCE);
  CHECK(session.outputs()[0].dtype == 1);
  tenon::Results results = session.run_values({{"in", tenon::Value::sequence({tensor({1, 2}), tensor({3})})}});
  const tenon::Value out = results.value("out");
  results = tenon::Results(nullptr);  // the value outlives them
  REQUIRE(out.kind() == TENON_SEQUENCE);
  REQUIRE(out.size() == 2);
  CHECK(out[0].tensor().to_vector<float>() == std::vector<float>{1, 2});
  const tenon::Value last = out[1];
  CHECK(last.tensor().to_vector<float>() == std::vector<float>{3});
}

TEST_CASE("a result is the input of a next run where it lies, when its session and results are gone, too",
          "[api][sequences]") {
  onnx::ModelProto relu = tenon::test::relu_model();
  relu.mutable_graph()->mutable_input(0)->clear_type();
  set_floats(*relu.mutable_graph()->mutable_input(0)->mutable_type());
  relu.mutable_graph()->clear_output();
  set_floats(add_port(*relu.mutable_graph()->add_output(), "y"));
  onnx::ModelProto list = tenon::test::empty_model();
  set_floats(add_port(*list.mutable_graph()->add_input(), "in"));
  set_floats(*add_port(*list.mutable_graph()->add_output(), "out").mutable_sequence_type()->mutable_elem_type());
  tenon::test::add_node(*list.mutable_graph(), "SequenceConstruct", {"in", "in"}, {"out"});

  const std::string first_model = relu.SerializeAsString(), second_model = list.SerializeAsString();
  const tenon::Value result = [&] {
    tenon::Session session = tenon::Session::from_bytes(first_model.data(), first_model.size(), cpu_ref());
    return session.run({{"x", tensor({-1, 2})}}).value("y");
  }();
  CHECK(result.tensor().to_vector<float>() == std::vector<float>{0, 2});
  const tenon::Value both = session_of(second_model).run_values({{"in", result}}).value("out");
  const tenon::Value first = both[0], second = both[1];
  CHECK(first.tensor().raw() == result.tensor().raw());
  CHECK(second.tensor().raw() == result.tensor().raw());
}

TEST_CASE("a value that is shared is the same memory, and lives on by either handle", "[api]") {
  std::vector<float> memory{1, 2};
  const auto tensor = tenon::Tensor::of<float>({2}, memory);
  const auto raw = tensor.c("");
  tenon_value *value = nullptr, *shared = nullptr;
  REQUIRE(tenon_value_of_tensor(&raw, &value) == TENON_OK);
  REQUIRE(tenon_value_share(value, &shared) == TENON_OK);
  CHECK(shared != value);
  tenon_value_destroy(value);
  const tenon::Value other = tenon::Value::adopt(shared);
  CHECK(other.tensor().raw() == memory.data());
  CHECK(other.tensor().to_vector<float>() == memory);
}

TEST_CASE("a sequence without elements fits every sequence", "[api][sequences]") {
  const std::string model = sequence_model();
  CHECK(session_of(model).run_values({{"in", tenon::Value::sequence({})}}).value(0).size() == 0);
}

TEST_CASE("optionals go into a run and come out", "[api][optionals]") {
  const std::string model =
      identity_of([](onnx::TypeProto& type) { set_floats(*type.mutable_optional_type()->mutable_elem_type()); });
  tenon::Session session = session_of(model);
  const tenon::Value full = session.run_values({{"in", tenon::Value::optional(tensor({5}))}}).value(0);
  REQUIRE(full.has_value());
  CHECK(full[0].tensor().to_vector<float>() == std::vector<float>{5});
  CHECK_FALSE(session.run_values({{"in", tenon::Value::nothing()}}).value(0).has_value());
  CHECK(session.run({{"in", tensor({6})}}).value(0)[0].tensor().to_vector<float>() == std::vector<float>{6});
}

TEST_CASE("a map goes into a run and comes out", "[api][maps]") {
  const std::string model = identity_of([](onnx::TypeProto& type) {
    type.mutable_map_type()->set_key_type(onnx::TensorProto::STRING);
    set_floats(*type.mutable_map_type()->mutable_value_type());
  });
  tenon::Session session = session_of(model);
  const auto map = tenon::Value::map(tenon::Tensor::strings({2}, {"cat", "dog"}), tensor({0.75f, 0.25f}));
  const tenon::Value out = session.run_values({{"in", map}}).value(0);
  REQUIRE(out.kind() == TENON_MAP);
  CHECK(out.size() == 2);
  CHECK(out.type().key == 8);
  CHECK(out.keys().to_strings() == std::vector<std::string>{"cat", "dog"});
  CHECK(out.values().to_vector<float>() == std::vector<float>{0.75f, 0.25f});
}

TEST_CASE("a value of the wrong kind is refused by name", "[api]") {
  const std::string model = sequence_model();
  tenon::Session session = session_of(model);
  CHECK_THROWS_WITH(session.run({{"in", tensor({1})}}),
                    Contains("input 'in' is given float 1, expected sequence(float)"));
  const tenon::Results results = session.run_values({{"in", tenon::Value::sequence({tensor({1})})}});
  CHECK_THROWS_WITH(results[0], Contains("result 'out' is sequence(float) of 1, expected a tensor"));
  CHECK_THROWS_WITH(results.value(0).tensor(), Contains("the value is sequence(float) of 1, expected a tensor"));
  CHECK_THROWS_WITH(results.value(0).keys(), Contains("expected a map"));
  CHECK_THROWS_WITH(results.value(0)[1], Contains("there is no element 1"));
  CHECK_THROWS_WITH(tenon::Value(tensor({1}))[0], Contains("expected a sequence or an optional"));
}

TEST_CASE("a value is read from a file of a data set, as its port declares it", "[api]") {
  const tenon::test::TempFolder folder;
  onnx::SequenceProto proto;
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  for (const float number : {1.0f, 2.0f}) {
    onnx::TensorProto& element = *proto.add_tensor_values();
    element.set_data_type(onnx::TensorProto::FLOAT);
    element.add_dims(1);
    element.add_float_data(number);
  }
  const std::string file = folder.write("input_0.pb", proto.SerializeAsString()).string();
  const std::string model = sequence_model();
  const tenon_value_type type = session_of(model).inputs()[0].value_type();
  const tenon::Value read = tenon::Value::read(file, type);
  CHECK(read.text() == "sequence(float) of 2");
  CHECK(read[1].tensor().to_vector<float>() == std::vector<float>{2});
  tenon_value_type of_tensors = type;
  of_tensors.kind = TENON_TENSOR;
  CHECK_THROWS_WITH(tenon::Value::read(file, of_tensors), Contains("input_0.pb"));
  of_tensors.kind = 99;
  CHECK_THROWS_WITH(tenon::Value::read(file, of_tensors), Contains("kind 99"));
  CHECK_THROWS_WITH(tenon::Value::read((folder.path() / "none.pb").string(), type), Contains("none.pb"));
}

TEST_CASE("null handles of values are errors, not crashes", "[api]") {
  tenon_value* value = nullptr;
  tenon_tensor raw{};
  tenon_value_type type{};
  CHECK(tenon_value_of_tensor(nullptr, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_of_tensor(&raw, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_of_elements(nullptr, 1, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_of_elements(&value, 1, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_of_map(nullptr, &raw, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_element(nullptr, 0, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_tensor(nullptr, &raw) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_value_get_type(nullptr, &type) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_results_value(nullptr, 0, &value) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_results_name(nullptr, 0) == nullptr);
  CHECK(tenon_value_count(nullptr) == 0);
  tenon_value_destroy(nullptr);
  REQUIRE(tenon_value_of_elements(nullptr, 0, &value) == TENON_OK);
  CHECK(tenon_value_get_type(value, &type) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("set it to sizeof(tenon_value_type)"));
  tenon_value_destroy(value);
}
