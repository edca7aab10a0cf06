// Sizes for free dimensions: what they change, what they refuse, and the packs that are made with them.
#include "host/session/free_dimensions.h"

#include <catch2/catch.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/ort_file.h"
#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

constexpr const char* kBatch = "DATA_BATCH";

void add_dims(onnx::ValueInfoProto& info, const std::string& name, const std::vector<std::string>& symbols) {
  set_float_type(info, name, {});
  for (const std::string& symbol : symbols) {
    auto& dim = *info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
    if (!symbol.empty()) dim.set_dim_param(symbol);
  }
}

/// y [n,m] = Relu(x [n,m]), s = Shape(x); m's denotation is kBatch, and so is that of z [?], which nothing reads.
onnx::ModelProto model() {
  onnx::ModelProto proto = empty_model();
  auto& graph = *proto.mutable_graph();
  add_dims(*graph.add_input(), "x", {"n", "m"});
  add_dims(*graph.add_input(), "z", {""});
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(1)->set_denotation(
      kBatch);
  graph.mutable_input(1)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_denotation(
      kBatch);
  add_node(graph, "Relu", {"x"}, {"y"});
  add_node(graph, "Shape", {"x"}, {"s"});
  add_dims(*graph.add_output(), "y", {"n", "m"});
  auto& s = *graph.add_output();
  s.set_name("s");
  s.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);
  return proto;
}

tenon::Session open_with(const std::string& names, const std::string& denotations = "") {
  static const std::string bytes = model().SerializeAsString();
  tenon::Options options;
  options.providers("cpu_ref").set("free_dimensions", names).set("free_denotations", denotations);
  return tenon::Session::from_bytes(bytes.data(), bytes.size(), options);
}

using Shape = std::vector<int64_t>;

tenon::Tensor zeros(Shape shape) {
  size_t count = 1;
  for (const int64_t d : shape) count *= static_cast<size_t>(d);
  return tenon::Tensor::of<float>(std::move(shape), std::vector<float>(count));
}

/// A product over rows of which the model leaves the number free.
std::string free_rows() {
  onnx::ModelProto proto;
  proto.ParseFromString(product_model(1));
  for (auto* port : {proto.mutable_graph()->mutable_input(0), proto.mutable_graph()->mutable_output(0)})
    port->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("n");
  return proto.SerializeAsString();
}

SessionOptions with_rows(const std::filesystem::path& cache, const std::string& sizes) {
  SessionOptions options = packing_options(cache);
  REQUIRE(parse_dimension_sizes(sizes).is_ok());
  options.free_dimensions = *parse_dimension_sizes(sizes);
  return options;
}

std::string pack_state(const std::filesystem::path& path, const SessionOptions& options) {
  const auto session = Session::open(path, options);
  return session.is_ok() ? (*session)->report().pack.state : session.status().message();
}

}  // namespace

TEST_CASE("a list of sizes is read back, whatever characters its names hold", "[options]") {
  const auto sizes = parse_dimension_sizes("n=1,max(a,b) + c=2=3,d=0");
  REQUIRE(sizes.is_ok());
  CHECK(*sizes == std::vector<DimensionSize>{{"n", 1}, {"max(a,b) + c=2", 3}, {"d", 0}});
  CHECK(dimension_sizes_text(*sizes) == "n=1,max(a,b) + c=2=3,d=0");
}

TEST_CASE("the order of sizes makes no other model", "[options]") {
  const DimensionSize a{"a", 1}, b{"b", 2};
  CHECK(identity_of(std::vector{a, b}, std::vector{b}) == identity_of(std::vector{b, a}, std::vector{b}));
  CHECK(identity_of(std::vector{a}, {}) != identity_of({}, std::vector{a}));
  CHECK(identity_of({}, {}).empty());
}

TEST_CASE("a size for a name is known to ports and folding, and other runs are refused", "[session]") {
  tenon::Session session = open_with("n=2,m=3");
  CHECK(session.inputs()[0].shape == Shape{2, 3});
  CHECK(session.outputs()[0].shape == Shape{2, 3});
  CHECK(session.placement().size() == 1);  // Shape is folded
  const auto results = session.run({{"x", zeros({2, 3})}, {"z", zeros({1})}});
  CHECK(results["s"].to_vector<int64_t>() == Shape{2, 3});
  CHECK_THROWS_WITH(session.run({{"x", zeros({1, 3})}, {"z", zeros({1})}}), Contains("input 'x'") && Contains("2"));
}

TEST_CASE("a dimension without a size stays free", "[session]") {
  tenon::Session session = open_with("n=2");
  CHECK(session.inputs()[0].shape == Shape{2, -1});
  CHECK(session.inputs()[0].dim_names[1] == "m");
  for (const int64_t m : {1, 5})
    CHECK(session.run({{"x", zeros({2, m})}, {"z", zeros({1})}})["s"].to_vector<int64_t>() == Shape{2, m});
}

TEST_CASE("a size for a denotation counts for named and for unnamed dimensions", "[session]") {
  const tenon::Session session = open_with("n=2", "DATA_BATCH=4");
  CHECK(session.inputs()[0].shape == Shape{2, 4});
  CHECK(session.inputs()[1].shape == Shape{4});
  CHECK(session.outputs()[0].shape == Shape{2, 4});
}

TEST_CASE("names and denotations that no input has are refused with those that there are", "[session]") {
  CHECK_THROWS_WITH(open_with("k=2"), Contains("no input has a dimension with the name 'k': known are 'm', 'n'"));
  CHECK_THROWS_WITH(open_with("", "DATA_WIDTH=2"), Contains("'DATA_WIDTH': known are 'DATA_BATCH'"));
}

TEST_CASE("two sizes for one dimension are refused", "[session]") {
  CHECK_THROWS_WITH(open_with("m=2", "DATA_BATCH=3"), Contains("dimension 1 of input 'x' is 2, asked to be 3"));
  CHECK(open_with("m=3", "DATA_BATCH=3").inputs()[0].shape == Shape{-1, 3});
}

TEST_CASE("an .ort file's dimensions get sizes by name and by denotation", "[session][ort]") {
  OrtFile file;
  auto& b = file.builder;
  const auto dim = [&](const char* name, const char* denotation) {
    const auto value = ort_file::CreateDimensionValue(b, ort_file::DimensionKind::PARAM, 0, b.CreateString(name));
    return ort_file::CreateDimension(b, value, b.CreateString(denotation));
  };
  const auto dims = b.CreateVector(std::vector{dim("n", ""), dim("m", kBatch)});
  const auto tensor = ort_file::CreateTensorTypeAndShape(b, TN_FLOAT, ort_file::CreateShape(b, dims));
  const auto type = ort_file::CreateTypeInfo(b, 0, ort_file::TypeInfoValue::tensor_type, tensor.Union());
  file.values.push_back(ort_file::CreateValueInfo(b, b.CreateString("x"), 0, type));
  const auto bytes = file.finish();
  tenon::Options options;
  options.providers("cpu_ref").set("free_dimensions", "n=2").set("free_denotations", "DATA_BATCH=7");
  const auto session = tenon::Session::from_bytes(bytes.data(), bytes.size(), options);
  CHECK(session.inputs()[0].shape == Shape{2, 7});
}

TEST_CASE("each choice of sizes has a pack of its own", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", free_rows());
  const auto cache = folder.path() / "cache";
  for (const char* sizes : {"", "n=1", "n=2"}) {
    CHECK(pack_state(path, with_rows(cache, sizes)) == "made");
    CHECK(pack_state(path, with_rows(cache, sizes)) == "used");
  }
  const auto session = Session::open(path, with_rows(cache, "n=2"));
  REQUIRE(session.is_ok());
  CHECK((*session)->inputs()[0].type.dims->at(0).value == 2);
}

TEST_CASE("a pack beside a model is used for the sizes that it was made with alone", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", free_rows());
  const auto cache = folder.path() / "cache";
  const Status made = pack_model(path, path.string() + ".tpack", false, with_rows(cache, "n=2"));
  INFO(made.message());
  REQUIRE(made.is_ok());
  for (const char* sizes : {"", "n=2", "n=3"}) {
    SessionOptions options = with_rows(cache, sizes);
    options.pack.mode = PackMode::kReadOnly;
    CHECK(pack_state(path, options) == (std::string(sizes) == "n=2" ? "used" : "none"));
  }
}

TEST_CASE("a self-contained pack has the sizes that it was made with", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", free_rows());
  const auto cache = folder.path() / "cache";
  const auto target = folder.path() / "whole.tpack";
  const Status made = pack_model(path, target, true, with_rows(cache, "n=2"));
  INFO(made.message());
  REQUIRE(made.is_ok());
  for (const char* sizes : {"", "n=2"}) {
    const auto session = Session::open(target, with_rows(cache, sizes));
    REQUIRE(session.is_ok());
    CHECK((*session)->inputs()[0].type.dims->at(0).value == 2);
  }
  CHECK_THAT(pack_state(target, with_rows(cache, "n=3")), Contains("was made with n=2, asked for is n=3"));
}
