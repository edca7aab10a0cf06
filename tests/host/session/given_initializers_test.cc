// Initializers whose data the application gives.
#include <catch2/catch.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

// y [2] = Relu(x) + w, whose w lies in a file that there is not.
std::string model() {
  onnx::ModelProto proto = empty_model();
  auto& graph = *proto.mutable_graph();
  set_float_type(*graph.add_input(), "x", {2});
  set_float_type(*graph.add_output(), "y", {2});
  set_external(add_initializer(graph, "w", onnx::TensorProto::FLOAT, {2}), {{"location", "missing.bin"}});
  add_node(graph, "Relu", {"x"}, {"r"});
  add_node(graph, "Add", {"r", "w"}, {"y"});
  return proto.SerializeAsString();
}

tenon::Options cpu_ref() {
  tenon::Options options;
  options.providers("cpu_ref");
  return options;
}

std::vector<float> answer(const fs::path& path, const tenon::Options& options) {
  tenon::Session session(path.string(), options);
  return session.run({{"x", tenon::Tensor::of<float>({2}, std::vector<float>{-1, 1})}})[0].to_vector<float>();
}

SessionOptions with_weight(std::vector<int64_t> shape, const std::vector<float>& memory) {
  SessionOptions options;
  options.providers = {{"cpu_ref", {}}};
  options.initializers.push_back({"w", Tensor(TN_FLOAT, std::move(shape), memory.data(), memory.size() * sizeof(float),
                                              nullptr, Residence::kBorrowed)});
  return options;
}

}  // namespace

TEST_CASE("an initializer that is given is used where it lies, and the model's own is not read", "[session]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  CHECK_THROWS_WITH(answer(path, cpu_ref()), Contains("missing.bin"));
  const std::vector<float> w{10, 20};
  tenon::Options options = cpu_ref();
  options.add_initializer("w", tenon::Tensor::of<float>({2}, w));
  CHECK(answer(path, options) == std::vector<float>{10, 21});

  const auto session = Session::open(path, with_weight({2}, w));
  REQUIRE(session.is_ok());
  CHECK((*session)->model().graph->find_value("w")->constant->data() == w.data());
  CHECK((*session)->report().pack.state == "none");
  CHECK_THAT((*session)->report().pack.reason, Contains("initializers are given by the application"));
}

TEST_CASE("a name that is given again gets the new memory", "[api]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  const std::vector<float> first{10, 20}, second{1, 2};
  tenon::Options options = cpu_ref();
  options.add_initializer("w", tenon::Tensor::of<float>({2}, first));
  options.add_initializer("w", tenon::Tensor::of<float>({2}, second));
  CHECK(answer(path, options) == std::vector<float>{1, 3});
}

TEST_CASE("an .ort file's initializer may be given, too", "[session][ort]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", product_model(1));
  const auto ort = folder.path() / "m.ort";
  tenon::convert(path.string(), ort.string());
  const std::vector<float> b(kProductOutputs, 2.5f);
  tenon::Options options = cpu_ref();
  const auto run = [&] {
    tenon::Session session(ort.string(), options);
    const auto x = tenon::Tensor::of<float>({1, kProductInputs}, std::vector<float>(kProductInputs));
    return session.run({{"x", x}})[0].to_vector<float>();
  };
  CHECK(run() == std::vector<float>(kProductOutputs, 0.5f));
  options.add_initializer("b", tenon::Tensor::of<float>({kProductOutputs}, b));
  CHECK(run() == b);
}

TEST_CASE("what is given for an initializer has to be of its type and shape, and long enough", "[session]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  const std::vector<float> w{10, 20};
  const auto failure = [&](const SessionOptions& options) { return Session::open(path, options).status(); };
  CHECK_THAT(failure(with_weight({1, 2}, w)).message(),
             Contains("the initializer 'w' that is given is float 1x2, that of the model is float 2"));
  CHECK(failure(with_weight({2}, {1})).code() == TN_INVALID_ARGUMENT);
  SessionOptions other = with_weight({2}, w);
  other.initializers.push_back({"v", other.initializers[0].tensor});
  CHECK_THAT(failure(other).message(), Contains("the model has no initializer 'v'"));
}

TEST_CASE("data for an initializer that lies unaligned is copied, with the reason", "[session]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  std::vector<std::byte> memory(1 + 2 * sizeof(float));
  const std::vector<float> w{10, 20};
  std::memcpy(memory.data() + 1, w.data(), 2 * sizeof(float));
  tenon::Options options = cpu_ref();
  options.add_initializer("w", tenon::Tensor::raw(TN_FLOAT, {2}, memory.data() + 1, 2 * sizeof(float)));
  CHECK(answer(path, options) == std::vector<float>{10, 21});
}

TEST_CASE("no pack is made of what the application gives", "[session][packs]") {
  const TempFolder folder;
  const auto path = folder.write("m.onnx", model());
  const std::vector<float> w{10, 20};
  for (const bool self_contained : {false, true})
    CHECK_THAT(pack_model(path, folder.path() / "m.tpack", self_contained, with_weight({2}, w)).message(),
               Contains("no pack is made while initializers are given"));
}
