// Files that are no models, or broken ones: each gives an error that says what and where.
#include <catch2/catch.hpp>
#include <random>

#include "host/formats/importer.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

void check_refused(const std::string& text, const std::string& part, tn_code code = TN_INVALID_MODEL) {
  const auto model = import_text(text);
  CHECK(model.status().code() == code);
  CHECK_THAT(model.status().message(), Catch::Contains(part));
}

// If nodes whose branches hold If nodes, `depth` deep.
void nest(onnx::GraphProto& graph, int depth) {
  graph.set_name("g");
  set_float_type(*graph.add_output(), "y", {});
  if (depth == 0) {
    add_node(graph, "Neg", {"x"}, {"y"});
    return;
  }
  auto& node = add_node(graph, "If", {"c"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    if (attribute.name() == "then_branch")
      nest(*attribute.mutable_g(), depth - 1);
    else
      nest(*attribute.mutable_g(), 0);
  }
}

onnx::ModelProto nested_model(int depth) {
  onnx::ModelProto proto = empty_model();
  set_float_type(*proto.mutable_graph()->add_input(), "x", {});
  set_float_type(*proto.mutable_graph()->add_input(), "c", {});
  proto.mutable_graph()->mutable_input(1)->mutable_type()->mutable_tensor_type()->set_elem_type(TN_BOOL);
  nest(*proto.mutable_graph(), depth);
  return proto;
}

}  // namespace

TEST_CASE("an empty file is no model", "[onnx]") {
  check_refused("", "empty", TN_NOT_A_MODEL);
}

TEST_CASE("a model cut at any byte is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_initializer(*proto.mutable_graph(), "w", TN_FLOAT, {8}).set_raw_data(std::string(32, 'w'));
  const std::string text = proto.SerializeAsString();
  REQUIRE(import_text(text).is_ok());
  for (size_t length = 0; length < text.size(); ++length) {
    const auto model = import_text(text.substr(0, length));
    INFO("cut at " << length << ": " << model.status().message());
    // Whole but for its last field it is a model, though a wrong one.
    const bool is_read = model.status().message().find("opset_import is missing") != std::string::npos;
    CHECK(model.status().code() == (is_read ? TN_INVALID_MODEL : TN_NOT_A_MODEL));
  }
}

TEST_CASE("the message of a cut file names file, byte and innermost field", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_initializer(*proto.mutable_graph(), "w", TN_FLOAT, {64}).set_raw_data(std::string(256, 'w'));
  std::string text = proto.SerializeAsString();
  text.resize(text.find("wwww") + 100);
  const TempFolder folder;
  const auto model = import_model_file(folder.write("model.onnx", text));
  CHECK(model.status().code() == TN_NOT_A_MODEL);
  CHECK_THAT(model.status().message(), Catch::Contains("model.onnx: truncated at byte " + std::to_string(text.size()) +
                                                       " inside field graph.initializer.raw_data"));
}

TEST_CASE("garbage is not an ONNX model", "[onnx]") {
  check_refused("this is a text, not a model", "not an ONNX model", TN_NOT_A_MODEL);
  check_refused(std::string(1000, '\xff'), "not an ONNX model", TN_NOT_A_MODEL);
  check_refused(std::string(1000, '\0'), "not an ONNX model", TN_NOT_A_MODEL);
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string noise(300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    CHECK(import_text(noise).status().code() == TN_NOT_A_MODEL);
  }
}

TEST_CASE("a model with one byte changed never does harm", "[onnx]") {
  onnx::ModelProto proto = nested_model(2);
  add_initializer(*proto.mutable_graph(), "w", TN_FLOAT, {8}).set_raw_data(std::string(32, 'w'));
  add_initializer(*proto.mutable_graph(), "i", TN_INT64, {2}).add_int64_data(1);
  proto.mutable_graph()->mutable_initializer(1)->add_int64_data(-1);
  const std::string text = proto.SerializeAsString();
  int refused = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (const int change : {0x01, 0x08, 0x80, 0xff}) {
      std::string broken = text;
      broken[i] = static_cast<char>(broken[i] ^ change);
      const auto model = import_text(broken);
      if (!model.is_ok()) {
        ++refused;
        CHECK_FALSE(model.status().message().empty());
        CHECK(model.status().code() != TN_INTERNAL);
      }
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("files of other kinds are named for what they are", "[onnx]") {
  check_refused(std::string("\x10\0\0\0ORTM", 8) + std::string(40, '\0'), ".ort format", TN_NOT_A_MODEL);
  check_refused("version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer", TN_NOT_A_MODEL);
  check_refused("../../blobs/0123", "symbolic link", TN_NOT_A_MODEL);
  check_refused("PK\x03\x04 and so on", "zip archive", TN_NOT_A_MODEL);
  onnx::TensorProto tensor;
  tensor.add_dims(1);
  tensor.set_data_type(TN_FLOAT);
  tensor.set_name("input");
  tensor.set_raw_data("abcd");
  check_refused(tensor.SerializeAsString(), "single tensor (TensorProto)", TN_NOT_A_MODEL);
}

TEST_CASE("a model without graph, opset_import or ir_version is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.clear_graph();
  check_refused(proto.SerializeAsString(), "has no graph", TN_NOT_A_MODEL);
  proto = relu_model();
  proto.clear_opset_import();
  check_refused(proto.SerializeAsString(), "opset_import is missing");
  proto = relu_model();
  proto.clear_ir_version();
  check_refused(proto.SerializeAsString(), "ir_version is 0");
}

TEST_CASE("an opset below 1 is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.mutable_opset_import(0)->set_version(-4);
  check_refused(proto.SerializeAsString(), "is version -4");
}

TEST_CASE("two versions of one domain are refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  auto& opset = *proto.add_opset_import();
  opset.set_domain("ai.onnx");
  opset.set_version(9);
  check_refused(proto.SerializeAsString(), "the versions 17 and 9");
}

TEST_CASE("subgraphs as deep as allowed are read, 100 deep are refused", "[onnx]") {
  CHECK(import_proto(nested_model(20)).status().message() == "");
  check_refused(nested_model(100).SerializeAsString(), "subgraphs nest deeper than 24 levels", TN_NOT_A_MODEL);
  check_refused(nested_model(25).SerializeAsString(), "subgraphs nest deeper than 24 levels", TN_NOT_A_MODEL);
}

TEST_CASE("types nested without end are refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  onnx::TypeProto* type = proto.mutable_graph()->mutable_input(0)->mutable_type();
  for (int i = 0; i < 500; ++i) type = type->mutable_sequence_type()->mutable_elem_type();
  check_refused(proto.SerializeAsString(), "messages nest deeper than", TN_NOT_A_MODEL);
}

TEST_CASE("a cyclic graph is refused by the names of its nodes", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_node(*proto.mutable_graph(), "Add", {"x", "b"}, {"a"});
  add_node(*proto.mutable_graph(), "Neg", {"a"}, {"b"});
  check_refused(proto.SerializeAsString(), "Add_a");
}

TEST_CASE("a value that nothing defines is refused with the node that reads it", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  proto.mutable_graph()->mutable_node(0)->set_input(0, "ghost");
  check_refused(proto.SerializeAsString(), "'ghost'");
  proto = relu_model();
  proto.mutable_graph()->mutable_output(0)->set_name("phantom");
  check_refused(proto.SerializeAsString(), "'phantom'");
}

TEST_CASE("a value that is defined twice is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_node(*proto.mutable_graph(), "Neg", {"x"}, {"y"});
  check_refused(proto.SerializeAsString(), "'y'");
  proto = relu_model();
  *proto.mutable_graph()->add_input() = proto.graph().input(0);
  check_refused(proto.SerializeAsString(), "graph input 'x'");
  proto = relu_model();
  add_node(*proto.mutable_graph(), "Neg", {"y"}, {"x"});
  check_refused(proto.SerializeAsString(), "'x'");
}

TEST_CASE("a dimension below -1 is refused by the name of the value", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  set_float_type(*proto.mutable_graph()->mutable_input(0), "x", {-7});
  check_refused(proto.SerializeAsString(), "graph input 'x': dimension");
}

TEST_CASE("an attribute given twice, or of no kind, is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  auto& attribute = *proto.mutable_graph()->mutable_node(0)->add_attribute();
  attribute.set_name("alpha");
  check_refused(proto.SerializeAsString(), "attribute 'alpha': it has no value");
  attribute.set_f(1);
  *proto.mutable_graph()->mutable_node(0)->add_attribute() = attribute;
  check_refused(proto.SerializeAsString(), "attribute 'alpha' is given twice");
}

TEST_CASE("a sparse initializer with a bad part or without a name is refused", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  onnx::SparseTensorProto& sparse = *proto.mutable_graph()->add_sparse_initializer();
  check_refused(proto.SerializeAsString(), "sparse initializer 0 has no name");
  sparse.mutable_values()->set_name("s");
  check_refused(proto.SerializeAsString(), "initializer 's': values: its element type is missing");
  sparse.mutable_values()->set_data_type(TN_FLOAT);
  sparse.mutable_values()->add_dims(0);
  check_refused(proto.SerializeAsString(), "initializer 's': indices: its element type is missing");
}

TEST_CASE("a test data file that is none is refused by its name", "[onnx]") {
  const TempFolder folder;
  const auto tensor = read_tensor_proto(folder.write("input_0.pb", relu_model().SerializeAsString()));
  CHECK(tensor.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(tensor.status().message(), Catch::Contains("input_0.pb"));
  CHECK(read_tensor_proto(folder.path() / "none.pb").status().code() == TN_NOT_FOUND);
}
