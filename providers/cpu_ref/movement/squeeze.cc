// Squeeze: removes the dimensions of `axes`, each of which must be 1; without axes, every dimension that is 1. The axes
// are an attribute before opset 13 and an input from then on. The output may be the input.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Squeeze final : public sdk::Kernel {
 public:
  explicit Squeeze(const sdk::KernelInfo& info)
      : from_attribute_(info.since_version() < 13), has_axes_(info.has_ints("axes")), axes_(info.attr_ints("axes")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const bool has_axes = from_attribute_ ? has_axes_ : run.has_input(1);
    sdk::Shape axes = axes_;
    if (has_axes && !from_attribute_) {
      TN_ASSIGN_OR_RETURN(axes, read_ints(run.input(1), "axes"));
    }
    TN_ASSIGN_OR_RETURN(const std::vector<bool> dropped, sdk::dropped_axes(x.shape(), has_axes ? &axes : nullptr));
    sdk::Shape shape;
    for (size_t i = 0; i < dropped.size(); ++i)
      if (!dropped[i]) shape.push_back(x.shape()[i]);
    return copy_reshaped(run, x, shape);
  }

 private:
  bool from_attribute_;
  bool has_axes_;
  sdk::Shape axes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_squeeze(const sdk::KernelInfo& info) {
  return std::make_unique<Squeeze>(info);
}

}  // namespace tenon::cpu_ref
