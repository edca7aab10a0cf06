// Structs of the C API of programs with older and newer headers, and where each member lies. Programs that were built
// once rely on that: a struct may grow at its end, and nothing else may change. layout.txt is the golden text, for
// 64-bit systems; TENON_WRITE_LAYOUT=1 writes it.
#include <tenon/environment.h>
#include <tenon/files.h>
#include <tenon/model.h>
#include <tenon/process.h>
#include <tenon/value.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/onnx_models.h"
#include "tests/support/struct_layout.h"

using Catch::Contains;

namespace {

std::set<std::string> structs_of_inc() {
  std::set<std::string> names;
#define MEMBER(type, member) names.insert(#type);
#include "tests/host/api/members.inc"
#undef MEMBER
  return names;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A session of a model with the inputs and outputs "x" and "y".
struct TwoPorts {
  std::string bytes;
  tenon_session* session = nullptr;

  TwoPorts() {
    onnx::ModelProto proto = tenon::test::empty_model();
    for (const char* name : {"x", "y"}) {
      tenon::test::set_float_type(*proto.mutable_graph()->add_input(), name, {1});
      tenon::test::set_float_type(*proto.mutable_graph()->add_output(), name, {1});
    }
    bytes = proto.SerializeAsString();
    REQUIRE(tenon_session_open_bytes(bytes.data(), bytes.size(), nullptr, &session) == TENON_OK);
  }
  ~TwoPorts() { tenon_session_close(session); }
};

// Of headers in which the struct has grown.
struct LongerTensor {
  tenon_tensor tensor;
  uint64_t added[2];
};

constexpr int64_t kOne = 1;

LongerTensor longer(const char* name, const float& value) {
  return {{sizeof(LongerTensor), name, 1, 1, &kOne, &value, sizeof value, TENON_MEMORY_HOST, 0}, {~0u, ~0u}};
}

}  // namespace

TEST_CASE("every member of every public struct lies where it lay", "[api]") {
  const std::vector<std::string> lines = {
#define MEMBER(type, member) TENON_LAYOUT_LINE(type, member)
#include "tests/host/api/members.inc"
#undef MEMBER
  };
  tenon::test::check_layout(lines, "tests/host/api/layout.txt");
}

TEST_CASE("the layout names every public struct, and all but strings begin with their size", "[api]") {
  std::set<std::string> declared;
  for (const char* header : {"tenon", "types", "value", "model", "files", "environment", "process"}) {
    const std::string text = text_of(std::string(TENON_SOURCE_DIR "/host/api/include/tenon/") + header + ".h");
    const std::regex pattern("typedef struct (\\w+) \\{\\s*(\\w+ ?\\w*)");
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
      declared.insert((*it)[1]);
      CAPTURE((*it)[1].str());
      if ((*it)[1] != "tenon_string") CHECK((*it)[2] == "size_t struct_size");
    }
  }
  CHECK(declared == structs_of_inc());
}

TEST_CASE("a struct of newer headers is filled as far as it is known, and the rest stays as it is", "[api]") {
  const TwoPorts model;
  struct {
    tenon_port port;
    uint64_t added;
  } longer{};
  longer.port.struct_size = sizeof longer;
  longer.added = 42;
  REQUIRE(tenon_session_input(model.session, 1, &longer.port) == TENON_OK);
  CHECK(std::string(longer.port.name) == "y");
  CHECK(longer.port.struct_size == sizeof longer);
  CHECK(longer.added == 42);
}

TEST_CASE("a struct below the first version's size is refused and left alone", "[api]") {
  const TwoPorts model;
  tenon_port port{};
  for (const size_t size : {size_t{0}, sizeof(size_t), offsetof(tenon_port, text) - 1}) {
    port.struct_size = size;
    CHECK(tenon_session_input(model.session, 0, &port) == TENON_INVALID_ARGUMENT);
    CHECK_THAT(tenon_last_error(), Contains("set it to sizeof(tenon_port)"));
    CHECK(port.name == nullptr);
  }
}

TEST_CASE("an array of inputs is stepped through by the size of the first", "[api]") {
  const TwoPorts model;
  const float values[] = {3, 4};
  LongerTensor inputs[] = {longer("x", values[0]), longer("y", values[1])};
  tenon_results* results = nullptr;
  REQUIRE(tenon_session_run(model.session, &inputs[0].tensor, 2, nullptr, 0, nullptr, &results) == TENON_OK);
  tenon_tensor y{};
  y.struct_size = sizeof y;
  REQUIRE(tenon_results_get(results, 1, &y) == TENON_OK);
  CHECK(std::memcmp(y.data, &values[1], sizeof(float)) == 0);
  tenon_results_destroy(results);

  inputs[1].tensor.struct_size = sizeof(tenon_tensor);
  CHECK(tenon_session_run(model.session, &inputs[0].tensor, 2, nullptr, 0, nullptr, &results) ==
        TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("struct_size of input 1") && Contains("as that of input 0"));
  inputs[0].tensor.struct_size = sizeof(LongerTensor) + 1;
  CHECK(tenon_session_run(model.session, &inputs[0].tensor, 2, nullptr, 0, nullptr, &results) ==
        TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("no multiple of 8"));
}

TEST_CASE("a tensor in memory that is not the process's own is unsupported", "[api]") {
  const float value = 1;
  tenon_tensor tensor = longer("x", value).tensor;
  tensor.struct_size = sizeof tensor;
  tensor.memory_kind = 2;
  tenon_value* made = nullptr;
  CHECK(tenon_value_of_tensor(&tensor, &made) == TENON_UNSUPPORTED);
  CHECK_THAT(tenon_last_error(), Contains("memory of kind 2"));
  CHECK(made == nullptr);
}

TEST_CASE("a port tells kind, element types and ONNX's name of its type in one call", "[api]") {
  onnx::ModelProto proto = tenon::test::empty_model();
  const auto add = [&](const char* name) -> onnx::TypeProto& {
    auto& input = *proto.mutable_graph()->add_input();
    input.set_name(name);
    return *input.mutable_type();
  };
  const auto floats = [](onnx::TypeProto& type) { type.mutable_tensor_type()->set_elem_type(1); };
  floats(add("tensor"));
  floats(*add("sequence").mutable_sequence_type()->mutable_elem_type());
  floats(*add("optional").mutable_optional_type()->mutable_elem_type()->mutable_sequence_type()->mutable_elem_type());
  auto& map = *add("map").mutable_map_type();
  map.set_key_type(onnx::TensorProto::INT64);
  floats(*map.mutable_value_type());
  const std::string bytes = proto.SerializeAsString();
  tenon_session* session = nullptr;
  REQUIRE(tenon_session_open_bytes(bytes.data(), bytes.size(), nullptr, &session) == TENON_OK);
  const auto port_at = [&](size_t index) {
    tenon_port port{};
    port.struct_size = sizeof port;
    REQUIRE(tenon_session_input(session, index, &port) == TENON_OK);
    CHECK(port.dtype == 1);
    CHECK(port.is_optional == 0);
    return port;
  };
  CHECK(std::string(port_at(0).type) == "tensor(float)");
  CHECK(port_at(0).kind == TENON_TENSOR);
  CHECK(std::string(port_at(1).type) == "seq(tensor(float))");
  CHECK(port_at(1).kind == TENON_SEQUENCE);
  CHECK(std::string(port_at(2).type) == "optional(seq(tensor(float)))");
  CHECK(port_at(2).held == TENON_SEQUENCE);
  CHECK(std::string(port_at(3).type) == "map(int64,tensor(float))");
  CHECK(port_at(3).key == 7);
  tenon_session_close(session);
}
