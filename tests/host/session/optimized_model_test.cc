// The optimized model, written while a session opens.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <tenon/tenon.hpp>

#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

// y = Relu(x) + (a + b), of which the sum of the constants is folded.
std::string model() {
  onnx::ModelProto proto = empty_model();
  auto& graph = *proto.mutable_graph();
  set_float_type(*graph.add_input(), "x", {2});
  set_float_type(*graph.add_output(), "y", {2});
  for (const char* name : {"a", "b"})
    add_initializer(graph, name, onnx::TensorProto::FLOAT, {2}).set_raw_data(raw_bytes(std::vector<float>{1, 2}));
  add_node(graph, "Add", {"a", "b"}, {"c"});
  add_node(graph, "Relu", {"x"}, {"r"});
  add_node(graph, "Add", {"r", "c"}, {"y"});
  return proto.SerializeAsString();
}

tenon::Session open(const fs::path& path, const fs::path& optimized = {}) {
  tenon::Options options;
  options.providers("cpu_ref").pack("off");
  if (!optimized.empty()) options.set("optimized_model", optimized.string());
  return tenon::Session(path.string(), options);
}

std::vector<float> answer(tenon::Session session) {
  return session.run({{"x", tenon::Tensor::of<float>({2}, std::vector<float>{-1, 1})}})[0].to_vector<float>();
}

std::string bytes_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the optimized model is written in both formats, folded, and gives the same answer", "[session]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  CHECK(open(path).placement().size() == 2);
  for (const char* name : {"o.onnx", "o.ort"}) {
    const auto target = folder.path() / name;
    CHECK(answer(open(path, target)) == std::vector<float>{2, 5});
    CHECK(answer(open(target)) == std::vector<float>{2, 5});
  }
  onnx::ModelProto written;
  REQUIRE(written.ParseFromString(bytes_of(folder.path() / "o.onnx")));
  CHECK(written.graph().node_size() == 2);
}

TEST_CASE("the optimized model is written where a pack fits, too", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", product_model(1));
  SessionOptions options = packing_options(folder.path() / "cache");
  REQUIRE(Session::open(path, options).is_ok());
  options.optimized_model = folder.path() / "o.onnx";
  const auto session = Session::open(path, options);
  REQUIRE(session.is_ok());
  CHECK((*session)->report().pack.state == "none");
  CHECK_THAT((*session)->report().pack.reason, Contains("optimized model is to be written"));
  CHECK(fs::exists(options.optimized_model));
}

TEST_CASE("the optimized model does not go over the model's files, nor to what names no format", "[session]") {
  const TempFolder folder;
  const std::string bytes = model();
  const auto path = folder.write("m.onnx", bytes);
  const auto link = folder.path() / "link.onnx";
  fs::create_symlink(path, link);
  for (const fs::path& target : {path, link})
    CHECK_THROWS_WITH(open(path, target), Contains("option 'optimized_model'") && Contains("is the model itself"));
  CHECK(bytes_of(path) == bytes);
  CHECK_THROWS_WITH(open(path, folder.path() / "o.bin"), Contains("neither .onnx nor .ort"));
}

TEST_CASE("a self-contained pack has no model to optimize", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", product_model(1));
  SessionOptions options = packing_options(folder.path() / "cache");
  const auto pack = folder.path() / "whole.tpack";
  REQUIRE(pack_model(path, pack, true, options).is_ok());
  options.optimized_model = folder.path() / "o.onnx";
  const auto session = Session::open(pack, options);
  CHECK(session.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(session.status().message(), Contains("open the model that it was made from"));
}
