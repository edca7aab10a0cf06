// Initializers that are also inputs of the main graph: from IR version 4 on defaults that a run may override.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "host/formats/onnx/exporter.h"
#include "host/formats/ort/exporter.h"
#include "tests/host/packs/small_model.h"

using Catch::Contains;
using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kCount = 600;  // more than a plan keeps in itself

std::vector<float> all(float value) {
  return std::vector<float>(kCount, value);
}

/// y = (w + w) + x, with w the graph's second of three inputs, and 2 by its initializer. `condition`: the sum is taken
/// in the branches of an If.
onnx::ModelProto default_model(int64_t ir_version, bool in_branches = false) {
  onnx::ModelProto model = empty_model();
  model.set_ir_version(ir_version);
  onnx::GraphProto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {kCount});
  set_float_type(*graph.add_input(), "w", {kCount});
  set_float_type(*graph.add_output(), "y", {kCount});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kCount}).set_raw_data(raw_bytes(all(2)));
  if (!in_branches) {
    add_node(graph, "Add", {"w", "w"}, {"s"});
  } else {
    auto& c = add_initializer(graph, "c", onnx::TensorProto::BOOL, {});
    c.set_raw_data(std::string(1, '\1'));
    onnx::NodeProto& node = add_node(graph, "If", {"c"}, {"s"});
    for (const char* name : {"then_branch", "else_branch"}) {
      onnx::AttributeProto& attribute = *node.add_attribute();
      attribute.set_name(name);
      attribute.set_type(onnx::AttributeProto::GRAPH);
      onnx::GraphProto& branch = *attribute.mutable_g();
      branch.set_name(name);
      add_node(branch, "Add", {"w", "w"}, {std::string(name) + "_s"});
      set_float_type(*branch.add_output(), std::string(name) + "_s", {kCount});
    }
  }
  add_node(graph, "Add", {"s", "x"}, {"y"});
  return model;
}

std::unique_ptr<Session> open_path(const fs::path& path, const SessionOptions& options) {
  auto session = Session::open(path, options);
  REQUIRE(session.status().message() == "");
  return std::move(*session);
}

SessionOptions without_packs() {
  return small_options({}, PackMode::kOff);
}

/// Without w, with it, and without it again.
void check_default(Session& session) {
  REQUIRE(session.inputs().size() == 2);
  CHECK(session.inputs()[1].name == "w");
  CHECK(session.inputs()[1].has_default);
  CHECK_FALSE(session.inputs()[0].has_default);
  const NamedTensor x = floats("x", {kCount}, all(1));
  CHECK(values_of(must_run(session, {x})[0]) == all(5));
  CHECK(values_of(must_run(session, {floats("w", {kCount}, all(10)), x})[0]) == all(21));
  CHECK(values_of(must_run(session, {x})[0]) == all(5));
}

}  // namespace

TEST_CASE("an initializer that is also an input is a default that a run may override", "[session]") {
  const TempFolder folder;
  const bool in_branches = GENERATE(false, true);
  const auto path = folder.write("m.onnx", default_model(4, in_branches).SerializeAsString());
  const auto session = open_path(path, without_packs());
  check_default(*session);
  const auto notes = session->report().notes;
  CHECK(std::count_if(notes.begin(), notes.end(), [](const std::string& note) {
          return Contains("1 initializer is also an input of the graph").match(note);
        }) == 1);
}

TEST_CASE("a pack keeps a default as it is", "[session][packs]") {
  const TempFolder folder;
  const bool in_branches = GENERATE(false, true);
  const auto path = folder.write("m.onnx", default_model(8, in_branches).SerializeAsString());
  const auto options = small_options(folder.path() / "cache");
  for (const char* state : {"made", "used"}) {
    const auto session = open_path(path, options);
    INFO(session->report().pack.reason);
    CHECK(session->report().pack.state == state);
    check_default(*session);
  }
  REQUIRE(pack_model(path, folder.path() / "m.tpack", true, options).message() == "");
  check_default(*open_path(folder.path() / "m.tpack", options));
}

TEST_CASE("a converted model keeps a default as it is", "[session][ort][onnx]") {
  const TempFolder folder;
  const auto model = import_model_file(folder.write("m.onnx", default_model(8).SerializeAsString()));
  REQUIRE(model.is_ok());
  REQUIRE(export_onnx_file(**model, folder.path() / "n.onnx", {}).message() == "");
  REQUIRE(export_ort_file(**model, folder.path() / "n.ort").message() == "");
  check_default(*open_path(folder.path() / "n.onnx", without_packs()));
  check_default(*open_path(folder.path() / "n.ort", without_packs()));
}

TEST_CASE("an initializer of an IR version before 4 is a constant, though it is an input too", "[session]") {
  const TempFolder folder;
  const auto session = open_path(folder.write("m.onnx", default_model(3).SerializeAsString()), without_packs());
  REQUIRE(session->inputs().size() == 1);
  CHECK(values_of(must_run(*session, {floats("x", {kCount}, all(1))})[0]) == all(5));
}

TEST_CASE("a default that is given must fit its declaration", "[session]") {
  const TempFolder folder;
  const auto session = open_path(folder.write("m.onnx", default_model(8).SerializeAsString()), without_packs());
  const std::vector<NamedTensor> given = {floats("x", {kCount}, all(1)), floats("w", {1}, {1})};
  CHECK_THAT(session->run(given).status().message(), Contains("input 'w' has 1 in dimension 0"));
}

TEST_CASE("a default that does not fit its declaration has its own type, with a note", "[session]") {
  const TempFolder folder;
  onnx::ModelProto proto = default_model(8);
  proto.mutable_graph()->mutable_input(1)->clear_type();
  set_float_type(*proto.mutable_graph()->mutable_input(1), "w", {7});
  const auto session = open_path(folder.write("m.onnx", proto.SerializeAsString()), without_packs());
  check_default(*session);
  CHECK_THAT(session->report().notes.back(), Contains("input 'w' is declared float[7], its initializer is float[600]"));
}

TEST_CASE("a default is mapped, not copied", "[session]") {
  const TempFolder folder;
  onnx::ModelProto proto = default_model(8);
  auto& w = *proto.mutable_graph()->mutable_initializer(0);
  w.clear_raw_data();
  set_external(w, {{"location", "w.bin"}});
  folder.write("w.bin", raw_bytes(all(2)));
  const auto session = open_path(folder.write("m.onnx", proto.SerializeAsString()), without_packs());
  check_default(*session);
  CHECK(session->report().memory.mapped_weight_bytes == kCount * sizeof(float));
  CHECK(session->report().memory.copied_weight_bytes == 0);
}
