// DequantizeLinear: y = (x - x_zero_point) * x_scale; per tensor, per axis or per block. Computed in double and rounded
// once to the type of y: that of the attribute output_dtype, else of x_scale.
#include <algorithm>

#include "quantize/dtype_attribute.h"
#include "quantize/quantize.h"

namespace tenon::cpu_ref {
namespace {

/// Whole numbers of up to 53 bits, which all that is dequantized has, become doubles.
void make_floating(NumberBlock& block) {
  if (block.kind == NumberBlock::Kind::kFloating) return;
  for (int64_t i = 0; i < block.count; ++i) block.floating[i] = static_cast<double>(block.whole[i]);
  block.kind = NumberBlock::Kind::kFloating;
}

class DequantizeLinear final : public sdk::Kernel {
 public:
  DequantizeLinear(const sdk::KernelInfo& info, tn_dtype output_dtype)
      : axis_(info.attr_int("axis")), block_size_(info.attr_int("block_size")), output_dtype_(output_dtype) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), scale = run.input(1);
    const tn_dtype to = output_dtype_ != TN_UNDEFINED ? output_dtype_ : scale.dtype();
    if (!is_number(x.dtype()) || !is_number(to))
      return sdk::unsupported("no dequantization from ", sdk::dtype_name(x.dtype()), " to ", sdk::dtype_name(to));
    TN_ASSIGN_OR_RETURN(const sdk::ScaleLayout layout,
                        sdk::ScaleLayout::create(x.shape(), scale.shape(), axis_, block_size_));
    TN_ASSIGN_OR_RETURN(const std::vector<double> scales, read_parameters(scale));
    std::vector<double> zeros(scales.size(), 0);
    if (run.has_input(2)) {
      TN_RETURN_IF_ERROR(sdk::check_zero_point("x_zero_point", run.input(2).shape(), scale.shape()));
      TN_ASSIGN_OR_RETURN(zeros, read_parameters(run.input(2)));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, to, x.shape()));
    NumberBlock block;
    for (int64_t begin = 0; begin < x.count(); begin += NumberBlock::kCapacity) {
      read_block(x, begin, std::min(x.count() - begin, NumberBlock::kCapacity), block);
      make_floating(block);
      for (int64_t i = 0; i < block.count;) {
        const sdk::ScaleLayout::Stretch stretch = layout.stretch_at(begin + i);
        const int64_t n = std::min(stretch.count, block.count - i);
        const double* zero = zeros.data() + stretch.scale;
        const double* factor = scales.data() + stretch.scale;
        for (int64_t j = 0; j < n; ++j)
          block.floating[i + j] = (block.floating[i + j] - zero[j * stretch.step]) * factor[j * stretch.step];
        i += n;
      }
      write_block(block, Fitting{}, y, begin);
    }
    return {};
  }

 private:
  int64_t axis_;
  int64_t block_size_;
  tn_dtype output_dtype_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dequantize_linear(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const tn_dtype output_dtype, dtype_attribute(info, "output_dtype"));
  return std::make_unique<DequantizeLinear>(info, output_dtype);
}

}  // namespace tenon::cpu_ref
