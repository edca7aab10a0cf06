// Bernoulli: 1 with the probability that the input holds, else 0, each element on its own, of the input's shape and of
// element type `dtype`, or else the input's. With a seed every run draws the same, without one no two runs do. The
// numbers are those of no other implementation, which the specification allows. What is no probability is an error.
#include <algorithm>

#include "convert/convert.h"
#include "random.h"

namespace tenon::cpu_ref {
namespace {

class Bernoulli final : public sdk::Kernel {
 public:
  explicit Bernoulli(const sdk::KernelInfo& info) : dtype_(info.attr_int("dtype")), seed_(info) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView p = run.input(0);
    const tn_dtype dtype = dtype_ == TN_UNDEFINED ? p.dtype() : static_cast<tn_dtype>(dtype_);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype, p.shape()));
    std::mt19937 generator = seed_.generator();
    NumberBlock block;
    const int64_t count = p.count();
    for (int64_t begin = 0; begin < count && !run.cancelled(); begin += NumberBlock::kCapacity) {
      read_block(p, begin, std::min(count - begin, NumberBlock::kCapacity), block);
      for (int64_t i = 0; i < block.count; ++i) {
        double& value = block.floating[i];
        if (!(value >= 0 && value <= 1))
          return sdk::invalid_argument("element ", begin + i, " of the input is ", value,
                                       ", expected a probability of 0 to 1");
        value = next_uniform(generator) < value ? 1 : 0;
      }
      write_block(block, Fitting{}, y, begin);
    }
    return {};
  }

 private:
  int64_t dtype_;
  FloatSeed seed_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_bernoulli(const sdk::KernelInfo& info) {
  return std::make_unique<Bernoulli>(info);
}

}  // namespace tenon::cpu_ref
