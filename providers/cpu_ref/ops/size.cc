// Size: the number of the input's elements, an int64 scalar.
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {
namespace {

class Size final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, {}));
    *y.data<int64_t>() = run.input(0).count();
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_size(const sdk::KernelInfo&) {
  return std::make_unique<Size>();
}

}  // namespace tenon::cpu_ref
