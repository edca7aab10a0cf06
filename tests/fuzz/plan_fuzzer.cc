// libFuzzer target: any bytes as the plan of a pack, restored with a provider that packs the weights of MatMul, and
// run. A plan may be refused, but with a message, and never as an internal error. The kernels read all that they are
// given and write all that they ask for, so that memory of a wrong size is met.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <numeric>
#include <optional>
#include <tenon/sdk/sdk.hpp>

#include "host/runtime/runner.h"
#include "tests/support/loose_plan.h"

namespace {

namespace sdk = tenon::sdk;

class Kernel final : public sdk::Kernel {
 public:
  explicit Kernel(uint64_t packed_bytes) : packed_bytes_(packed_bytes) {}
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    return sdk::PackPlan{packed_bytes_, 64, "transposed-1", false, {1}};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t bytes) override {
    uint8_t sum = 0;
    for (uint64_t i = 0; i < bytes; ++i) sum = static_cast<uint8_t>(sum + static_cast<const uint8_t*>(blob)[i]);
    return sum == 0 ? sdk::Status() : sdk::invalid_argument("the blob is not of zeros");
  }
  sdk::Status run(sdk::RunContext& run) const override {
    uint8_t sum = 0;
    for (uint32_t i = 0; i < run.input_count(); ++i) {
      if (!run.has_input(i)) continue;
      const sdk::TensorView x = run.input(i);
      const auto* bytes = static_cast<const uint8_t*>(x.raw());
      for (uint64_t b = 0; bytes != nullptr && b < x.c().byte_length; ++b) sum = static_cast<uint8_t>(sum + bytes[b]);
    }
    if (!run.has_input(0)) return sdk::invalid_argument("there is no input 0");
    const sdk::TensorView x = run.input(0);
    for (uint32_t o = 0; o < run.output_count(); ++o) {
      if (!run.output_wanted(o)) continue;
      TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(o, x.dtype(), x.shape()));
      if (x.dtype() != TN_STRING) std::memset(y.raw(), sum, y.c().byte_length);
    }
    return {};
  }

 private:
  uint64_t packed_bytes_;
};

sdk::Result<sdk::KernelPtr> make_plain(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Kernel(0));
}

// Asks for what the weight takes. What is there of it is read.
sdk::Result<sdk::KernelPtr> make_matmul(const sdk::KernelInfo& info) {
  const sdk::TensorView b = info.input(1).info();
  if (!b.is_constant() || b.rank() != 2) return make_plain(info);
  return sdk::KernelPtr(new Kernel(static_cast<uint64_t>(b.dim(0)) * static_cast<uint64_t>(b.dim(1)) * sizeof(float)));
}

// Named as the provider that the seeds were made with: tests/host/packs/plan_corpus_test.cc.
constexpr tn_kernel_def kKernels[] = {
    sdk::kernel_def<make_plain>("", "Add", 7, 0),
    sdk::kernel_def<make_plain>("", "Relu", 6, 0),
    sdk::kernel_def<make_matmul>("", "MatMul", 1, 0),
};
constexpr tn_provider kProvider = sdk::provider_table("testing", "1.0", kKernels);

tenon::host::ProviderList make_providers() {
  auto provider = tenon::host::Provider::create(kProvider, {});
  if (!provider.is_ok()) std::abort();
  tenon::host::ProviderList providers;
  providers.push_back(std::move(*provider));
  return providers;
}

constexpr uint64_t kRunLimit = 16 << 20;
constexpr int64_t kMostElements = 1 << 16;

// Zeroes of the shape that the program's input has; nothing where that would be large.
std::optional<tenon::host::Tensor> make_input(const tenon::host::Value& value) {
  std::vector<int64_t> shape;
  int64_t count = 1;
  for (const auto& dim : value.type.dims.value_or(std::vector<tenon::host::Dim>())) {
    shape.push_back(dim.value < 0 ? 1 : dim.value);
    if (shape.back() > kMostElements || (count *= shape.back()) > kMostElements) return std::nullopt;
  }
  const tn_dtype dtype = value.type.dtype == TN_UNDEFINED ? TN_FLOAT : value.type.dtype;
  auto tensor = tenon::host::Tensor::allocate(dtype, std::move(shape), tenon::host::Residence::kBorrowed);
  if (!tensor.is_ok()) return std::nullopt;
  if (dtype != TN_STRING) std::memset(tensor->mutable_data(), 0, tensor->byte_length());
  return *tensor;
}

// The toy kernels give other shapes than their operators, which a run says: only crashes count here.
void run_plan(tenon::host::PackPlan::Restored restored) {
  const tenon::host::Program program = tenon::host::build_program(*restored.model->graph, std::move(restored.steps));
  tenon::host::Runner runner(program, 1, kRunLimit, true, false);
  std::vector<tenon::host::RunValue> inputs;
  for (const uint32_t slot : program.inputs) {
    auto input = make_input(*program.slots[slot].value);
    if (!input) return;
    inputs.emplace_back(std::move(*input));
  }
  std::vector<const tenon::host::RunValue*> given;
  for (const auto& input : inputs) given.push_back(&input);
  std::vector<size_t> wanted(program.outputs.size());
  std::iota(wanted.begin(), wanted.end(), size_t{0});
  tenon::host::RunOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  const std::string name = "fuzzed";
  for (int i = 0; i < 2; ++i)
    (void)runner.run(given, wanted, *tenon::host::BoundOutputs::plan(runner.program(), given, {}), options, {name});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& providers = *new tenon::host::ProviderList(make_providers());
  auto restored = tenon::test::read_plan(std::as_bytes(std::span(data, size)), providers);
  const tenon::host::Status& status = restored.status();
  if (!status.is_ok() && (status.message().empty() || status.code() == TN_INTERNAL)) {
    std::cerr << "unexpected status: " << status.message() << '\n';
    std::abort();
  }
  if (restored.is_ok()) run_plan(std::move(*restored));
  return 0;
}
