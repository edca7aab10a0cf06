// Functions that a model defines itself: what is left of their calls, and what is refused.
#include <catch2/catch.hpp>

#include "tests/support/onnx_models.h"

using Catch::Contains;
using namespace tenon::host;
using namespace tenon::test;

namespace {

onnx::FunctionProto& add_function(onnx::ModelProto& model, const std::string& name,
                                  const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  onnx::FunctionProto& function = *model.add_functions();
  function.set_name(name);
  function.set_domain("mine");
  for (const auto& input : inputs) function.add_input(input);
  for (const auto& output : outputs) function.add_output(output);
  function.add_opset_import()->set_version(17);
  return function;
}

onnx::NodeProto& add_body_node(onnx::FunctionProto& function, const std::string& op,
                               const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                               const std::string& domain = "") {
  onnx::NodeProto& node = *function.add_node();
  node.set_op_type(op);
  node.set_domain(domain);
  node.set_name(op);
  for (const auto& name : inputs) node.add_input(name);
  for (const auto& name : outputs) node.add_output(name);
  return node;
}

/// x (float 2x3) -> mine.F named "call" -> y, without the function.
onnx::ModelProto calling_model(const std::vector<std::string>& inputs = {"x"}) {
  onnx::ModelProto model = empty_model();
  set_float_type(*model.mutable_graph()->add_input(), "x", {2, 3});
  set_float_type(*model.mutable_graph()->add_output(), "y", {2, 3});
  onnx::NodeProto& call = add_node(*model.mutable_graph(), "F", inputs, {"y"});
  call.set_domain("mine");
  call.set_name("call");
  return model;
}

void set_float(onnx::AttributeProto& attribute, const std::string& name, float value) {
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

void refer(onnx::NodeProto& node, const std::string& name, const std::string& to) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_ref_attr_name(to);
}

/// "LeakyRelu call/n (x) -> call/t; ..." of all nodes.
std::string text_of(const Graph& graph) {
  std::string text;
  for (const auto& node : graph.nodes()) {
    text += (text.empty() ? "" : "; ") + node->op_type + " " + node->name + " (";
    for (const Value* v : node->inputs) text += (v != nullptr ? v->name : "-") + ",";
    text += ") ->";
    for (const Value* v : node->outputs) text += " " + (v != nullptr ? v->name : "-");
  }
  return text;
}

std::string imported(const onnx::ModelProto& proto) {
  const auto model = import_proto(proto);
  return model.is_ok() ? text_of(*(*model)->graph) : model.status().message();
}

float alpha_of(const onnx::ModelProto& proto) {
  const auto model = import_proto(proto);
  if (!model.is_ok()) throw std::runtime_error(model.status().message());
  const Attribute* alpha = (*model)->graph->nodes()[0]->find_attribute("alpha");
  return alpha != nullptr ? std::get<float>(alpha->payload) : -1;
}

// mine.F with a LeakyRelu whose alpha is the function's attribute "slope".
onnx::ModelProto leaky_model() {
  onnx::ModelProto model = calling_model();
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  refer(add_body_node(function, "LeakyRelu", {"a"}, {"b"}), "alpha", "slope");
  return model;
}

}  // namespace

TEST_CASE("a call becomes the function's body under the call's name", "[functions]") {
  onnx::ModelProto model = calling_model();
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  add_body_node(function, "Neg", {"t"}, {"b"});
  add_body_node(function, "Relu", {"a"}, {"t"});
  CHECK(imported(model) == "Relu call/Relu (x,) -> call/t; Neg call/Neg (call/t,) -> y");
}

TEST_CASE("two calls of one name keep their values apart", "[functions]") {
  onnx::ModelProto model = calling_model({"h"});
  onnx::NodeProto& first = add_node(*model.mutable_graph(), "F", {"x"}, {"h"});
  first.set_domain("mine");
  first.set_name("call");
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  add_body_node(function, "Relu", {"a"}, {"t"});
  add_body_node(function, "Neg", {"t"}, {"b"});
  CHECK(imported(model) ==
        "Relu call#2/Relu (x,) -> call#2/t; Neg call#2/Neg (call#2/t,) -> h; "
        "Relu call/Relu (h,) -> call/t; Neg call/Neg (call/t,) -> y");
}

TEST_CASE("functions call functions, also from subgraphs, and leave inputs out", "[functions]") {
  onnx::ModelProto model = calling_model({"x", "", "x"});
  onnx::FunctionProto& outer = add_function(model, "F", {"a", "low", "high"}, {"b"});
  add_body_node(outer, "Inner", {"a", "low", "high"}, {"b"}, "mine");
  onnx::FunctionProto& inner = add_function(model, "Inner", {"p", "q", "r"}, {"s"});
  add_body_node(inner, "Clip", {"p", "q", "r"}, {"s"});
  CHECK(imported(model) == "Clip call/Inner/Clip (x,-,x,) -> y");
}

TEST_CASE("a subgraph in a body sees the body's values and nothing around the call", "[functions]") {
  onnx::ModelProto model = calling_model({"x", "c"});
  auto& flag = *model.mutable_graph()->add_input();
  set_float_type(flag, "c", {});
  flag.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::BOOL);
  onnx::FunctionProto& function = add_function(model, "F", {"a", "flag"}, {"b"});
  add_body_node(function, "Relu", {"a"}, {"t"});
  onnx::NodeProto& choice = add_body_node(function, "If", {"flag"}, {"b"});
  for (const char* name : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& branch = *choice.add_attribute();
    branch.set_name(name);
    branch.set_type(onnx::AttributeProto::GRAPH);
    set_float_type(*branch.mutable_g()->add_output(), "o", {2, 3});
    add_node(*branch.mutable_g(), "Neg", {"t"}, {"o"});
  }
  const auto imported_model = import_proto(model);
  INFO(imported_model.status().message());
  REQUIRE(imported_model.is_ok());
  const Node& node = *(*imported_model)->graph->nodes()[1];
  REQUIRE(node.implicit_inputs.size() == 1);
  CHECK(node.implicit_inputs[0]->name == "call/t");
  choice.mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(0, "x");
  CHECK_THAT(imported(model), Contains("'x'"));
}

TEST_CASE("inputs that a function hands through are copied to its outputs", "[functions]") {
  onnx::ModelProto model = calling_model();
  add_function(model, "F", {"a"}, {"a"});
  CHECK(imported(model) == "Identity call/a (x,) -> y");
}

TEST_CASE("attributes come from the call, from the default, or stay out", "[functions]") {
  onnx::ModelProto model = leaky_model();
  onnx::FunctionProto& function = *model.mutable_functions(0);
  function.add_attribute("slope");
  CHECK(alpha_of(model) == -1);
  set_float(*model.mutable_graph()->mutable_node(0)->add_attribute(), "slope", 0.25f);
  CHECK(alpha_of(model) == 0.25f);
  model = leaky_model();
  onnx::AttributeProto preset;
  set_float(preset, "slope", 0.5f);
  onnx::FunctionProto& with_default = *model.mutable_functions(0);
  with_default.GetReflection()->MutableUnknownFields(&with_default)->AddLengthDelimited(11, preset.SerializeAsString());
  CHECK(alpha_of(model) == 0.5f);
  set_float(*model.mutable_graph()->mutable_node(0)->add_attribute(), "slope", 0.25f);
  CHECK(alpha_of(model) == 0.25f);
}

TEST_CASE("overloads are told apart", "[functions]") {
  onnx::ModelProto model = calling_model();
  for (const char* overload : {"one", "two"}) {
    onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
    add_body_node(function, overload == std::string("one") ? "Relu" : "Neg", {"a"}, {"b"});
    function.GetReflection()->MutableUnknownFields(&function)->AddLengthDelimited(13, overload);
  }
  onnx::NodeProto& call = *model.mutable_graph()->mutable_node(0);
  call.GetReflection()->MutableUnknownFields(&call)->AddLengthDelimited(8, "two");
  CHECK(imported(model) == "Neg call/Neg (x,) -> y");
  *model.add_functions() = model.functions(0);
  CHECK_THAT(imported(model), Contains("function 'mine.F:one' is defined twice"));
}

TEST_CASE("attributes that do not fit a function are refused", "[functions]") {
  onnx::ModelProto model = leaky_model();
  CHECK_THAT(imported(model), Contains("'call/LeakyRelu' (LeakyRelu): attribute 'alpha': it refers to 'slope', which "
                                       "function 'mine.F' does not have"));
  set_float(*model.mutable_graph()->mutable_node(0)->add_attribute(), "slope", 0.25f);
  CHECK_THAT(imported(model), Contains("attribute 'slope' is unknown to function 'mine.F'"));
  model.mutable_functions(0)->add_attribute("slope");
  auto& slope = *model.mutable_graph()->mutable_node(0)->mutable_attribute(0);
  slope.set_type(onnx::AttributeProto::INT);
  CHECK_THAT(imported(model), Contains("which is of kind 2, expected 1"));
  slope.set_type(onnx::AttributeProto::GRAPH);
  slope.mutable_g();
  CHECK_THAT(imported(model), Contains("attribute 'slope' passes a graph"));
}

TEST_CASE("calls and bodies that do not fit are refused", "[functions]") {
  onnx::ModelProto model = calling_model({"x", "x"});
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  onnx::NodeProto& node = add_body_node(function, "Relu", {"a"}, {"b"});
  CHECK_THAT(imported(model), Contains("'call' (mine.F): 2 inputs, but function 'mine.F' has 1"));
  model.mutable_graph()->mutable_node(0)->mutable_input()->RemoveLast();
  model.mutable_graph()->mutable_node(0)->add_output("z");
  CHECK_THAT(imported(model), Contains("2 outputs, but function 'mine.F' has 1"));
  model.mutable_graph()->mutable_node(0)->mutable_output()->RemoveLast();
  node.set_input(0, "x");
  CHECK_THAT(imported(model), Contains("it reads 'x', which is neither an input of function 'mine.F'"));
  node.set_input(0, "a");
  node.set_output(0, "c");
  CHECK_THAT(imported(model), Contains("no node of function 'mine.F' computes its output 'b'"));
  node.set_output(0, "a");
  CHECK_THAT(imported(model), Contains("output 'a' is also an input of function 'mine.F'"));
}

TEST_CASE("a function of another opset is fine where its operators are the same there", "[functions]") {
  onnx::ModelProto model = calling_model();
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  onnx::NodeProto& node = add_body_node(function, "Relu", {"a"}, {"b"});
  function.mutable_opset_import(0)->set_version(15);
  CHECK(imported(model) == "Relu call/Relu (x,) -> y");
  function.mutable_opset_import(0)->set_version(12);
  CHECK_THAT(imported(model), Contains("imports opset 12 of domain 'ai.onnx', the model 17, and the operator differs"));
  node.set_domain("other");
  CHECK_THAT(imported(model), Contains("imports no opset of domain 'other'"));
}

TEST_CASE("functions that call themselves are refused", "[functions]") {
  onnx::ModelProto model = calling_model();
  add_body_node(add_function(model, "F", {"a"}, {"b"}), "G", {"a"}, {"b"}, "mine");
  add_body_node(add_function(model, "G", {"a"}, {"b"}), "F", {"a"}, {"b"}, "mine");
  CHECK_THAT(imported(model), Contains("function 'mine.F' calls function 'mine.G' calls function 'mine.F'"));
}

TEST_CASE("functions that double at every level, or nest deep, are refused", "[functions]") {
  const auto chain = [](int levels, int calls) {
    onnx::ModelProto model = calling_model();
    for (int i = 0; i <= levels; ++i) {
      onnx::FunctionProto& function = add_function(model, i == 0 ? "F" : "F" + std::to_string(i), {"a"}, {"b0"});
      for (int c = 0; c < calls; ++c)
        add_body_node(function, i == levels ? "Relu" : "F" + std::to_string(i + 1), {"a"}, {"b" + std::to_string(c)},
                      i == levels ? "" : "mine");
    }
    return imported(model);
  };
  CHECK_THAT(chain(40, 2), Contains("the model's functions grow to more than") && Contains("nodes"));
  CHECK_THAT(chain(100, 1), Contains("deeper than 64 levels"));
  CHECK_THAT(chain(60, 1), Contains("Relu call/F1/F2"));
}

TEST_CASE("a name inside a function's subgraph that the graph around the call has too becomes another", "[onnx]") {
  onnx::ModelProto model = calling_model();
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"t"});
  onnx::FunctionProto& function = add_function(model, "F", {"a"}, {"b"});
  onnx::NodeProto& constant = add_body_node(function, "Constant", {}, {"c"});
  onnx::AttributeProto& value = *constant.add_attribute();
  value.set_name("value");
  value.set_type(onnx::AttributeProto::TENSOR);
  value.mutable_t()->set_data_type(onnx::TensorProto::BOOL);
  value.mutable_t()->set_raw_data(std::string(1, '\1'));
  onnx::NodeProto& branch = add_body_node(function, "If", {"c"}, {"b"});
  for (const char* name : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& attribute = *branch.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->set_name(name);
    add_node(*attribute.mutable_g(), "Relu", {"a"}, {"t"});
    add_node(*attribute.mutable_g(), "Neg", {"t"}, {"x"});
    attribute.mutable_g()->add_output()->set_name("x");
  }
  const auto imported = import_proto(model);
  REQUIRE(imported.status().message() == "");
  for (const Graph* graph : graph_tree(*(*imported)->graph)) {
    if (graph->parent() == nullptr) continue;
    for (const auto& v : graph->values()) CHECK(graph->parent()->find_value(v->name, true) == nullptr);
    CHECK(graph->nodes()[0]->inputs[0]->name == "x");
    CHECK(graph->nodes()[0]->outputs[0] == graph->nodes()[1]->inputs[0]);
    CHECK(graph->outputs[0] == graph->nodes()[1]->outputs[0]);
    CHECK(graph->find_value(graph->outputs[0]->name) == graph->outputs[0]);
  }
}
