// libFuzzer target: any bytes as the plan of a pack, restored with a provider that packs the weights of MatMul. A plan
// may be refused, but with a message, and never as an internal error.
#include <cstdlib>
#include <iostream>
#include <tenon/sdk/sdk.hpp>

#include "tests/support/loose_plan.h"

namespace {

namespace sdk = tenon::sdk;

class Kernel final : public sdk::Kernel {
 public:
  explicit Kernel(uint64_t packed_bytes) : packed_bytes_(packed_bytes) {}
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t input) override {
    if (input != 1) return sdk::PackPlan{};
    return sdk::PackPlan{packed_bytes_, 64, "transposed-1", false};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t bytes) override {
    uint8_t sum = 0;
    for (uint64_t i = 0; i < bytes; ++i) sum = static_cast<uint8_t>(sum + static_cast<const uint8_t*>(blob)[i]);
    return sum == 0 ? sdk::Status() : sdk::invalid_argument("the blob is not of zeros");
  }
  sdk::Status run(sdk::RunContext&) const override { return {}; }

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

// Named as the provider that the seeds were made with: tests/host/session/packs/plan_corpus_test.cc.
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& providers = *new tenon::host::ProviderList(make_providers());
  const auto status = tenon::test::restore_plan(std::as_bytes(std::span(data, size)), providers);
  if (!status.is_ok() && (status.message().empty() || status.code() == TN_INTERNAL)) {
    std::cerr << "unexpected status: " << status.message() << '\n';
    std::abort();
  }
  return 0;
}
