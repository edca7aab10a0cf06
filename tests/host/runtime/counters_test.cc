// Counters of kernels in the trace of a run: what they tell, and what the host measures where they tell nothing.
#include <catch2/catch.hpp>
#include <tenon/sdk/sdk.hpp>

#include "host/plugins/abi/abi_tables.h"
#include "tests/host/plugins/fake_run.h"
#include "tests/support/node_trace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon;
using namespace tenon::test;

namespace {

/// What a kernel counts beside its output, which has its input's shape.
using Count = void (*)(sdk::RunContext& run);

template <Count count>
class Counting final : public sdk::Kernel {
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, run.input(0).shape()));
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    count(run);
    return {};
  }
};
template <Count count>
sdk::Result<sdk::KernelPtr> make(const sdk::KernelInfo&) {
  return std::make_unique<Counting<count>>();
}

void count_in_bodies(sdk::RunContext& run) {
  run.parallel_for(1000, 1e5, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) run.count(TN_COUNT_FLOPS, 3);
  });
}
void count_bytes(sdk::RunContext& run) {
  run.count(TN_COUNT_BYTES, 5);
  run.count(TN_COUNT_BYTES, 2);
}
void count_products(sdk::RunContext& run) {
  run.count_products(2, 3, 5, 7);
}
void count_unknown(sdk::RunContext& run) {
  run.count(static_cast<tn_counter>(1000), 1);
}

constexpr tn_kernel_def kKernels[] = {
    sdk::kernel_def<make<count_in_bodies>>("counting", "InBodies", 1, 0),
    sdk::kernel_def<make<count_bytes>>("counting", "Bytes", 1, 0),
    sdk::kernel_def<make<count_products>>("counting", "Products", 1, 0),
    sdk::kernel_def<make<count_unknown>>("counting", "Unknown", 1, 0),
};
constexpr tn_provider kProvider = sdk::provider_table("counting", "1.0", kKernels);

/// What the trace of one run says of a node.
nlohmann::json trace_of(GraphBuilder& b, const std::string& node, std::vector<int64_t> shape, bool validates = false) {
  const TempFolder folder;
  b.model().opset_imports["counting"] = 1;
  host::SessionOptions options;
  options.provider_tables = {&kProvider, &test_provider()};
  options.threads = 2;
  options.validate = validates;
  const auto session = must_open(b, options);
  host::RunOptions run;
  run.profile = folder.path() / "trace.json";
  const auto count = static_cast<size_t>(host::checked_element_count(shape).get().value());
  must_run(*session, {floats("x", shape, std::vector<float>(count, 1))}, {}, run);
  return node_facts(run.profile, node);
}

/// Of the operator on a tensor of six floats, which are 24 bytes.
nlohmann::json counts_of(const std::string& op, bool validates = false) {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3});
  b.node(op, {"x"}, {"y"});
  b.output("y");
  return trace_of(b, "y_node", {2, 3}, validates);
}

}  // namespace

TEST_CASE("what a kernel counts adds up, on whatever thread it does", "[profile]") {
  CHECK(counts_of("counting:InBodies").at("flops") == 3000);
  CHECK(counts_of("counting:Bytes").at("bytes") == 7);
}

TEST_CASE("a product counts two operations for each multiply-add", "[profile]") {
  CHECK(counts_of("counting:Products").at("flops") == 2 * 2 * 3 * 5 * 7);
}

TEST_CASE("of bytes that no kernel counts the host measures inputs and outputs, of operations it says nothing",
          "[profile]") {
  const nlohmann::json relu = counts_of("Relu");
  CHECK(relu.at("bytes") == 48);
  CHECK_FALSE(relu.contains("flops"));
}

TEST_CASE("an input that is there twice is read once", "[profile]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3});
  b.node("Add", {"x", "x"}, {"y"});
  b.output("y");
  CHECK(trace_of(b, "y_node", {2, 3}).at("bytes") == 48);
}

TEST_CASE("of a weight that is packed the packed bytes count alone", "[profile]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3});
  b.constant<float>("w", {3, 5}, std::vector<float>(15, 1));
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y");
  CHECK(trace_of(b, "y_node", {2, 3}).at("bytes") == 4 * (6 + 15 + 10));
}

TEST_CASE("a view moves nothing, and has no counters", "[profile]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3});
  b.constant<int64_t>("shape", {1}, {6});
  b.node("Relu", {"x"}, {"r"});
  b.node("Reshape", {"r", "shape"}, {"v"});
  b.node("Relu", {"v"}, {"y"});
  b.output("y");
  host::SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  const TempFolder folder;
  host::RunOptions run;
  run.profile = folder.path() / "trace.json";
  auto session = host::Session::open_model(b.build(), options);
  REQUIRE(session.status().message() == "");
  must_run(**session, {floats("x", {2, 3}, std::vector<float>(6, 1))}, {}, run);
  CHECK_FALSE(node_facts(run.profile, "v_node").contains("bytes"));
  CHECK(node_facts(run.profile, "y_node").at("bytes") == 48);
}

TEST_CASE("a kernel that is run several times to be validated counts once", "[profile][validation]") {
  CHECK(counts_of("counting:Products", true).at("flops") == 2 * 2 * 3 * 5 * 7);
}

TEST_CASE("counters that the host does not know are left out", "[profile]") {
  const nlohmann::json counts = counts_of("counting:Unknown");
  CHECK(counts.at("bytes") == 48);
  CHECK_FALSE(counts.contains("flops"));
}

TEST_CASE("counting across the ABI reaches the run", "[plugins]") {
  host::FakeRun run({});
  const tn_run_api& api = *host::host_table().run;
  api.count(run.abi(), TN_COUNT_FLOPS, 3);
  api.count(run.abi(), TN_COUNT_FLOPS, 4);
  api.count(run.abi(), 77, 5);
  CHECK(run.counted(TN_COUNT_FLOPS) == 7);
  CHECK(run.counted(TN_COUNT_BYTES) == 0);
}
