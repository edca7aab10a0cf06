// Flatten: the same elements as a matrix; dimensions before `axis` make its rows, the others its columns. The output
// may be the input.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Flatten final : public sdk::Kernel {
 public:
  explicit Flatten(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")), version_(info.since_version()) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const size_t axis, sdk::flatten_index(axis_, x.shape().size(), version_));
    TN_ASSIGN_OR_RETURN(const int64_t rows, product(x.shape(), 0, axis));
    TN_ASSIGN_OR_RETURN(const int64_t columns, product(x.shape(), axis, x.shape().size()));
    const int64_t shape[] = {rows, columns};
    return copy_reshaped(run, x, shape);
  }

 private:
  int64_t axis_;
  int version_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_flatten(const sdk::KernelInfo& info) {
  return std::make_unique<Flatten>(info);
}

}  // namespace tenon::cpu_ref
