// Dropout: output = data, mask all true; with training_mode (an input since opset 12) output = data * mask / (1 -
// ratio), where mask is false with probability `ratio`. The mask of a given seed is that of numpy.random.seed(seed)
// followed by numpy.random.uniform; without a seed it is the same in every run of the kernel. Before opset 10 the mask
// has data's type. The output may be data.
#include <algorithm>

#include "convert/convert.h"
#include "random.h"

namespace tenon::cpu_ref {
namespace {

class Dropout final : public sdk::Kernel {
 public:
  Dropout(bool mask_is_bool, uint32_t seed) : mask_is_bool_(mask_is_bool), seed_(seed) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    double ratio = 0.5;
    NumberBlock block;
    TN_ASSIGN_OR_RETURN(const bool trains, has_scalar(run, 2));
    TN_ASSIGN_OR_RETURN(const bool has_ratio, has_scalar(run, 1));
    if (has_ratio) {
      read_block(run.input(1), 0, 1, block);
      ratio = block.floating[0];
    }
    const bool drops = trains && run.input(2).data<uint8_t>()[0] != 0 && ratio != 0;
    if (drops && !(ratio > 0 && ratio < 1))
      return sdk::invalid_argument("input ratio is ", ratio, ", expected at least 0 and below 1");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    sdk::MutableTensorView mask;
    const bool has_mask = run.output_wanted(1);
    if (has_mask) {
      TN_ASSIGN_OR_RETURN(mask, run.output(1, mask_is_bool_ ? TN_BOOL : x.dtype(), x.shape()));
    }
    std::mt19937 generator(seed_);
    const int64_t count = x.count();
    for (int64_t begin = 0; begin < count; begin += NumberBlock::kCapacity) {
      read_block(x, begin, std::min(count - begin, NumberBlock::kCapacity), block);
      NumberBlock kept = block;
      kept.kind = NumberBlock::Kind::kFloating;
      for (int64_t i = 0; i < block.count; ++i) {
        kept.floating[i] = !drops || next_uniform(generator) >= ratio;
        if (drops) block.floating[i] *= kept.floating[i] / (1 - ratio);
      }
      write_block(block, Fitting{}, y, begin);
      if (has_mask) write_block(kept, Fitting{}, mask, begin);
    }
    return {};
  }

 private:
  /// Whether the input is there; TN_INVALID_ARGUMENT when it is not one element.
  static sdk::Result<bool> has_scalar(sdk::RunContext& run, uint32_t input) {
    if (!run.has_input(input)) return false;
    if (run.input(input).count() != 1)
      return sdk::invalid_argument("input ", input, " is ", sdk::shape_text(run.input(input).shape()),
                                   ", expected a scalar");
    return true;
  }

  bool mask_is_bool_;
  uint32_t seed_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dropout(const sdk::KernelInfo& info) {
  if (info.since_version() < 7 && info.attr_int("is_test") == 0)
    return sdk::unsupported("Dropout before opset 7 with is_test=0 trains the model: set is_test=1 to run it");
  const uint32_t seed = info.has_int("seed") ? static_cast<uint32_t>(info.attr_int("seed")) : std::random_device{}();
  return std::make_unique<Dropout>(info.since_version() >= 10, seed);
}

}  // namespace tenon::cpu_ref
