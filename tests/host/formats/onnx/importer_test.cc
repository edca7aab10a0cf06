// What a model's graph becomes.
#include "host/formats/onnx/importer.h"

#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("a model's header, graph, nodes and types are imported", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.set_producer_name("maker");
  proto.set_model_version(7);
  auto& entry = *proto.add_metadata_props();
  entry.set_key("license");
  entry.set_value("free");
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->ir_version == 8);
  CHECK((*model)->producer_name == "maker");
  CHECK((*model)->model_version == 7);
  CHECK((*model)->metadata.at("license") == "free");
  CHECK((*model)->opset_imports.at("") == 17);
  const Graph& graph = *(*model)->graph;
  CHECK(graph.name == "g");
  REQUIRE(graph.nodes().size() == 1);
  const Node& node = *graph.nodes()[0];
  CHECK(node.op_type == "Relu");
  CHECK(node.inputs.at(0) == graph.inputs.at(0));
  CHECK(node.outputs.at(0) == graph.outputs.at(0));
  CHECK(describe(graph.inputs[0]->type) == "float[2,3]");
}

TEST_CASE("nodes may stand in any order", "[onnx]") {
  onnx::ModelProto proto = empty_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1});
  set_float_type(*graph.add_output(), "z", {1});
  add_node(graph, "Neg", {"y"}, {"z"});
  add_node(graph, "Abs", {"x"}, {"y"});
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->graph->nodes()[0]->op_type == "Abs");
}

TEST_CASE("inputs and outputs that are left out stay empty", "[onnx]") {
  onnx::ModelProto proto = empty_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1});
  set_float_type(*graph.add_output(), "y", {1});
  set_float_type(*graph.add_input(), "high", {});
  add_node(graph, "Clip", {"x", "", "high"}, {"y"});
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const Node& clip = *(*model)->graph->nodes()[0];
  REQUIRE(clip.inputs.size() == 3);
  CHECK(clip.inputs[1] == nullptr);
  CHECK(clip.inputs[2]->name == "high");
}

TEST_CASE("a graph input with an initializer is a constant, from IR version 4 on an input with a default", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  const int64_t ir_version = GENERATE(3, 4, 8);
  proto.set_ir_version(ir_version);
  onnx::GraphProto& graph = *proto.mutable_graph();
  add_initializer(graph, "x", TN_FLOAT, {2, 3}).set_raw_data(std::string(24, '\0'));
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const Value& x = *(*model)->graph->find_value("x");
  CHECK((*model)->graph->inputs.empty() == (ir_version == 3));
  CHECK(x.is_constant() == (ir_version == 3));
  CHECK((x.default_value != nullptr) == (ir_version >= 4));
  CHECK(x.stored() != nullptr);
}

TEST_CASE("the domain ai.onnx is the empty one", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.mutable_opset_import(0)->set_domain("ai.onnx");
  proto.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->opset_imports.at("") == 17);
  CHECK((*model)->graph->nodes()[0]->domain.empty());
}

TEST_CASE("every kind of attribute is imported", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  onnx::NodeProto& node = *proto.mutable_graph()->mutable_node(0);
  node.set_op_type("Custom");
  node.set_domain("test");
  proto.add_opset_import()->set_domain("test");
  proto.mutable_opset_import(1)->set_version(1);
  const auto add = [&](const char* name, onnx::AttributeProto::AttributeType type) -> onnx::AttributeProto& {
    onnx::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(type);
    return a;
  };
  using Type = onnx::AttributeProto;
  add("f", Type::FLOAT).set_f(1.5f);
  add("i", Type::INT).set_i(-3);
  add("s", Type::STRING).set_s("text");
  add("floats", Type::FLOATS).add_floats(2.5f);
  add("ints", Type::INTS).add_ints(9);
  add("none", Type::INTS);
  add("strings", Type::STRINGS).add_strings("a");
  auto& t = *add("t", Type::TENSOR).mutable_t();
  t.set_data_type(TN_INT64);
  t.set_raw_data(raw_bytes<int64_t>({42}));
  add("tp", Type::TYPE_PROTO).mutable_tp()->mutable_tensor_type()->set_elem_type(TN_INT8);
  auto& untyped = *node.add_attribute();
  untyped.set_name("untyped");
  untyped.set_i(5);
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const Node& n = *(*model)->graph->nodes()[0];
  CHECK(std::get<float>(n.find_attribute("f")->payload) == 1.5f);
  CHECK(n.int_attribute("i") == -3);
  CHECK(n.string_attribute("s") == "text");
  CHECK(std::get<std::vector<float>>(n.find_attribute("floats")->payload) == std::vector<float>{2.5f});
  CHECK(n.ints_attribute("ints") == std::vector<int64_t>{9});
  CHECK(n.ints_attribute("none") == std::vector<int64_t>{});
  CHECK(std::get<std::vector<std::string>>(n.find_attribute("strings")->payload).at(0) == "a");
  CHECK(std::get<Tensor>(n.find_attribute("t")->payload).span<int64_t>()[0] == 42);
  CHECK(std::get<ValueType>(n.find_attribute("tp")->payload).dtype == TN_INT8);
  CHECK(n.int_attribute("untyped") == 5);
}

TEST_CASE("a subgraph reads values of the graph around it", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  auto& condition = *graph.add_input();
  set_float_type(condition, "c", {});
  condition.mutable_type()->mutable_tensor_type()->set_elem_type(TN_BOOL);
  set_float_type(*graph.add_output(), "z", {2, 3});
  onnx::NodeProto& branch = add_node(graph, "If", {"c"}, {"z"});
  for (const char* name : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& a = *branch.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::GRAPH);
    a.mutable_g()->set_name(name);
    add_node(*a.mutable_g(), "Neg", {"y"}, {"out"});
    set_float_type(*a.mutable_g()->add_output(), "out", {2, 3});
  }
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const Node& node = *(*model)->graph->nodes()[1];
  REQUIRE(node.op_type == "If");
  REQUIRE(node.implicit_inputs.size() == 1);
  CHECK(node.implicit_inputs[0]->name == "y");
  const auto& subgraph = std::get<std::shared_ptr<Graph>>(node.find_attribute("then_branch")->payload);
  CHECK(subgraph->parent() == (*model)->graph.get());
  CHECK(subgraph->nodes()[0]->inputs[0] == node.implicit_inputs[0]);
}

TEST_CASE("sequence, optional and map types keep the type inside", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  const auto add = [&](const char* name) {
    auto& info = *graph.add_input();
    info.set_name(name);
    return info.mutable_type();
  };
  add("seq")->mutable_sequence_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(TN_INT64);
  add("opt")->mutable_optional_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(TN_DOUBLE);
  auto& map = *add("map")->mutable_map_type();
  map.set_key_type(TN_STRING);
  map.mutable_value_type()->mutable_tensor_type()->set_elem_type(TN_FLOAT);
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const Graph& g = *(*model)->graph;
  CHECK(g.find_value("seq")->type.kind == ValueType::Kind::kSequence);
  CHECK(g.find_value("seq")->type.dtype == TN_INT64);
  CHECK(g.find_value("opt")->type.kind == ValueType::Kind::kOptional);
  CHECK(g.find_value("map")->type.kind == ValueType::Kind::kMap);
  CHECK(g.find_value("map")->type.dtype == TN_FLOAT);
}

TEST_CASE("dimensions may be named, -1 or left out", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  auto& shape = *proto.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.Clear();
  shape.add_dim()->set_dim_param("batch");
  shape.add_dim()->set_dim_value(-1);
  shape.add_dim();
  shape.add_dim()->set_dim_value(0);
  auto model = import_proto(proto);
  REQUIRE(model.status().message() == "");
  const auto& dims = *(*model)->graph->inputs[0]->type.dims;
  CHECK(dims == std::vector<Dim>{{-1, "batch"}, {-1, ""}, {-1, ""}, {0, ""}});
}

TEST_CASE("an IR version and fields newer than the onnx package are read", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.set_ir_version(13);
  std::string text = proto.SerializeAsString();
  text += std::string("\xd2\x01\x03\x0a\x01g", 6);  // field 26, configuration
  auto model = import_text(text);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->ir_version == 13);
}

TEST_CASE("a file is imported by path, and the model names it", "[onnx]") {
  const TempFolder folder;
  const auto path = folder.write("relu.onnx", relu_model().SerializeAsString());
  auto model = import_model_file(path);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->path == path.string());
  CHECK((*model)->files.size() == 1);
}

TEST_CASE("a test data file is read as a tensor of its own memory", "[onnx]") {
  const TempFolder folder;
  onnx::TensorProto proto;
  proto.add_dims(2);
  proto.set_data_type(TN_FLOAT);
  proto.set_raw_data(raw_bytes<float>({1.f, 2.f}));
  auto tensor = read_tensor_proto(folder.write("input_0.pb", proto.SerializeAsString()));
  REQUIRE(tensor.is_ok());
  CHECK(tensor->shape() == std::vector<int64_t>{2});
  CHECK(tensor->span<float>()[1] == 2.f);
  CHECK(tensor->residence() == Residence::kCopied);
}
