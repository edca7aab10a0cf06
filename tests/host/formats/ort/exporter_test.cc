// What a model becomes for ONNX Runtime. That onnxruntime opens the files is tests/conformance's to show.
#include "host/formats/ort/exporter.h"

#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "tests/support/graph_builder.h"
#include "tests/support/ort_file.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

std::unique_ptr<Model> through_file(Model& model) {
  const TempFolder folder;
  const auto path = folder.path() / "model.ort";
  REQUIRE(export_ort_file(model, path).message() == "");
  auto again = import_model_file(path);
  REQUIRE(again.status().message() == "");
  return std::move(*again);
}

}  // namespace

TEST_CASE("Constant nodes are initializers in an .ort file", "[ort]") {
  GraphBuilder b;
  b.node("Constant", {}, {"c"}, {{"value_floats", std::vector<float>{1, 2}}});
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"x", "c"}, {"y"});
  b.output("y");
  const auto model = through_file(*b.build());
  CHECK(model->graph->nodes().size() == 1);
  const Value& c = *model->graph->find_value("c");
  REQUIRE(c.is_constant());
  CHECK(c.constant->span<float>()[1] == 2);
}

TEST_CASE("CastLike is Cast in an .ort file", "[ort]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.input("like", TN_INT64, {});
  b.node("CastLike", {"x", "like"}, {"y"});
  b.output("y");
  const auto model = through_file(*b.build());
  const Node& cast = *model->graph->nodes()[0];
  CHECK(cast.op_type == "Cast");
  CHECK(cast.since_version == 13);
  CHECK(cast.inputs.size() == 1);
  CHECK(cast.int_attribute("to") == TN_INT64);
}

TEST_CASE("an .ort file says the type of every value and what kernels ONNX Runtime needs", "[ort]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Clip", {"x"}, {"low"});
  b.node("Relu", {"low"}, {"y"});
  b.output("y");
  const auto model = b.build();
  const TempFolder folder;
  const auto path = folder.path() / "model.ort";
  REQUIRE(export_ort_file(*model, path).message() == "");
  const auto mapping = FileMapping::open(path);
  const ort_file::InferenceSession& session = *ort_file::GetInferenceSession((*mapping)->bytes().data());
  const ort_file::Graph& graph = *session.model()->graph();
  for (const ort_file::ValueInfo* value : *graph.node_args())
    if (value->name()->size() > 0) CHECK(value->type() != nullptr);
  REQUIRE(graph.node_edges()->size() == 2);
  CHECK(graph.node_edges()->Get(0)->output_edges()->Get(0)->node_index() == 1);
  CHECK(graph.nodes()->Get(0)->input_arg_counts()->size() == 3);
  const ort_file::OpKernelTypes* clip = session.kernel_types()->ops()->LookupByKey(":Clip:13");
  REQUIRE(clip != nullptr);
  const ort_file::KernelTypeArgs* type = clip->kernel_types()->LookupByKey("T");
  REQUIRE(type != nullptr);
  CHECK(type->args()->size() == 4);
}
