// What a provider says of a group when it claims it comes back when it compiles it, from a pack, too.
#include <catch2/catch.hpp>
#include <tenon/sdk/sdk.hpp>

#include "tests/host/packs/small_model.h"
#include "tests/support/onnx_models.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;

namespace {

class Copy final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    std::copy_n(x.data<float>(), x.count(), y.data<float>());
    return {};
  }
};

std::vector<std::pair<std::string, uint64_t>> compiled;

sdk::Status claim_each(const sdk::Instance& instance, const sdk::GraphView& graph, sdk::Claims& claims) {
  CHECK(instance.max_workers == 1);
  for (size_t i = 0; i < graph.node_count(); ++i)
    TN_RETURN_IF_ERROR(claims.claim_group({graph.node(i)}, "it's mine", 0xfeedfacecafe + i));
  return {};
}
sdk::Result<sdk::KernelPtr> compile_each(const sdk::Instance&, const sdk::GroupInfo& group) {
  compiled.emplace_back(group.label(), group.tag());
  return sdk::KernelPtr(new Copy);
}
sdk::Result<sdk::KernelPtr> make_none(const sdk::KernelInfo&) {
  return sdk::unsupported("only groups are taken");
}

constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_none>("test", "None", 1, 0)};
constexpr tn_provider kProvider = sdk::claiming_provider_table<claim_each, compile_each>("tagging", "1.0", kKernels);

}  // namespace

TEST_CASE("a group is compiled with the label and tag of its claim", "[session][packs]") {
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {2});
  set_float_type(*graph.add_output(), "y", {2});
  add_node(graph, "Relu", {"x"}, {"r"});
  add_node(graph, "Relu", {"r"}, {"y"});
  const auto path = folder.write("m.onnx", model.SerializeAsString());
  SessionOptions options = small_options(folder.path() / "cache");
  options.provider_tables = {&kProvider};
  for (const std::string state : {"made", "used"}) {
    compiled.clear();
    const auto session = Session::open(path, options);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    CHECK((*session)->report().pack.state == state);
    REQUIRE(compiled.size() >= 2);
    for (size_t i = 0; i < compiled.size(); ++i) {
      CHECK(compiled[i].first == "it's mine");
      CHECK(compiled[i].second == 0xfeedfacecafe + i % 2);
    }
  }
}
