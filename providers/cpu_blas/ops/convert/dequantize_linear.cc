// DequantizeLinear of integers of 4 to 32 bits: y = (x - x_zero_point) * x_scale; per tensor, per axis or per block.
// The values are cpu_ref's: the exact product rounded once to the type of y, float, float16 or bfloat16. Pairs of types
// whose product has more bits than a float are left to it.
#include <algorithm>
#include <tenon/sdk/geometry/quantize.hpp>

#include "common.h"
#include "simd/expand.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kBlock = 16384;     // elements that a thread takes at once; even, as two 4-bit ones share a byte
constexpr int64_t kRow = 1024;        // elements that pass through a buffer on the stack
constexpr double kElementCost = 0.3;  // nanoseconds

/// Bits of a difference of two elements; 0: not one of ours.
int difference_bits(uint32_t dtype) {
  switch (dtype) {
    case TN_INT4:
    case TN_UINT4: return 5;
    case TN_INT8:
    case TN_UINT8: return 8;
    case TN_INT16:
    case TN_UINT16: return 16;
    case TN_INT32: return 33;
    default: return 0;
  }
}

int mantissa_bits(uint32_t dtype) {
  return dtype == TN_FLOAT ? 24 : dtype == TN_FLOAT16 ? 11 : dtype == TN_BFLOAT16 ? 8 : 0;
}

simd::Integer whole_type(uint32_t dtype) {
  switch (dtype) {
    case TN_UINT8: return simd::Integer::kUint8;
    case TN_INT16: return simd::Integer::kInt16;
    case TN_UINT16: return simd::Integer::kUint16;
    case TN_INT32: return simd::Integer::kInt32;
    default: return simd::Integer::kInt8;  // what 4-bit elements are unpacked to
  }
}

/// Whether a product is one rounding away from the type of y. Of int32 it is made in double, for float alone.
bool is_exact(uint32_t x, uint32_t scale, uint32_t y) {
  if (difference_bits(x) == 0 || mantissa_bits(scale) == 0 || mantissa_bits(y) == 0) return false;
  return y == TN_FLOAT || difference_bits(x) + mantissa_bits(scale) <= mantissa_bits(TN_FLOAT);
}

uint32_t output_type(uint32_t wanted, uint32_t scale) {
  return wanted != TN_UNDEFINED ? wanted : scale;
}

int32_t whole_at(const sdk::TensorView& t, int64_t i) {
  switch (t.dtype()) {
    case TN_INT8: return t.data<int8_t>()[i];
    case TN_UINT8: return t.data<uint8_t>()[i];
    case TN_INT16: return t.data<int16_t>()[i];
    case TN_UINT16: return t.data<uint16_t>()[i];
    case TN_INT32: return t.data<int32_t>()[i];
    default: {
      int8_t value;
      simd::unpack_4bit(static_cast<const uint8_t*>(t.raw()), i, t.dtype() == TN_INT4, &value, 1);
      return value;
    }
  }
}

/// What is the same for all elements of a run.
struct Expansion {
  sdk::ScaleLayout layout;
  const uint8_t* x;
  uint32_t x_dtype;
  const float* scales;
  const int32_t* zeros;  // nullptr: none

  /// Elements [begin, begin + n) as floats.
  void to_floats(int64_t begin, float* y, int64_t n) const {
    if (sdk::bits_per_element(x_dtype) != 4) return expand(begin, x + begin * sdk::bits_per_element(x_dtype) / 8, y, n);
    int8_t unpacked[kRow];
    for (int64_t i = 0; i < n; i += kRow) {
      const int64_t count = std::min(kRow, n - i);
      simd::unpack_4bit(x, begin + i, x_dtype == TN_INT4, unpacked, count);
      expand(begin + i, unpacked, y + i, count);
    }
  }

  /// The same; `from` is where they lie, 4-bit ones unpacked.
  void expand(int64_t begin, const void* from, float* y, int64_t n) const {
    const auto* bytes = static_cast<const uint8_t*>(from);
    const int64_t size = std::max(sdk::bits_per_element(x_dtype) / 8, 1);
    for (int64_t i = 0; i < n;) {
      const auto stretch = layout.stretch_at(begin + i);
      const int64_t count = std::min(stretch.count, n - i);
      simd::dequantize(whole_type(x_dtype), bytes + i * size, scales + stretch.scale,
                       zeros != nullptr ? zeros + stretch.scale : nullptr, stretch.step, y + i, count);
      i += count;
    }
  }

  void to_halves(int64_t begin, uint16_t* y, int64_t n, bool is_bfloat16) const {
    float row[kRow];
    for (int64_t i = 0; i < n; i += kRow) {
      const int64_t count = std::min(kRow, n - i);
      to_floats(begin + i, row, count);
      is_bfloat16 ? simd::floats_to_bfloat16(row, y + i, count) : simd::floats_to_float16(row, y + i, count);
    }
  }
};

class DequantizeLinear final : public sdk::Kernel {
 public:
  explicit DequantizeLinear(const sdk::KernelInfo& info)
      : axis_(info.attr_int("axis")),
        block_size_(info.attr_int("block_size")),
        output_dtype_(static_cast<uint32_t>(info.attr_int("output_dtype"))) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), scale = run.input(1);
    const uint32_t to = output_type(output_dtype_, scale.dtype());
    if (!is_exact(x.dtype(), scale.dtype(), to))
      return sdk::unsupported("no dequantization from ", sdk::dtype_name(x.dtype()), " by ",
                              sdk::dtype_name(scale.dtype()), " to ", sdk::dtype_name(to));
    TN_ASSIGN_OR_RETURN(const sdk::ScaleLayout layout,
                        sdk::ScaleLayout::create(x.shape(), scale.shape(), axis_, block_size_));
    Expansion all{layout, static_cast<const uint8_t*>(x.raw()), x.dtype(), nullptr, nullptr};
    TN_ASSIGN_OR_RETURN(all.scales, read_scales(run, scale));
    if (run.has_input(2)) {
      TN_ASSIGN_OR_RETURN(all.zeros, read_zeros(run, run.input(2), x, scale));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, static_cast<tn_dtype>(to), x.shape()));
    const int64_t count = x.count();
    run.parallel_for((count + kBlock - 1) / kBlock, kBlock * kElementCost, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kBlock, n = std::min(end * kBlock, count) - first;
      if (to == TN_FLOAT) {
        all.to_floats(first, y.data<float>() + first, n);
      } else {
        all.to_halves(first, static_cast<uint16_t*>(y.raw()) + first, n, to == TN_BFLOAT16);
      }
    });
    return {};
  }

 private:
  static sdk::Result<const float*> read_scales(sdk::RunContext& run, const sdk::TensorView& scale) {
    if (scale.dtype() == TN_FLOAT) return scale.data<float>();
    TN_ASSIGN_OR_RETURN(float* const scales, run.scratch<float>(static_cast<size_t>(scale.count())));
    const auto* halves = static_cast<const uint16_t*>(scale.raw());
    scale.dtype() == TN_BFLOAT16 ? simd::bfloat16_to_floats(halves, scales, scale.count())
                                 : simd::float16_to_floats(halves, scales, scale.count());
    return static_cast<const float*>(scales);
  }

  static sdk::Result<const int32_t*> read_zeros(sdk::RunContext& run, const sdk::TensorView& zero,
                                                const sdk::TensorView& x, const sdk::TensorView& scale) {
    TN_RETURN_IF_ERROR(sdk::check_zero_point("x_zero_point", zero.shape(), scale.shape()));
    if (zero.dtype() != x.dtype())
      return sdk::invalid_argument("x_zero_point is of type ", sdk::dtype_name(zero.dtype()), ", expected ",
                                   sdk::dtype_name(x.dtype()), ", that of x");
    TN_ASSIGN_OR_RETURN(int32_t* const zeros, run.scratch<int32_t>(static_cast<size_t>(zero.count())));
    for (int64_t i = 0; i < zero.count(); ++i) zeros[i] = whole_at(zero, i);
    return static_cast<const int32_t*>(zeros);
  }

  int64_t axis_;
  int64_t block_size_;
  uint32_t output_dtype_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dequantize_linear(const sdk::KernelInfo& info) {
  const uint32_t x = info.input(0).info().dtype(), scale = info.input(1).info().dtype();
  const uint32_t y = output_type(static_cast<uint32_t>(info.attr_int("output_dtype")), scale);
  if (!is_exact(x, scale, y))
    return sdk::unsupported("from ", sdk::dtype_name(x), " by ", sdk::dtype_name(scale), " to ", sdk::dtype_name(y),
                            " is not implemented");
  return sdk::KernelPtr(std::make_unique<DequantizeLinear>(info));
}

}  // namespace tenon::cpu_blas
