// QuantizeLinear: y = saturate(round(x / y_scale) + y_zero_point) with halves to even; per tensor, per axis or per
// block. The quotient is rounded to the type of the attribute precision, else of y_scale, first. For floating-point y
// the quotient plus zero point is converted as Cast does. The type of y is that of y_zero_point, which output_dtype
// must not contradict, else output_dtype, else uint8.
#include <algorithm>

#include "arithmetic.h"
#include "quantize/dtype_attribute.h"
#include "quantize/quantize.h"

namespace tenon::cpu_ref {
namespace {

class QuantizeLinear final : public sdk::Kernel {
 public:
  QuantizeLinear(const sdk::KernelInfo& info, tn_dtype output_dtype, tn_dtype precision)
      : axis_(info.attr_int("axis")),
        block_size_(info.attr_int("block_size")),
        output_dtype_(output_dtype),
        precision_(precision) {
    fitting_.saturate = info.attr_int("saturate", 1) != 0;
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), scale = run.input(1);
    const bool has_zero_point = run.has_input(2);
    const tn_dtype to = has_zero_point                  ? run.input(2).dtype()
                        : output_dtype_ != TN_UNDEFINED ? output_dtype_
                                                        : TN_UINT8;
    if (!is_number(x.dtype()) || !is_number(to))
      return sdk::unsupported("no quantization from ", sdk::dtype_name(x.dtype()), " to ", sdk::dtype_name(to));
    TN_ASSIGN_OR_RETURN(const sdk::ScaleLayout layout,
                        sdk::ScaleLayout::create(x.shape(), scale.shape(), axis_, block_size_));
    TN_ASSIGN_OR_RETURN(std::vector<double> scales, read_parameters(scale));
    std::vector<double> zeros(scales.size(), 0);
    if (has_zero_point) {
      TN_RETURN_IF_ERROR(sdk::check_zero_point("y_zero_point", run.input(2).shape(), scale.shape()));
      TN_ASSIGN_OR_RETURN(zeros, read_parameters(run.input(2)));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, to, x.shape()));
    const tn_dtype precision = precision_ != TN_UNDEFINED ? precision_ : scale.dtype();
    const Range range = range_of(to);
    for (double& s : scales) s = rounded_to(s, precision);
    NumberBlock block;
    for (int64_t begin = 0; begin < x.count(); begin += NumberBlock::kCapacity) {
      read_block(x, begin, std::min(x.count() - begin, NumberBlock::kCapacity), block);
      if (block.kind != NumberBlock::Kind::kFloating)
        for (int64_t i = 0; i < block.count; ++i) block.floating[i] = static_cast<double>(block.whole[i]);
      block.kind = NumberBlock::Kind::kFloating;
      for (int64_t i = 0, n; i < block.count; i += n) {
        const sdk::ScaleLayout::Stretch stretch = layout.stretch_at(begin + i);
        n = std::min(stretch.count, block.count - i);
        const Factors factors{&scales[size_t(stretch.scale)], &zeros[size_t(stretch.scale)]};
        // A step that the compiler knows makes the usual loop one over vectors.
        stretch.step == 0 ? quantize(block.floating + i, n, factors, 0, precision, range)
                          : quantize(block.floating + i, n, factors, 1, precision, range);
      }
      write_block(block, fitting_, y, begin);
    }
    return {};
  }

 private:
  /// What a result is rounded and kept to; of floating-point types neither.
  struct Range {
    bool is_whole = false;
    double lowest = 0, highest = 0;
  };

  /// Of the first of some elements in a row.
  struct Factors {
    const double *scales, *zeros;
  };

  static Range range_of(tn_dtype to) {
    if (small_float_format(to) != nullptr) return {};
    const int bits = sdk::bits_per_element(to);
    const bool is_signed = to == TN_INT8 || to == TN_INT16 || to == TN_INT4 || to == TN_INT2;
    return {true, is_signed ? -std::ldexp(1.0, bits - 1) : 0, std::ldexp(1.0, is_signed ? bits - 1 : bits) - 1};
  }

  static void quantize(double* values, int64_t count, const Factors& of, int64_t step, tn_dtype precision,
                       const Range& range) {
    for (int64_t i = 0; i < count; ++i) values[i] /= of.scales[i * step];
    if (precision == TN_FLOAT) {
      for (int64_t i = 0; i < count; ++i) values[i] = static_cast<double>(static_cast<float>(values[i]));
    } else {
      for (int64_t i = 0; i < count; ++i) values[i] = rounded_to(values[i], precision);
    }
    if (range.is_whole)
      for (int64_t i = 0; i < count; ++i) values[i] = round_half_even(values[i]);
    for (int64_t i = 0; i < count; ++i) values[i] += of.zeros[i * step];
    if (!range.is_whole) return;
    for (int64_t i = 0; i < count; ++i) values[i] = values[i] < range.lowest ? range.lowest : values[i];
    for (int64_t i = 0; i < count; ++i) values[i] = values[i] > range.highest ? range.highest : values[i];
  }

  int64_t axis_;
  int64_t block_size_;
  tn_dtype output_dtype_;
  tn_dtype precision_;
  Fitting fitting_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_quantize_linear(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const tn_dtype output_dtype, dtype_attribute(info, "output_dtype"));
  const tn_dtype zero_dtype = info.input(2) ? info.input(2).info().dtype() : TN_UNDEFINED;
  if (output_dtype != TN_UNDEFINED && zero_dtype != TN_UNDEFINED && output_dtype != zero_dtype)
    return sdk::invalid_model("attribute output_dtype is ", sdk::dtype_name(output_dtype), ", expected ",
                              sdk::dtype_name(zero_dtype), ", the type of y_zero_point");
  TN_ASSIGN_OR_RETURN(const tn_dtype precision, dtype_attribute(info, "precision"));
  return std::make_unique<QuantizeLinear>(info, output_dtype, precision);
}

}  // namespace tenon::cpu_ref
