// The example plugins of examples/providers, loaded and run.
#include <catch2/catch.hpp>

#include "host/plugins/provider.h"
#include "tests/host/plugins/fake_run.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;

namespace {

Tensor floats(std::vector<int64_t> shape, const std::vector<float>& values) {
  Tensor t = Tensor::allocate(TN_FLOAT, std::move(shape), Residence::kRuntime).value();
  std::copy(values.begin(), values.end(), static_cast<float*>(t.mutable_data()));
  return t;
}

std::vector<float> values_of(const Tensor& t) {
  return {t.span<float>().begin(), t.span<float>().end()};
}

std::unique_ptr<Provider> load_example(const std::string& name, std::map<std::string, std::string> options = {}) {
  auto provider = Provider::create(ProviderSpec{plugin_path(name), std::move(options)});
  INFO(provider.status().message());
  REQUIRE(provider.is_ok());
  return std::move(provider.value());
}

// y = x * scale + shift with constant vectors of three elements.
struct MulAddGraph {
  TestGraph g;
  const Node* mul;
  const Node* add;
  MulAddGraph() {
    g.value("scale")->type.dims = g.value("shift")->type.dims = std::vector<Dim>{{3, ""}};
    g.value("scale")->constant = floats({3}, {1, 2, 3});
    g.value("shift")->constant = floats({3}, {10, 20, 30});
    mul = g.node("Mul", {"x", "scale"}, {"scaled"});
    add = g.node("Add", {"scaled", "shift"}, {"y"});
    g.finish({"x"}, {"y"});
  }
};

}  // namespace

TEST_CASE("the C99 example runs LeakyRelu with the node's alpha", "[plugins]") {
  const auto provider = load_example("leaky_relu_c99");
  TestGraph g;
  Node* node = g.node("LeakyRelu", {"x"}, {"y"});
  node->attributes.push_back({"alpha", 0.5f});
  g.finish({"x"}, {"y"});
  auto kernel = provider->create_kernel(*node);
  REQUIRE(kernel.is_ok());
  CHECK(kernel->may_share(0, 0));
  CHECK_FALSE(kernel->may_share(0, 1));
  FakeRun run({floats({4}, {-2, -1, 0, 3})});
  REQUIRE(kernel->run(run).is_ok());
  CHECK(values_of(run.result()) == std::vector<float>{-1, -0.5f, 0, 3});
}

TEST_CASE("the C99 example refuses options and other types", "[plugins]") {
  const auto refused = Provider::create(ProviderSpec{plugin_path("leaky_relu_c99"), {{"a", "b"}}});
  CHECK(refused.status().message() == "provider 'leaky_relu_c99': leaky_relu_c99 has no options");
  const auto provider = load_example("leaky_relu_c99");
  TestGraph g;
  g.value("x", TN_DOUBLE);
  const Node* node = g.node("LeakyRelu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  CHECK(provider->create_kernel(*node).status().code() == TN_UNSUPPORTED);
}

TEST_CASE("the C++ example claims Mul and Add, packs the scale and runs the pair", "[plugins]") {
  const auto provider = load_example("scale_cpp", {{"gain", "2"}});
  MulAddGraph m;
  const auto claimed = provider->claim(m.g.graph(), {});
  INFO(claimed.status().message());
  REQUIRE(claimed.is_ok());
  REQUIRE(claimed.value().groups.size() == 1);
  const ClaimedGroup& group = claimed.value().groups[0];
  CHECK(group.label == "Mul+Add");
  REQUIRE(group.inputs.size() == 3);

  auto kernel = provider->compile(group);
  REQUIRE(kernel.is_ok());
  REQUIRE(kernel->pack_count().value() == 1);
  const auto plan = kernel->pack_plan(0);
  REQUIRE(plan.is_ok());
  REQUIRE(plan.value().byte_length == 3 * sizeof(float));
  REQUIRE(plan.value().input_count == 1);
  CHECK(plan.value().inputs[0] == 1);
  CHECK(std::string(plan.value().key.data, plan.value().key.size) == "scale/1 gain=2");
  std::vector<float> blob(3);
  const Tensor* const sources[] = {&*group.inputs[1]->constant};
  REQUIRE(kernel->pack(0, sources, {blob.data(), 3 * sizeof(float)}).is_ok());
  CHECK(blob == std::vector<float>{2, 4, 6});
  REQUIRE(kernel->bind_pack(0, blob.data(), sizeof(float) * 3).is_ok());

  FakeRun run({floats({2, 3}, {1, 1, 1, 2, 2, 2}), *group.inputs[1]->constant, *group.inputs[2]->constant});
  REQUIRE(kernel->run(run).is_ok());
  CHECK(values_of(run.result()) == std::vector<float>{12, 24, 36, 14, 28, 42});
}

TEST_CASE("a claim respects what an earlier provider has taken", "[plugins]") {
  const auto provider = load_example("scale_cpp");
  MulAddGraph m;
  const auto claimed = provider->claim(m.g.graph(), {{m.add, "cpu_ref"}});
  REQUIRE(claimed.is_ok());
  CHECK(claimed.value().groups.empty());
  CHECK(provider->create_kernel(*m.mul).is_ok());
}

TEST_CASE("an unknown option of the C++ example is refused", "[plugins]") {
  const auto refused = Provider::create(ProviderSpec{plugin_path("scale_cpp"), {{"size", "1"}}});
  CHECK(refused.status().code() == TN_INVALID_ARGUMENT);
}
