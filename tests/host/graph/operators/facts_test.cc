#include "host/graph/operators/facts.h"

#include <catch2/catch.hpp>
#include <set>

#include "host/graph/operators/node_traits.h"
#include "host/graph/schema.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;

namespace {

// The newest form of each operator of the ONNX domain that has the trait.
std::vector<const OpSchema*> operators_with(OperatorTrait trait) {
  std::vector<const OpSchema*> found;
  for (const OpSchema& schema : onnx_schemas())
    if (schema.domain.empty() && facts_of(schema).has(trait) &&
        find_schema("", schema.op_type, newest_opset("")) == &schema)
      found.push_back(&schema);
  return found;
}

bool allows(const OpSchema& schema, size_t input, tn_dtype dtype) {
  const FormalParameter& formal = *formal_parameter(schema.inputs, input);
  for (const TypeConstraint& c : schema.constraints)
    if (c.parameter == formal.type) return (c.tensor_types >> dtype & 1) != 0;
  return false;
}

// Four numbers that differ from input to input, of a type that the input may have.
Tensor four(const OpSchema& schema, size_t input) {
  if (allows(schema, input, TN_FLOAT))
    return make_tensor<float>(
        {2, 2}, input == 0 ? std::vector{0.25f, 0.5f, -0.75f, 1.5f} : std::vector{0.5f, -2.0f, 0.125f, 3.0f});
  const std::vector<uint8_t> bytes = input == 0 ? std::vector<uint8_t>{1, 0, 1, 0} : std::vector<uint8_t>{1, 1, 0, 0};
  if (allows(schema, input, TN_UINT8)) return make_tensor<uint8_t>({2, 2}, bytes);
  return tensor_of_bytes(TN_BOOL, {2, 2}, bytes);
}

// The element at `i`, as a tensor without dimensions.
Tensor element(const Tensor& tensor, size_t i) {
  const size_t size = tensor.byte_length() / static_cast<size_t>(tensor.element_count());
  const auto* bytes = static_cast<const uint8_t*>(tensor.data()) + i * size;
  return tensor_of_bytes(tensor.dtype(), {}, std::vector<uint8_t>(bytes, bytes + size));
}

std::string bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data()), tensor.byte_length()};
}

OperatorRun run_of(const OpSchema& schema) {
  OperatorRun run{std::string(schema.op_type), newest_opset(""), {}};
  const size_t count = schema.max_inputs == UINT16_MAX ? 2 : schema.min_inputs;
  for (size_t i = 0; i < count; ++i) run.inputs.push_back(four(schema, i));
  if (find_attribute(schema, "to") != nullptr) run.attributes = {int_attr("to", TN_INT32)};
  if (find_attribute(schema, "fmod") != nullptr) run.attributes = {int_attr("fmod", 1)};
  if (find_attribute(schema, "direction") != nullptr) run.attributes = {string_attr("direction", "LEFT")};
  return run;
}

Node node_of(const char* domain, const char* op_type, int64_t opset) {
  Node node;
  node.domain = domain;
  node.op_type = op_type;
  node.schema = find_schema(domain, op_type, opset);
  return node;
}

}  // namespace

TEST_CASE("every form of an operator has the operator's facts", "[facts]") {
  for (const int64_t opset : {1, 7, 13, 28}) {
    CHECK(is_commutative(node_of("", "Add", opset)));
    CHECK(is_random(node_of("", "RandomUniform", opset)));
    CHECK_FALSE(is_random(node_of("", "Relu", opset)));
  }
  CHECK(is_elementwise(node_of("com.microsoft", "FastGelu", 1)));
}

TEST_CASE("operators that only look at their input in another way have a shape rule, which views are cut by",
          "[facts]") {
  size_t views = 0;
  for (const auto schemas : {onnx_schemas(), contrib_schemas()})
    for (const OpSchema& schema : schemas) {
      if (facts_of(schema).view == nullptr) continue;
      INFO(schema.op_type);
      CHECK(facts_of(schema).shape != nullptr);
      ++views;
    }
  CHECK(views > 10);
}

TEST_CASE("an operator without a row, or without a schema, has no facts", "[facts]") {
  for (const OperatorFacts& facts : {facts_of(node_of("", "MaxUnpool", 9)), facts_of(Node())}) {
    CHECK(facts.shape == nullptr);
    CHECK(facts.view == nullptr);
    CHECK(facts.traits == kNoTraits);
  }
  // The ONNX domain has an Add, this one has not.
  CHECK(facts_of(node_of("com.example", "Add", 1)).shape == nullptr);
}

TEST_CASE("Dropout is random where its mode is given", "[facts]") {
  Value mode;
  Node dropout = node_of("", "Dropout", 13);
  dropout.inputs = {&mode, nullptr, nullptr};
  CHECK_FALSE(is_random(dropout));
  dropout.inputs[2] = &mode;
  CHECK(is_random(dropout));
}

TEST_CASE("operators that the facts call commutative answer the same when their inputs change places", "[facts]") {
  const auto operators = operators_with(kCommutative);
  CHECK(operators.size() > 5);
  for (const OpSchema* schema : operators) {
    INFO(schema->op_type);
    OperatorRun run = run_of(*schema);
    const auto there = run_operator(run);
    INFO(there.status().message());
    REQUIRE(there.is_ok());
    std::swap(run.inputs[0], run.inputs[1]);
    CHECK(bytes_of((*run_operator(run))[0]) == bytes_of((*there)[0]));
  }
}

TEST_CASE("operators that the facts call elementwise answer each element as if it were alone", "[facts]") {
  std::set<std::string_view> asked;
  for (const OpSchema* schema : operators_with(kElementwise)) {
    INFO(schema->op_type);
    const OperatorRun run = run_of(*schema);
    const auto whole = run_operator(run);
    if (whole.status().code() == TN_NO_KERNEL) continue;  // cpu_ref has no kernel
    INFO(whole.status().message());
    REQUIRE(whole.is_ok());
    for (size_t i = 0; i < 4; ++i) {
      OperatorRun alone = run;
      for (Tensor& input : alone.inputs) input = element(input, i);
      CHECK(bytes_of((*run_operator(alone))[0]) == bytes_of(element((*whole)[0], i)));
    }
    asked.insert(schema->op_type);
  }
  CHECK(asked.size() > 50);
}
