// What write_ort() writes, read_ort() gives back.
#include <catch2/catch.hpp>
#include <cstring>

#include "host/formats/ort/reader.h"
#include "host/formats/ort/writer.h"
#include "host/graph/shape_inference.h"
#include "tests/support/graph_builder.h"
#include "tests/support/model_text.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Written {
  std::vector<std::byte> bytes;  // outlive the model, which borrows them
  std::unique_ptr<Model> model;
};

Written round_trip(const Model& model, const OrtWriteOptions& write = {}, const OrtReadOptions& read = {}) {
  auto bytes = write_ort(model, write);
  REQUIRE(bytes.status().message() == "");
  auto again = read_ort(*bytes, nullptr, read);
  REQUIRE(again.status().message() == "");
  return {std::move(*bytes), std::move(*again)};
}

void check_round_trip(const Model& model) {
  const Written written = round_trip(model);
  CHECK(ModelText::of(*written.model) == ModelText::of(model));
}

ValueType type_of(ValueType::Kind kind, tn_dtype dtype, std::optional<std::vector<Dim>> dims = std::nullopt) {
  return {kind, dtype, std::move(dims)};
}

}  // namespace

TEST_CASE("a model's header comes back from an .ort buffer", "[ort]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  b.model().producer_name = "maker";
  b.model().producer_version = "1.2";
  b.model().domain = "org.example";
  b.model().doc_string = "what it does";
  b.model().model_version = 7;
  b.model().metadata = {{"license", "free"}, {"a", ""}};
  check_round_trip(*b.build());
}

TEST_CASE("symbolic, unknown and scalar shapes and unknown types come back from an .ort buffer", "[ort]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {-1, ""}, {0, ""}, {3, ""}});
  b.symbolic_input("scalar", TN_FLOAT, {});
  b.input_of("any_rank", type_of(ValueType::Kind::kTensor, TN_INT64));
  b.input_of("sequence", type_of(ValueType::Kind::kSequence, TN_FLOAT));
  b.input_of("optional", type_of(ValueType::Kind::kOptional, TN_INT64, std::vector<Dim>{{-1, "n"}}));
  b.input_of("map", type_of(ValueType::Kind::kMap, TN_FLOAT));
  b.input_of("sparse", type_of(ValueType::Kind::kSparseTensor, TN_FLOAT, std::vector<Dim>{{2, ""}}));
  b.node("Relu", {"x"}, {"y"});
  b.value("y")->type = type_of(ValueType::Kind::kTensor, TN_FLOAT);
  b.node("made.up:Thing", {"y"}, {"z"});
  b.model().opset_imports["made.up"] = 1;
  b.output("z");
  check_round_trip(*b.build());
}

TEST_CASE("whether inference proved a shape comes back from an .ort buffer, but is not for others to read", "[ort]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.input("keep", TN_BOOL, {4});
  b.node("Relu", {"x"}, {"proven"});
  b.node("Compress", {"proven", "keep"}, {"declared"});
  b.value("declared")->type = type_of(ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{7, ""}});
  b.node("Relu", {"declared"}, {"y"});
  b.output("y");
  const auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  for (const bool interchange : {false, true}) {
    OrtWriteOptions options;
    options.interchange = interchange;
    const Written written = round_trip(*model, options);
    const Graph& graph = *written.model->graph;
    CHECK(graph.find_value("proven")->type.is_proven == !interchange);
    CHECK_FALSE(graph.find_value("declared")->type.is_proven);
    CHECK_FALSE(graph.find_value("y")->type.is_proven);
  }
}

TEST_CASE("attributes of every kind come back from an .ort buffer", "[ort]") {
  GraphBuilder b;
  b.model().opset_imports["made.up"] = 1;
  b.input("x", TN_FLOAT, {2});
  const auto subgraph = [&](const std::string& name) {
    GraphBuilder body(b);
    body.node("Neg", {"x"}, {name});
    body.output(name);
    return body.build_subgraph();
  };
  auto strings = Tensor::from_strings({2}, {"one", std::string("t\0wo", 4)}, Residence::kComputed);
  std::vector<Attribute> attributes = {
      int_attr("i", -5),
      float_attr("f", 0.1F),
      string_attr("s", std::string("a\0b", 3)),
      string_attr("empty", ""),
      tensor_attr("t", make_tensor<int32_t>({2, 1}, {1, 2})),
      tensor_attr("nothing", make_tensor<float>({0, 3}, {})),
      tensor_attr("words", *strings),
      graph_attr("g", subgraph("inner")),
      ints_attr("ints", {1, INT64_MIN}),
      ints_attr("no_ints", {}),
      {"floats", std::vector<float>{1.5F, -0.0F}},
      {"strings", std::vector<std::string>{"", "b"}},
      {"tensors", std::vector<Tensor>{make_tensor<float>({1}, {3}), make_tensor<bool>({2}, {true, false})}},
      {"graphs", std::vector<std::shared_ptr<Graph>>{subgraph("first"), subgraph("second")}},
      {"type", type_of(ValueType::Kind::kSequence, TN_DOUBLE, std::vector<Dim>{{4, ""}})},
  };
  b.node("made.up:Thing", {"x"}, {"y"}, std::move(attributes));
  b.output("y");
  check_round_trip(*b.build());
}

TEST_CASE("inputs and outputs that are left out, constants and their order come back from an .ort buffer", "[ort]") {
  GraphBuilder b;
  b.constant<float>("low", {}, {0});
  b.input("x", TN_FLOAT, {2, 2});
  b.constant<float>("unread", {3}, {1, 2, 3});
  b.input("high", TN_FLOAT, {});
  b.node("Clip", {"x", "", "high"}, {"clipped"});
  b.node("Max", {"clipped", "low"}, {"y"});
  b.model().opset_imports["made.up"] = 1;
  b.node("made.up:Thing", {"y"}, {"", "mask"});
  b.output("mask");
  b.output("low");
  check_round_trip(*b.build());
}

TEST_CASE("subgraphs that read outer values and hold constants come back from an .ort buffer", "[ort]") {
  GraphBuilder b;
  b.input("condition", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("outer", {2}, {1, 2});
  GraphBuilder then(b), other(b);
  then.constant<float>("inner", {2}, {3, 4});
  then.node("Add", {"x", "inner"}, {"sum"});
  then.node("Mul", {"sum", "outer"}, {"then_out"});
  then.output("then_out");
  GraphBuilder deeper(other);
  deeper.node("Neg", {"outer"}, {"negated"});
  deeper.output("negated");
  GraphBuilder deepest(other);
  deepest.output("x");
  other.node("If", {"condition"}, {"else_out"},
             {graph_attr("then_branch", deeper.build_subgraph()), graph_attr("else_branch", deepest.build_subgraph())});
  other.output("else_out");
  b.node("If", {"condition"}, {"y"},
         {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
  b.output("y");
  check_round_trip(*b.build());
}

TEST_CASE("inline constants of an .ort buffer are views, aligned to 64 bytes within it", "[ort]") {
  GraphBuilder b;
  b.constant<int64_t>("a", {3}, {1, 2, 3});
  b.constant<uint8_t>("b", {5}, {1, 2, 3, 4, 5});
  b.constant<double>("c", {1}, {0.5});
  b.input("x", TN_INT64, {3});
  b.node("Add", {"x", "a"}, {"y"});
  b.output("y");
  const Written written = round_trip(*b.build());
  for (const char* name : {"a", "b", "c"}) {
    const Tensor& tensor = *written.model->graph->find_value(name)->constant;
    CHECK(tensor.residence() == Residence::kBorrowed);
    const auto* data = static_cast<const std::byte*>(tensor.data());
    CHECK((data >= written.bytes.data() && data < written.bytes.data() + written.bytes.size()));
    CHECK((data - written.bytes.data()) % 64 == 0);
  }
}

TEST_CASE("constants may lie outside of an .ort buffer, and need no data to be written", "[ort]") {
  GraphBuilder b;
  b.constant_of("gone", Tensor(TN_FLOAT, {1000, 1000}, nullptr, 0, nullptr, Residence::kComputed));
  b.constant<float>("here", {1}, {2});
  b.input("x", TN_FLOAT, {1});
  b.node("Add", {"x", "gone"}, {"y"});
  b.node("Add", {"y", "here"}, {"z"});
  b.output("z");
  const auto model = b.build();
  const OrtWriteOptions write = {.outside = [](const Value& value) -> std::optional<int64_t> {
    return value.name == "gone" ? std::optional<int64_t>(4096) : std::nullopt;
  }};
  const OrtReadOptions read = {.outside = [](const std::string& name, tn_dtype dtype, std::vector<int64_t> shape,
                                             int64_t offset) -> Result<Tensor> {
    if (name != "gone" || offset != 4096) return error(TN_INTERNAL, "asked for ", name, " at ", offset);
    return Tensor(dtype, std::move(shape), nullptr, 0, nullptr, Residence::kComputed);
  }};
  const Written written = round_trip(*model, write, read);
  CHECK(written.bytes.size() < 4000);
  CHECK(ModelText::of(*written.model) == ModelText::of(*model));

  CHECK(read_ort(written.bytes, nullptr, {}).status().message().find("external") != std::string::npos);
  CHECK(write_ort(*model).status().code() == TN_INVALID_ARGUMENT);
}

TEST_CASE("types that ONNX Runtime cannot read are refused when a model is written for it", "[ort]") {
  GraphBuilder b;
  b.model().opset_imports["made.up"] = 1;
  b.input("x", TN_FLOAT, {2});
  b.node("made.up:Thing", {"x"}, {"y"});
  b.output("y");
  SECTION("an unknown type") {}
  SECTION("an optional") {
    b.value("y")->type = type_of(ValueType::Kind::kOptional, TN_FLOAT);
  }
  const auto bytes = write_ort(*b.build(), {.interchange = true});
  CHECK(bytes.status().code() == TN_UNSUPPORTED);
  CHECK(bytes.status().message().find("'y'") != std::string::npos);
  CHECK(bytes.status().message().find("keep the model as .onnx") != std::string::npos);
}
