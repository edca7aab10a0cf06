// Cast among floats, integers of whole bytes and bool, with cpu_ref's values: what becomes floating point is rounded to
// nearest even; what becomes an integer rounds toward zero to 64 bits, of which the low ones are kept (NaN: 0);
// anything but zero is true.
#include <algorithm>

#include "common.h"
#include "convert.h"
#include "simd/expand.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kBlock = 16384;     // elements that a thread takes at once
constexpr int64_t kRow = 1024;        // elements that pass through a buffer on the stack
constexpr double kElementCost = 0.3;  // nanoseconds

template <typename From, typename To>
void convert_row(const From* x, void* y, int64_t n) {
  To* to = static_cast<To*>(y);
  for (int64_t i = 0; i < n; ++i) to[i] = convert<To>(x[i]);
}

void halves_of(const float* x, tn_dtype to, void* y, int64_t n) {
  auto* halves = static_cast<uint16_t*>(y);
  to == TN_BFLOAT16 ? simd::floats_to_bfloat16(x, halves, n) : simd::floats_to_float16(x, halves, n);
}

/// Calls `use(row, first, count)` with rows of floats of which `fill(row, first, count)` makes each.
template <typename Fill, typename Use>
void by_rows(int64_t n, Fill&& fill, Use&& use) {
  float row[kRow];
  for (int64_t first = 0; first < n; first += kRow) {
    const int64_t count = std::min(kRow, n - first);
    fill(row, first, count);
    use(row, first, count);
  }
}

template <typename From>
void convert_to(const From* x, tn_dtype to, void* y, int64_t n) {
  switch (to) {
    case TN_FLOAT: return convert_row<From, float>(x, y, n);
    case TN_DOUBLE: return convert_row<From, double>(x, y, n);
    case TN_INT8: return convert_row<From, int8_t>(x, y, n);
    case TN_UINT8: return convert_row<From, uint8_t>(x, y, n);
    case TN_INT32: return convert_row<From, int32_t>(x, y, n);
    case TN_INT64: return convert_row<From, int64_t>(x, y, n);
    case TN_BOOL: return convert_row<From, bool>(x, y, n);
    default:
      return by_rows(
          n, [&](float* row, int64_t first, int64_t count) { convert_row<From, float>(x + first, row, count); },
          [&](const float* row, int64_t first, int64_t count) {
            halves_of(row, to, static_cast<uint16_t*>(y) + first, count);
          });
  }
}

void convert_floats(const float* x, tn_dtype to, void* y, int64_t n) {
  if (to == TN_FLOAT16 || to == TN_BFLOAT16) return halves_of(x, to, y, n);
  convert_to(x, to, y, n);
}

void convert_halves(const uint16_t* x, bool is_bfloat16, tn_dtype to, void* y, int64_t n) {
  const auto widen = [&](float* row, int64_t first, int64_t count) {
    is_bfloat16 ? simd::bfloat16_to_floats(x + first, row, count) : simd::float16_to_floats(x + first, row, count);
  };
  if (to == TN_FLOAT) return widen(static_cast<float*>(y), 0, n);
  const int64_t bytes = sdk::bits_per_element(to) / 8;
  by_rows(n, widen, [&](const float* row, int64_t first, int64_t count) {
    convert_floats(row, to, static_cast<uint8_t*>(y) + first * bytes, count);
  });
}

template <typename From>
void convert_integers(simd::Integer type, const From* x, tn_dtype to, void* y, int64_t n) {
  if (to == TN_FLOAT) return simd::integers_to_floats(type, x, static_cast<float*>(y), n);
  convert_to(x, to, y, n);
}

void convert_elements(const sdk::TensorView& x, const sdk::MutableTensorView& y, int64_t begin, int64_t n) {
  const tn_dtype to = y.dtype();
  void* out = static_cast<uint8_t*>(y.raw()) + begin * static_cast<int64_t>(element_size(to));
  switch (x.dtype()) {
    case TN_FLOAT: return convert_floats(x.data<float>() + begin, to, out, n);
    case TN_DOUBLE: return convert_to(x.data<double>() + begin, to, out, n);
    case TN_FLOAT16:
    case TN_BFLOAT16:
      return convert_halves(static_cast<const uint16_t*>(x.raw()) + begin, x.dtype() == TN_BFLOAT16, to, out, n);
    case TN_INT8: return convert_integers(simd::Integer::kInt8, x.data<int8_t>() + begin, to, out, n);
    case TN_UINT8: return convert_integers(simd::Integer::kUint8, x.data<uint8_t>() + begin, to, out, n);
    case TN_INT16: return convert_integers(simd::Integer::kInt16, x.data<int16_t>() + begin, to, out, n);
    case TN_UINT16: return convert_integers(simd::Integer::kUint16, x.data<uint16_t>() + begin, to, out, n);
    case TN_INT32: return convert_integers(simd::Integer::kInt32, x.data<int32_t>() + begin, to, out, n);
    case TN_INT64: return convert_to(x.data<int64_t>() + begin, to, out, n);
    default: return convert_to(static_cast<const BoolByte*>(x.raw()) + begin, to, out, n);
  }
}

/// Whether an element of `from` is a float, or so far beyond the range of `to` where it is none that it does not
/// matter: 16-bit floats are rounded from floats.
bool is_one_rounding(uint32_t from, uint32_t to) {
  if (to == TN_FLOAT16) return from != TN_DOUBLE;
  if (to == TN_BFLOAT16) return from != TN_DOUBLE && from != TN_INT32 && from != TN_INT64;
  return true;
}

class Cast final : public sdk::Kernel {
 public:
  Cast(tn_dtype from, tn_dtype to) : from_(from), to_(to) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.dtype() != from_)
      return sdk::unsupported("the input is of type ", sdk::dtype_name(x.dtype()), ", expected ",
                              sdk::dtype_name(from_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, to_, x.shape()));
    const int64_t count = x.count();
    run.parallel_for((count + kBlock - 1) / kBlock, kBlock * kElementCost, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kBlock;
      convert_elements(x, y, first, std::min(end * kBlock, count) - first);
    });
    return {};
  }

 private:
  tn_dtype from_, to_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cast(const sdk::KernelInfo& info) {
  const auto from = static_cast<tn_dtype>(info.input(0).info().dtype());
  const auto to = static_cast<tn_dtype>(info.attr_int("to"));
  if (from == TN_UNDEFINED || !is_one_rounding(from, to))
    return sdk::unsupported("from ", sdk::dtype_name(from), " to ", sdk::dtype_name(to), " is not implemented");
  return sdk::KernelPtr(std::make_unique<Cast>(from, to));
}

}  // namespace tenon::cpu_blas
