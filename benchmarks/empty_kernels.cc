// What a node costs beside its kernel: a chain of nodes whose kernels ask for their output and do nothing, on a
// provider inside this program, beside the same chain of half the length. Prints nanoseconds a node, and how many more
// there are where the kernels count for a profile that nobody takes. usage: empty_kernels [NODES] [RUNS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tenon/sdk/sdk.hpp>
#include <vector>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace {

using namespace tenon;

template <bool counts>
class Empty final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_FLOAT, run.input(0).shape()));
    if (counts) run.count(TN_COUNT_FLOPS, 4);
    return {};
  }
};
template <bool counts>
sdk::Result<sdk::KernelPtr> make_empty(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Empty<counts>);
}
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_empty<false>>("bench", "Empty", 1, 0),
                                      sdk::kernel_def<make_empty<true>>("bench", "Counting", 1, 0)};
constexpr tn_provider kProvider = sdk::provider_table("empty", "1.0", kKernels);

/// Of a run, the least of `runs`.
double least_nanoseconds(const std::string& op, int nodes, int runs) {
  test::GraphBuilder b(17);
  b.model().opset_imports["bench"] = 1;
  b.input("v0", TN_FLOAT, {4});
  for (int i = 0; i < nodes; ++i) b.node("bench:" + op, {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
  b.output("v" + std::to_string(nodes));
  host::SessionOptions options;
  options.provider_tables = {&kProvider};
  options.threads = 1;
  auto session = host::Session::open_model(b.build(), options);
  if (!session.is_ok()) throw std::runtime_error(session.status().message());
  const std::vector<host::NamedTensor> inputs = {{"v0", test::make_tensor<float>({4}, {1, 2, 3, 4})}};
  double least = 1e300;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (!(*session)->run(inputs).is_ok()) throw std::runtime_error("a run failed");
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    least = std::min(least, took.count());
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  const int nodes = argc > 1 ? std::atoi(argv[1]) : 2000, runs = argc > 2 ? std::atoi(argv[2]) : 500;
  const auto of_node = [&](const std::string& op) {
    return (least_nanoseconds(op, nodes, runs) - least_nanoseconds(op, nodes / 2, runs)) / (nodes - nodes / 2);
  };
  const double empty = of_node("Empty"), counting = of_node("Counting");
  std::printf("%.0f ns a node, %.1f more where it counts\n", empty, counting - empty);
  return 0;
}
