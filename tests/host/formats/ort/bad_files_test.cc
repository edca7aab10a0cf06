// Damaged and hostile .ort files are refused with a message, whatever is wrong with them.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "host/formats/ort/importer.h"
#include "host/formats/ort/writer.h"
#include "tests/support/graph_builder.h"
#include "tests/support/ort_file.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

// Refused with this code; the message holds all parts.
void check_refused(const Status& status, tn_code code, const std::vector<std::string>& parts) {
  CHECK(status.code() == code);
  for (const std::string& part : parts) CHECK_THAT(status.message(), Catch::Contains(part));
}

std::vector<std::byte> small_file() {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {2, ""}});
  b.constant<float>("w", {2}, {1, 2});
  b.node("Concat", {"x", "w"}, {"c"}, {int_attr("axis", 0)});
  b.node("Relu", {"c"}, {"y"});
  b.output("y");
  return *write_ort(*b.build());
}

// Reads the bytes; whatever they are, a failure has to be told in a message and not as an internal error.
bool reads_or_explains(const std::vector<std::byte>& bytes) {
  const auto model = read_ort(bytes, nullptr);
  return model.is_ok() || (!model.status().message().empty() && model.status().code() != TN_INTERNAL);
}

}  // namespace

TEST_CASE("an .ort file that is cut short anywhere before its last padding is refused", "[ort]") {
  const auto whole = small_file();
  REQUIRE(read_ort(whole, nullptr).is_ok());
  for (size_t length = 0; length < whole.size() - 64; ++length) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    const auto model = read_ort(cut, nullptr);
    INFO(length);
    CHECK_FALSE(model.is_ok());
    CHECK(model.status().code() == TN_NOT_A_MODEL);
  }
}

TEST_CASE("no flipped bit of an .ort file does more than fail its reading", "[ort]") {
  const auto whole = small_file();
  size_t refused = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<std::byte> flipped = whole;
    flipped[bit / 8] ^= std::byte{1} << bit % 8;
    INFO(bit);
    REQUIRE(reads_or_explains(flipped));
    refused += read_ort(flipped, nullptr).is_ok() ? 0 : 1;
  }
  CHECK(refused > whole.size());
}

TEST_CASE("garbage behind the identifier of an .ort file is refused", "[ort]") {
  std::vector<std::byte> bytes(4096, std::byte{0xff});
  const auto whole = small_file();
  std::copy_n(whole.begin(), 8, bytes.begin());
  check_refused(read_ort(bytes, nullptr).status(), TN_NOT_A_MODEL, {"structure is damaged", "again"});
}

TEST_CASE("an .ort file of an unknown format version names those that are known", "[ort]") {
  OrtFile file;
  file.version = GENERATE("7", "0", "", "six", "99999999999999999999");
  check_refused(read_failure(file), TN_UNSUPPORTED, {"format version is '" + file.version + "'", "reads 1 to 6"});
}

TEST_CASE("every format version from 1 to 6 is read", "[ort]") {
  OrtFile file;
  file.version = GENERATE("1", "2", "3", "4", "5", "6");
  CHECK(read_failure(file).message() == "");
}

TEST_CASE("nodes in the blocked layout of the machine that saved the model are read", "[ort]") {
  OrtFile file;
  file.nodes = {file.node("GlobalMaxPool", {"x"}, {"y"}, {}, "com.microsoft.nchwc", 1)};
  CHECK(read_failure(file).message() == "");
}

TEST_CASE("nodes that stand for a compiled part of the model are refused with the mend", "[ort]") {
  OrtFile file;
  file.nodes = {file.node("Fused_1", {"x"}, {"y"}, {}, "", 1, ort_file::NodeType::FUSED)};
  check_refused(read_failure(file), TN_UNSUPPORTED, {"'TheProvider' compiled", "convert it again for the CPU"});
}

TEST_CASE("an operator version that is newer than this build is refused", "[ort]") {
  OrtFile file;
  file.nodes = {file.node("Relu", {"x"}, {"y"}, {}, "", 99)};
  check_refused(read_failure(file), TN_UNSUPPORTED, {"'Relu_y'", "opset 14", "opset 99"});
}

TEST_CASE("a node is held against the schema of the version that the .ort file names", "[ort]") {
  OrtFile file;
  file.nodes = {file.node("Relu", {"x", "x"}, {"y"})};
  check_refused(read_failure(file), TN_INVALID_MODEL, {"'Relu_y' (Relu, opset 6)", "2 inputs, expected 1"});
}

TEST_CASE("bad sparse initializers and external data of an .ort file are refused by name", "[ort]") {
  OrtFile sparse;
  sparse.sparse = {ort_file::CreateSparseTensor(sparse.builder, sparse.tensor("thin", TN_FLOAT, {1}, {0, 0, 0, 0}))};
  check_refused(read_failure(sparse), TN_INVALID_MODEL, {"initializer 'thin': indices", "holds no tensor"});
  OrtFile nameless;
  nameless.sparse = {ort_file::CreateSparseTensor(nameless.builder)};
  check_refused(read_failure(nameless), TN_INVALID_MODEL, {"an initializer has no name"});
  OrtFile external;
  external.initializers = {external.tensor("far", TN_FLOAT, {1}, {}, 128)};
  check_refused(read_failure(external), TN_UNSUPPORTED, {"'far'", "external", "128", ".onnx"});
}

TEST_CASE("data of the wrong length, impossible dims and unknown types of an .ort file are refused", "[ort]") {
  OrtFile file;
  SECTION("too short") {
    file.initializers = {file.tensor("w", TN_FLOAT, {3}, {0, 0, 0, 0})};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'w'", "holds 4 bytes, expected 12"});
  }
  SECTION("overflow") {
    file.initializers = {file.tensor("w", TN_FLOAT, {INT64_MAX, INT64_MAX}, {})};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'w'", "does not fit in 64 bits"});
  }
  SECTION("negative") {
    file.initializers = {file.tensor("w", TN_FLOAT, {-2}, {})};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'w'", "dimension 0 is -2"});
  }
  SECTION("unknown type") {
    file.initializers = {file.tensor("w", 77, {1}, {0})};
    check_refused(read_failure(file), TN_UNSUPPORTED, {"'w'", "77"});
  }
  SECTION("strings that are missing") {
    file.initializers = {file.tensor("w", TN_STRING, {2}, {})};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'w'", "0 strings, expected 2"});
  }
}

TEST_CASE("names that are given twice or not at all in an .ort file are refused", "[ort]") {
  OrtFile file;
  SECTION("initializers") {
    for (int i = 0; i < 2; ++i) file.initializers.push_back(file.tensor("w", TN_UINT8, {1}, {0}));
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'w' is given twice"});
  }
  SECTION("inputs") {
    file.inputs = {"x", "x"};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'x' is given twice"});
  }
  SECTION("values") {
    for (int i = 0; i < 2; ++i) file.values.push_back(file.value("v"));
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'v' twice"});
  }
  SECTION("node outputs") {
    for (int i = 0; i < 2; ++i) file.nodes.push_back(file.node("Relu", {"x"}, {"y"}));
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'y' is also computed by"});
  }
  SECTION("no name") {
    file.outputs = {""};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"output has no name"});
  }
  SECTION("undefined") {
    file.nodes = {file.node("Relu", {"nowhere"}, {"y"})};
    check_refused(read_failure(file), TN_INVALID_MODEL, {"'nowhere'", "correct the name"});
  }
}

TEST_CASE("a cycle of nodes in an .ort file is refused", "[ort]") {
  OrtFile file;
  file.nodes = {file.node("Relu", {"b"}, {"y"}), file.node("Relu", {"y"}, {"b"})};
  check_refused(read_failure(file), TN_INVALID_MODEL, {"cycle of 2 nodes"});
}

TEST_CASE("subgraphs of an .ort file may not nest without end", "[ort]") {
  const auto nested = [](int levels) {
    OrtFile file;
    file.inputs = {};
    for (int i = 0; i < levels; ++i) {
      std::vector<flatbuffers::Offset<ort_file::Attribute>> branches;
      const std::string above = "y" + std::to_string(i + 1), here = "y" + std::to_string(i);
      file.outputs = {here};
      if (i == 0) file.nodes = {file.node("Identity", {"c"}, {here}, {}, "", 16)};
      const auto graph = file.graph();
      for (const char* branch : {"then_branch", "else_branch"}) {
        const auto name = file.builder.CreateString(branch);
        ort_file::AttributeBuilder attribute(file.builder);
        attribute.add_name(name);
        attribute.add_type(ort_file::AttributeType::GRAPH);
        attribute.add_g(graph);
        branches.push_back(attribute.Finish());
        if (levels > 6) branches.resize(1);
      }
      file.nodes = {file.node(levels > 6 ? "Thing" : "If", {"c"}, {above}, branches, "", levels > 6 ? 0 : 16)};
      file.outputs = {above};
    }
    file.inputs = {"c"};
    return read_failure(file);
  };
  CHECK(nested(3).message() == "");
  check_refused(nested(25), TN_INVALID_MODEL, {"deeper than 24"});
  check_refused(nested(200), TN_NOT_A_MODEL, {"nest too deep"});
}

TEST_CASE("a small .ort file cannot describe a large model by sharing its parts", "[ort]") {
  OrtFile file;
  const auto text = file.builder.CreateString(std::string(1 << 16, 'a'));
  const auto strings = file.builder.CreateVector(std::vector(1 << 16, text));
  const auto name = file.builder.CreateString("words");
  ort_file::AttributeBuilder attribute(file.builder);
  attribute.add_name(name);
  attribute.add_type(ort_file::AttributeType::STRINGS);
  attribute.add_strings(strings);
  const auto words = attribute.Finish();
  file.nodes = {file.node("Thing", {"x"}, {"y"}, {words}, "", 0)};
  check_refused(read_failure(file), TN_INVALID_MODEL, {"larger than the file"});
}

TEST_CASE("a small .ort file cannot take long to verify by sharing its parts", "[ort]") {
  OrtFile file;
  const auto name = file.builder.CreateString("");
  const auto names = file.builder.CreateVector(std::vector(1 << 18, name));
  const auto op_type = file.builder.CreateString("Thing");
  ort_file::NodeBuilder node(file.builder);
  node.add_op_type(op_type);
  node.add_inputs(names);
  file.nodes.assign(1 << 17, node.Finish());
  check_refused(read_failure(file), TN_INVALID_MODEL, {"larger than the file"});
}

TEST_CASE("saved runtime optimizations are left aside with a note", "[ort]") {
  OrtFile file;
  file.has_runtime_optimizations = true;
  const auto bytes = file.finish();
  const auto model = read_ort(bytes, nullptr);
  REQUIRE(model.status().message() == "");
  REQUIRE((*model)->graph->notes.size() == 1);
  CHECK_THAT((*model)->graph->notes[0], Catch::Contains("runtime optimizations are not applied"));
}

TEST_CASE("an .ort file is opened by its content and its errors name the file", "[ort]") {
  const TempFolder folder;
  const auto whole = small_file();
  const std::string_view text(reinterpret_cast<const char*>(whole.data()), whole.size());
  const auto path = folder.write("model.ort", text);
  const auto model = import_model_file(path);
  REQUIRE(model.status().message() == "");
  CHECK((*model)->path == path.string());
  REQUIRE((*model)->files.size() == 1);
  CHECK((*model)->files[0].mapping->bytes().size() == whole.size());
  CHECK((*model)->graph->find_value("w")->constant->residence() == Residence::kMapped);
  const auto cut = folder.write("cut.ort", text.substr(0, text.size() / 2));
  check_refused(import_model_file(cut).status(), TN_NOT_A_MODEL, {cut.string(), "structure is damaged"});
}

TEST_CASE("an .ort model at an odd address is copied with a note", "[ort]") {
  const auto whole = small_file();
  std::vector<std::byte> shifted(whole.size() + 1);
  std::copy(whole.begin(), whole.end(), shifted.begin() + 1);
  const auto model = import_ort_bytes(std::span(shifted).subspan(1), nullptr);
  REQUIRE(model.status().message() == "");
  REQUIRE((*model)->graph->notes.size() == 1);
  CHECK_THAT((*model)->graph->notes[0], Catch::Contains("not aligned to 8"));
}

TEST_CASE("misaligned data of an .ort file are copied with a reason", "[ort]") {
  OrtFile file;
  file.initializers = {file.tensor("odd", TN_UINT8, {3}, {1, 2, 3})};
  for (int i = 0; i < 3; ++i)
    file.initializers.push_back(file.tensor("w" + std::to_string(i), TN_DOUBLE, {1}, {0, 0, 0, 0, 0, 0, 0, 0}));
  const auto bytes = file.finish();
  const auto model = read_ort(bytes, nullptr);
  REQUIRE(model.status().message() == "");
  for (int i = 0; i < 3; ++i) {
    const Tensor& tensor = *(*model)->graph->find_value("w" + std::to_string(i))->constant;
    const bool copied = tensor.residence() == Residence::kCopied;
    CHECK(reinterpret_cast<uintptr_t>(tensor.data()) % 8 == 0);
    if (copied) CHECK_THAT(tensor.residence_reason(), Catch::Contains("not aligned to 8 bytes"));
  }
}
