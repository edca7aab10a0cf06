#include "host/graph/shape_inference.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

namespace {

std::string type_of(GraphBuilder& b, const std::string& name) {
  return describe(b.value(name)->type);
}

// Infers the model; the description of output "y", or the error's message.
std::string infer(GraphBuilder& b) {
  const Status finished = b.graph().finish();
  if (!finished.is_ok()) return finished.message();
  const Status resolved = resolve_schemas(b.model());
  if (!resolved.is_ok()) return resolved.message();
  const Status status = infer_shapes(b.model());
  return status.is_ok() ? type_of(b, "y") : status.message();
}

}  // namespace

TEST_CASE("inputs of one type parameter must have one type", "[types]") {
  GraphBuilder b;
  b.input("a", TN_FLOAT, {2});
  b.input("b", TN_INT64, {2});
  b.node("Add", {"a", "b"}, {"y"});
  CHECK_THAT(infer(b), Contains("'y_node' (Add, opset 14): input B is int64, expected float as A"));
}

TEST_CASE("a type that the opset does not allow lists those it does", "[types]") {
  GraphBuilder b(12);
  b.input("x", TN_INT32, {2});
  b.node("Relu", {"x"}, {"y"});
  CHECK_THAT(infer(b), Contains("input X is int32") && Contains("expected one of float, float16, double"));
  GraphBuilder newer(14);
  newer.input("x", TN_INT32, {2});
  newer.node("Relu", {"x"}, {"y"});
  CHECK(infer(newer) == "int32[2]");
}

TEST_CASE("an input of a fixed type is checked", "[types]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.input("shape", TN_FLOAT, {1});
  b.node("Reshape", {"x", "shape"}, {"y"});
  CHECK_THAT(infer(b), Contains("input shape is float, expected int64"));
}

TEST_CASE("element types that attributes decide", "[types]") {
  const auto of = [](const std::string& op, std::vector<Attribute> attributes) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, {2, 2});
    b.node(op, {"x"}, {"y"}, std::move(attributes));
    return infer(b);
  };
  CHECK(of("Cast", {int_attr("to", TN_INT64)}) == "int64[2,2]");
  CHECK(of("EyeLike", {}) == "float[2,2]");
  CHECK(of("EyeLike", {int_attr("dtype", TN_DOUBLE)}) == "double[2,2]");
  CHECK(of("RandomNormalLike", {int_attr("dtype", TN_FLOAT16)}) == "float16[2,2]");
  CHECK(of("Shape", {}) == "int64[2]");
  CHECK(of("Size", {}) == "int64[]");
  CHECK(of("IsNaN", {}) == "bool[2,2]");
  CHECK_THAT(of("Cast", {int_attr("to", 99)}), Contains("attribute 'to' names no element type"));
}

TEST_CASE("an output type that is no element type is refused, however its low bits read", "[types]") {
  GraphBuilder b(23);
  b.input("x", TN_INT8, {2, 2});
  b.input("scale", TN_FLOAT, {});
  b.node("DequantizeLinear", {"x", "scale"}, {"y"}, {int_attr("output_dtype", INT64_MIN)});
  CHECK_THAT(infer(b), Contains("attribute 'output_dtype' names no element type"));
}

TEST_CASE("constants give their nodes types and shapes", "[types]") {
  GraphBuilder b;
  b.node("Constant", {}, {"y"}, {tensor_attr("value", make_tensor<int32_t>({2, 1}, {1, 2}))});
  CHECK(infer(b) == "int32[2,1]");
  GraphBuilder filled;
  filled.constant<int64_t>("shape", {2}, {3, 4});
  filled.node("ConstantOfShape", {"shape"}, {"y"}, {tensor_attr("value", make_tensor<bool>({1}, {true}))});
  CHECK(infer(filled) == "bool[3,4]");
}

TEST_CASE("quantization types follow zero point, scale and attribute", "[types]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.input("scale", TN_FLOAT, {});
  b.input("zero", TN_INT8, {});
  b.node("QuantizeLinear", {"x", "scale", "zero"}, {"y"});
  b.node("QuantizeLinear", {"x", "scale"}, {"u"});
  b.node("DequantizeLinear", {"y", "scale", "zero"}, {"d"});
  CHECK(infer(b) == "int8[2]");
  CHECK(type_of(b, "u") == "uint8[2]");
  CHECK(type_of(b, "d") == "float[2]");
}

TEST_CASE("a declared type that contradicts the operator is an error", "[types]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"y"});
  b.value("y")->type.dtype = TN_INT64;
  CHECK_THAT(infer(b), Contains("output Y is declared int64, but the operator computes float"));
}

TEST_CASE("declared shapes are merged, and give way where they contradict", "[shapes]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1, 3});
  b.node("Relu", {"x"}, {"y"});
  b.value("y")->type.dims = std::vector<Dim>{{-1, "batch"}, {-1, "channels"}};
  CHECK(infer(b) == "float[batch,3]");
  CHECK(b.graph().notes.empty());
  b.value("y")->type.dims = std::vector<Dim>{{-1, ""}, {4, ""}};
  CHECK(infer(b) == "float[?,3]");
  REQUIRE(b.graph().notes.size() == 1);
  CHECK(b.graph().notes[0] == "value 'y' is declared float[?,4], inferred float[?,3]: the inferred shape is used");
  b.value("y")->type.dims = std::vector<Dim>{{4, ""}};
  CHECK(infer(b) == "float[?,3]");
  CHECK(infer(b) == "float[?,3]");
  CHECK(b.graph().notes.size() == 2);
}

TEST_CASE("a wrong declaration does not reach the nodes that read the value", "[shapes]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, 4});
  b.input("z", TN_FLOAT, {1, 4});
  b.node("Relu", {"x"}, {"h"});
  b.node("Add", {"h", "z"}, {"y"});
  b.value("h")->type.dims = std::vector<Dim>{{1, ""}, {3, ""}};
  CHECK(infer(b) == "float[1,4]");
  CHECK(b.graph().notes.size() == 1);
}

TEST_CASE("an operator without schema leaves its outputs unknown", "[shapes]") {
  GraphBuilder b;
  b.model().opset_imports["org.example"] = 1;
  b.input("x", TN_FLOAT, {2});
  b.node("org.example:Magic", {"x"}, {"m"});
  b.node("Relu", {"m"}, {"y"});
  CHECK(infer(b) == "undefined[...]");
}

TEST_CASE("inference may run again after a change", "[shapes]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 6});
  b.input("shape", TN_INT64, {2});
  b.node("Reshape", {"x", "shape"}, {"y"});
  CHECK(infer(b) == "float[?,?]");
  b.graph().inputs.pop_back();
  b.value("shape")->constant = make_tensor<int64_t>({2}, {-1, 4});
  CHECK(infer(b) == "float[3,4]");
  CHECK(infer(b) == "float[3,4]");
}

TEST_CASE("an If has what its branches agree on", "[shapes]") {
  GraphBuilder b;
  b.input("cond", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2, 3});
  GraphBuilder then(b);
  then.node("Relu", {"x"}, {"t"});
  then.output("t");
  GraphBuilder other(b);
  other.constant<float>("k", {2, 4}, std::vector<float>(8));
  other.output("k");
  b.node("If", {"cond"}, {"y"},
         {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
  CHECK(infer(b) == "float[2,?]");
}

TEST_CASE("a Loop stacks what its body collects", "[shapes]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {3});
  GraphBuilder body(b);
  body.input_of("i", {});
  body.input_of("go", {});
  body.input_of("state", {});
  body.node("Identity", {"go"}, {"go_on"});
  body.node("Neg", {"state"}, {"next"});
  body.node("Cast", {"i"}, {"number"}, {int_attr("to", TN_FLOAT)});
  for (const char* name : {"go_on", "next", "number"}) body.output(name);
  b.node("Loop", {"trips", "", "x"}, {"final", "y"}, {graph_attr("body", body.build_subgraph())});
  CHECK(infer(b) == "float[?]");
  CHECK(type_of(b, "final") == "float[...]");
}
