// A provider of Mul by a constant vector, which it packs times PACKED_GAIN. Builds with another gain read each other's
// packed bytes wrong, and say nothing of it in their key. Each pack adds a byte to the file that PACKER_LOG names.
#include <cstdlib>
#include <fstream>
#include <tenon/sdk/sdk.hpp>

using namespace tenon::sdk;

namespace {

class Scale final : public Kernel {
 public:
  explicit Scale(int64_t count) : count_(count) {}
  uint32_t pack_count() const override { return 1; }
  Result<PackPlan> pack_plan(uint32_t) override {
    return PackPlan{static_cast<uint64_t>(count_) * sizeof(float), 64, "scale/1", false, {1}};
  }
  Status pack(uint32_t, PackContext& pack) const override {
    if (const char* log = std::getenv("PACKER_LOG")) std::ofstream(log, std::ios::app).put('.');
    for (int64_t i = 0; i < count_; ++i)
      static_cast<float*>(pack.blob())[i] = pack.source(0).data<float>()[i] * PACKED_GAIN;
    return {};
  }
  Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }
  Status run(RunContext& run) const override {
    const TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = x.data<float>()[i] * packed_[i % count_] / PACKED_GAIN;
    return {};
  }

 private:
  int64_t count_;
  const float* packed_ = nullptr;
};

Result<KernelPtr> make_scale(const KernelInfo& node) {
  const TensorView weight = node.input(1).info();
  if (!weight.is_constant() || weight.rank() != 1 || weight.dim(0) < 1) return unsupported("no constant vector");
  return KernelPtr(new Scale(weight.dim(0)));
}

constexpr tn_kernel_def kKernels[] = {kernel_def<make_scale>("", "Mul", 7, 0)};
constexpr tn_provider kProvider = provider_table("packer", "1.0", kKernels);

}  // namespace

TENON_EXPORT_PROVIDER("packer", "1.0", 0, kProvider)
