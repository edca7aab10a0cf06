// What a node costs beside its kernel: a chain of nodes whose kernels ask for their output and do nothing, on a provider
// inside this program, beside the same chain of half the length. Prints nanoseconds a node.
// usage: empty_kernels [NODES] [RUNS]
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

class Empty final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_FLOAT, run.input(0).shape()));
    return {};
  }
};
sdk::Result<sdk::KernelPtr> make_empty(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Empty);
}
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_empty>("bench", "Empty", 1, 0)};
constexpr tn_provider kProvider = sdk::provider_table("empty", "1.0", kKernels);

/// Of a run, the least of `runs`.
double least_nanoseconds(int nodes, int runs) {
  test::GraphBuilder b(17);
  b.model().opset_imports["bench"] = 1;
  b.input("v0", TN_FLOAT, {4});
  for (int i = 0; i < nodes; ++i) b.node("bench:Empty", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
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
  const double all = least_nanoseconds(nodes, runs), half = least_nanoseconds(nodes / 2, runs);
  std::printf("%.0f ns a node\n", (all - half) / (nodes - nodes / 2));
  return 0;
}
