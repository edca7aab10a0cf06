#include "host/graph/schema.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

namespace {

// Resolves a model of one node whose inputs i0, i1 ... are float vectors.
Status resolve(int64_t opset, const std::string& op, size_t inputs, std::vector<Attribute> attributes = {},
               std::vector<std::string> outputs = {"y"}) {
  GraphBuilder b(opset);
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs; ++i) {
    names.push_back(concat("i", i));
    b.input(names.back(), TN_FLOAT, {2});
  }
  b.node(op, names, outputs, std::move(attributes));
  REQUIRE(b.graph().finish().is_ok());
  return resolve_schemas(b.model());
}

}  // namespace

TEST_CASE("the schema is the newest at or below the opset", "[schema]") {
  CHECK(find_schema("", "Conv", 10)->since_version == 1);
  CHECK(find_schema("", "Conv", 11)->since_version == 11);
  CHECK(find_schema("", "Conv", 1000)->since_version == 22);
  CHECK(find_schema("", "LayerNormalization", 16) == nullptr);
  CHECK(find_schema("", "NoSuchOperator", 17) == nullptr);
  CHECK(find_schema("ai.onnx.ml", "Scaler", 3) != nullptr);
}

TEST_CASE("operators of ONNX Runtime have schemas too", "[schema]") {
  for (const char* op : {"FusedConv", "FusedMatMul", "FusedGemm", "BiasGelu", "FastGelu", "Gelu", "QuickGelu",
                         "SkipLayerNormalization", "MatMulNBits", "GroupQueryAttention", "MultiHeadAttention",
                         "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization", "RotaryEmbedding"})
    CHECK(find_schema("com.microsoft", op, 1) != nullptr);
  CHECK(find_schema("", "SimplifiedLayerNormalization", 18) != nullptr);
}

TEST_CASE("schemas carry parameters, constraints and attributes", "[schema]") {
  const OpSchema* conv = find_schema("", "Conv", 11);
  REQUIRE(conv != nullptr);
  CHECK(conv->inputs.size() == 3);
  CHECK(conv->inputs[2].arity == Arity::kOptional);
  CHECK(conv->constraints[0].tensor_types == ((1u << TN_FLOAT) | (1u << TN_FLOAT16) | (1u << TN_DOUBLE)));
  const OpSchema* concat = find_schema("", "Concat", 13);
  CHECK(concat->max_inputs == 65535);
  CHECK(formal_parameter(concat->inputs, 7) == &concat->inputs[0]);
  CHECK(formal_parameter(conv->inputs, 3) == nullptr);
}

TEST_CASE("domains know their newest opset", "[schema]") {
  CHECK(newest_opset("") >= 26);
  CHECK(newest_opset("com.microsoft") == 1);
  CHECK(newest_opset("org.example") == 0);
}

TEST_CASE("too few or too many inputs name the signature", "[schema]") {
  const Status few = resolve(17, "Conv", 1);
  CHECK(few.code() == TN_INVALID_MODEL);
  CHECK_THAT(few.message(), Contains("1 inputs, expected 2 to 3: X, W, B (optional)"));
  CHECK_THAT(resolve(17, "Relu", 2).message(), Contains("2 inputs, expected 1"));
  CHECK_THAT(resolve(17, "Relu", 1, {}, {"y", "z"}).message(), Contains("2 outputs, expected 1"));
}

TEST_CASE("a required input left out is an error", "[schema]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"", "x"}, {"y"});
  REQUIRE(b.graph().finish().is_ok());
  CHECK_THAT(resolve_schemas(b.model()).message(), Contains("input A is left out"));
}

TEST_CASE("optional inputs may be left out, at the end too", "[schema]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Clip", {"x", "", ""}, {"y"});
  b.node("Relu", {"y", ""}, {"z"});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(resolve_schemas(b.model()).is_ok());
}

TEST_CASE("outputs without a name past the operator's last are dropped", "[schema]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  const Node* node = b.node("Relu", {"x"}, {"y", "", ""});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(resolve_schemas(b.model()).is_ok());
  CHECK(node->outputs.size() == 1);
}

TEST_CASE("an input of a variadic list may not be left out, wherever it stands", "[schema]") {
  for (const char* op : {"Concat", "Sum", "Max", "Min", "Mean"})
    for (const std::vector<std::string>& inputs :
         {std::vector<std::string>{"", "x"}, {"x", "", "x"}, {"x", "x", ""}, {""}}) {
      GraphBuilder b;
      b.input("x", TN_FLOAT, {2});
      b.node(op, inputs, {"y"},
             op == std::string("Concat") ? std::vector{int_attr("axis", 0)} : std::vector<Attribute>());
      REQUIRE(b.graph().finish().is_ok());
      const Status refused = resolve_schemas(b.model());
      CHECK(refused.code() == TN_INVALID_MODEL);
      CHECK_THAT(refused.message(), Contains("empty name") || Contains("left out"));
    }
}

TEST_CASE("missing, unknown, doubled and ill-typed attributes are errors", "[schema]") {
  CHECK_THAT(resolve(17, "Concat", 2).message(), Contains("attribute 'axis' is missing"));
  CHECK_THAT(resolve(17, "Concat", 2, {float_attr("axis", 1)}).message(),
             Contains("'axis' is a float, expected an int"));
  CHECK_THAT(resolve(17, "Relu", 1, {int_attr("slope", 1)}).message(), Contains("no attribute 'slope'"));
  CHECK_THAT(resolve(17, "Concat", 2, {int_attr("axis", 0), int_attr("axis", 1)}).message(), Contains("given twice"));
}

TEST_CASE("a Constant has one value", "[schema]") {
  CHECK(resolve(13, "Constant", 0, {int_attr("value_int", 1)}).is_ok());
  CHECK_THAT(resolve(13, "Constant", 0, {int_attr("value_int", 1), float_attr("value_float", 1)}).message(),
             Contains("2 attributes, expected one"));
  CHECK_THAT(resolve(13, "Constant", 0).message(), Contains("0 attributes, expected one"));
}

TEST_CASE("attributes that moved to inputs are judged by the opset", "[schema]") {
  CHECK(resolve(11, "Squeeze", 1, {ints_attr("axes", {0})}).is_ok());
  CHECK_THAT(resolve(13, "Squeeze", 1, {ints_attr("axes", {0})}).message(), Contains("no attribute 'axes'"));
}

TEST_CASE("a withdrawn operator is an error that names the opset", "[schema]") {
  CHECK(resolve(9, "Upsample", 2).is_ok());
  CHECK_THAT(resolve(13, "Upsample", 2).message(), Contains("withdrawn in opset 10"));
}

TEST_CASE("an operator that came with a later opset is refused with the opset to import", "[schema]") {
  const Status refused = resolve(10, "Gelu", 1);
  CHECK(refused.code() == TN_INVALID_MODEL);
  CHECK_THAT(refused.message(), Contains("opset 10 of domain 'ai.onnx' has no such operator, it came with opset 20"));
  CHECK(resolve(20, "Gelu", 1).is_ok());
}

TEST_CASE("LayerNormalization below its opset is taken by its first form", "[schema]") {
  GraphBuilder b(10);
  b.input("x", TN_FLOAT, {2});
  b.input("scale", TN_FLOAT, {2});
  const Node* node = b.node("LayerNormalization", {"x", "scale"}, {"y"});
  REQUIRE(b.graph().finish().is_ok());
  REQUIRE(resolve_schemas(b.model()).is_ok());
  CHECK(node->schema == find_schema("", "LayerNormalization", 17));
  CHECK(node->since_version == 17);
  CHECK_THAT(resolve(10, "LayerNormalization", 1).message(), Contains("1 inputs, expected 2 to 3"));
}

TEST_CASE("a written version below an operator's first is refused but for LayerNormalization", "[schema]") {
  const auto resolve_written = [](const std::string& op, size_t inputs) {
    GraphBuilder b(10);
    b.input("x", TN_FLOAT, {2});
    Node* node = b.node(op, std::vector<std::string>(inputs, "x"), {"y"});
    node->since_version = 1;
    REQUIRE(b.graph().finish().is_ok());
    const Status status = resolve_written_schemas(b.model());
    if (status.is_ok()) CHECK(node->since_version == 17);
    return status;
  };
  CHECK(resolve_written("LayerNormalization", 2).is_ok());
  CHECK_THAT(resolve_written("Gelu", 1).message(), Contains("it came with opset 20"));
}

TEST_CASE("a domain without opset import is an error", "[schema]") {
  CHECK_THAT(resolve(17, "org.example:Magic", 1).message(), Contains("no opset of domain 'org.example'"));
}

TEST_CASE("an operator without schema is left for the providers", "[schema]") {
  GraphBuilder b;
  b.model().opset_imports["org.example"] = 1;
  b.input("x", TN_FLOAT, {2});
  Node* magic = b.node("org.example:Magic", {"x"}, {"y"});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(resolve_schemas(b.model()).is_ok());
  CHECK(magic->schema == nullptr);
}

TEST_CASE("an opset newer than known is refused with the newest that is not", "[schema]") {
  CHECK(resolve(newest_opset(""), "Relu", 1).is_ok());
  const Status refused = resolve(9999, "Relu", 1);
  CHECK(refused.code() == TN_UNSUPPORTED);
  CHECK_THAT(refused.message(), Contains("imports opset 9999 of domain 'ai.onnx'"));
  CHECK_THAT(refused.message(), Contains(concat("export the model for opset ", newest_opset(""), " or lower")));
}

TEST_CASE("a newer opset that no node uses is no error", "[schema]") {
  GraphBuilder b;
  b.model().opset_imports["ai.onnx.ml"] = 9999;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"y"});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(resolve_schemas(b.model()).is_ok());
}

TEST_CASE("nodes of subgraphs are resolved and checked", "[schema]") {
  GraphBuilder b;
  b.input("cond", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2});
  GraphBuilder then(b);
  Node* inner = then.node("Concat", {"x"}, {"t"});
  then.output("t");
  GraphBuilder other(b);
  other.output("x");
  b.node("If", {"cond"}, {"y"},
         {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
  REQUIRE(b.graph().finish().is_ok());
  CHECK_THAT(resolve_schemas(b.model()).message(), Contains("'t_node' (Concat"));
  CHECK(inner->schema != nullptr);
}

TEST_CASE("no form of any operator is taken without its required attributes", "[schema]") {
  size_t required = 0;
  for (const auto table : {onnx_schemas(), contrib_schemas()})
    for (const OpSchema& schema : table) {
      const auto is_required = [](const AttributeSchema& a) { return a.required; };
      if (schema.deprecated || std::none_of(schema.attributes.begin(), schema.attributes.end(), is_required)) continue;
      if (schema.op_type == "Constant") continue;  // it has a test of its own
      INFO(schema.op_type << " of opset " << schema.since_version);
      GraphBuilder b;
      std::vector<std::string> inputs(schema.min_inputs, "x"), outputs;
      b.input("x", TN_FLOAT, {2});
      for (size_t i = 0; i < schema.min_outputs; ++i) outputs.push_back(concat("y", i));
      b.node(concat(schema.domain, ":", schema.op_type), inputs, outputs);
      b.graph().nodes()[0]->since_version = schema.since_version;
      REQUIRE(b.graph().finish().is_ok());
      const Status status = resolve_written_schemas(b.model());
      CHECK(status.code() == TN_INVALID_MODEL);
      CHECK_THAT(status.message(), Contains("is missing; it is required"));
      ++required;
    }
  CHECK(required > 30);
}

TEST_CASE("a node's getters know the default of what it leaves out", "[schema]") {
  GraphBuilder b(13);
  b.input("x", TN_FLOAT, {2, 3});
  b.node("Softmax", {"x"}, {"y"});
  b.output("y");
  const auto model = b.build();
  const Node& node = *model->graph->nodes()[0];
  CHECK(node.find_attribute("axis") == nullptr);
  CHECK(node.int_attribute("axis") == -1);
  CHECK_FALSE(node.int_attribute("none").has_value());
}

TEST_CASE("defaults that only the text of the specification states are in the tables", "[schema]") {
  CHECK(std::get<int64_t>(*find_attribute(*find_schema("", "Concat", 1), "axis")->default_value) == 1);
  CHECK(std::get<int64_t>(*find_attribute(*find_schema("", "SequenceEmpty", 11), "dtype")->default_value) == TN_FLOAT);
  CHECK(std::get<std::string_view>(*find_attribute(*find_schema("", "GRU", 1), "direction")->default_value) ==
        "forward");
}
