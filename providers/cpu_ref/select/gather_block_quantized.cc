// GatherBlockQuantized: Gather along gather_axis of data that is quantized in blocks of block_size along quantize_axis:
// (data - zero point) * scale, the scale being that of the element's block. Slices of indices outside the axis are 0.
// scales are of data's shape with blocks in the place of elements along that axis. Data of uint8 hold 8 / bits elements
// each, along the last axis, which is the quantized one, from the low bits on; zero points, of the scales' shape, are
// packed in the same way, and without them 2^(bits - 1). Of int4 and uint4 they are 0 then. Small floats have none,
// their scales may be 1 along other axes, and with a block_size of 0 a block is the whole axis.
#include <tenon/sdk/geometry/join.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "convert/small_float.h"
#include "movement/packed_bits.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// How elements lie in blocks, and how codes become numbers.
struct BlockedData {
  sdk::TensorView data, scales, zeros;
  int64_t bits = 8;                          // of an element
  const SmallFloatFormat* format = nullptr;  // of small floats
  sdk::Shape shape, strides, scale_strides;  // strides of 0: one scale for all
  size_t axis = 0;
  int64_t block = 1, zero_row_bytes = 0;

  bool is_packed() const { return data.dtype() == TN_UINT8; }

  double code(const sdk::TensorView& t, int64_t i) const {
    const uint32_t bits_of = bits == 8 ? t.data<uint8_t>()[i] : packed_at(t.raw(), i, int(bits));
    if (format != nullptr) return decode_small_float(*format, bits_of);
    return double(t.dtype() == TN_INT4 && bits_of > 7 ? int(bits_of) - 16 : int(bits_of));
  }

  int64_t scale_of(int64_t element) const {
    int64_t at = 0;
    for (size_t a = 0; a < shape.size(); ++a) {
      const int64_t i = element / strides[a] % shape[a];
      at += (a == axis ? i / block : i) * scale_strides[a];
    }
    return at;
  }

  double zero(int64_t scale) const {
    if (zeros.raw() == nullptr) return is_packed() ? double(1 << (bits - 1)) : 0;
    if (!is_packed() || bits == 8) return code(zeros, scale);
    const int64_t columns = scales.dim(scales.rank() - 1);
    return double(packed_at(zeros.data<uint8_t>() + scale / columns * zero_row_bytes, scale % columns, int(bits)));
  }
};

class GatherBlockQuantized final : public sdk::Kernel {
 public:
  explicit GatherBlockQuantized(const sdk::KernelInfo& info)
      : gather_axis_(info.attr_int("gather_axis")),
        quantize_axis_(info.attr_int("quantize_axis")),
        block_(info.attr_int("block_size")),
        bits_(info.attr_int("bits")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    BlockedData d;
    TN_RETURN_IF_ERROR(resolve(run, d));
    const sdk::TensorView indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(gather_axis_, d.data.rank()));
    if (d.is_packed() && (axis != 0 || d.axis + 1 != d.shape.size() || d.axis == 0))
      return sdk::invalid_argument("gather_axis is ", axis, " and quantize_axis ", d.axis,
                                   ", expected the first and the last of several, as data are packed in uint8");
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::gathered_shape(d.shape, to_shape(indices.shape()), axis));
    TN_ASSIGN_OR_RETURN(const int64_t inner, product(d.shape, size_t(axis) + 1, d.shape.size()));
    const int64_t size = d.shape[size_t(axis)], picks = indices.count();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, d.scales.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(d.scales.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(y.count() / inner, double(inner) * 8, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
          T* to = y.data<T>() + i * inner;
          const int64_t given = index_at(indices, i % picks), index = given < 0 ? given + size : given;
          if (index < 0 || index >= size) {
            std::fill_n(to, inner, T(0));
            continue;
          }
          for (int64_t j = 0; j < inner; ++j) {
            const int64_t element = (i / picks * size + index) * inner + j, scale = d.scale_of(element);
            to[j] = from_double<T>((d.code(d.data, element) - d.zero(scale)) * double(d.scales.data<T>()[scale]));
          }
        }
      });
      return {};
    });
  }

 private:
  sdk::Status resolve(sdk::RunContext& run, BlockedData& d) const {
    d.data = run.input(0);
    d.scales = run.input(2);
    if (run.has_input(3)) d.zeros = run.input(3);
    d.format = small_float_format(d.data.dtype());
    d.bits = d.is_packed() ? bits_ : sdk::bits_per_element(d.data.dtype());
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(quantize_axis_, d.data.rank()));
    d.axis = size_t(axis);
    d.shape = to_shape(d.data.shape());
    const int64_t per_byte = d.is_packed() ? 8 / d.bits : 1;
    TN_ASSIGN_OR_RETURN(d.shape.back(), multiply(d.shape.back(), per_byte));
    d.block = block_ == 0 ? std::max<int64_t>(d.shape[d.axis], 1) : block_;
    d.strides = row_major_strides(d.shape);
    d.scale_strides = row_major_strides(d.scales.shape());
    bool fits = d.scales.rank() == d.data.rank();
    for (size_t a = 0; fits && a < d.shape.size(); ++a) {
      const int64_t size = d.scales.shape()[a], length = d.shape[a];
      const int64_t expected = a == d.axis ? (length == 0 ? 0 : (length - 1) / d.block + 1) : length;
      const bool is_shared = a != d.axis && d.format != nullptr && size == 1;
      fits = size == expected || is_shared;
      if (is_shared) d.scale_strides[a] = 0;
    }
    if (!fits)
      return sdk::invalid_argument("input scales has shape ", sdk::shape_text(d.scales.shape()), ", expected that of ",
                                   sdk::shape_text(d.shape), " elements in blocks of ", d.block, " along axis ",
                                   d.axis);
    if (!run.has_input(3)) return {};
    sdk::Shape zeros = to_shape(d.scales.shape());
    if (d.is_packed()) d.zero_row_bytes = zeros.back() = (zeros.back() + per_byte - 1) / per_byte;
    if (to_shape(d.zeros.shape()) == zeros) return {};
    return sdk::invalid_argument("input zero_points has shape ", sdk::shape_text(d.zeros.shape()), ", expected ",
                                 sdk::shape_text(zeros));
  }

  int64_t gather_axis_, quantize_axis_, block_, bits_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather_block_quantized(const sdk::KernelInfo& info) {
  const int64_t block = info.attr_int("block_size"), bits = info.attr_int("bits");
  const tn_dtype dtype = info.input(0).info().dtype();
  const bool is_small = small_float_format(dtype) != nullptr;
  if (is_small && info.input_count() > 3 && info.input(3))
    return sdk::unsupported("input zero_points is given, but data are ", sdk::dtype_name(dtype), ", which have none");
  if ((block != 0 || !is_small) && (block < 16 || (block & (block - 1)) != 0))
    return sdk::invalid_model("attribute block_size is ", block, ", expected a power of two from 16 on",
                              is_small ? ", or 0" : "");
  if (dtype == TN_UINT8 ? bits != 2 && bits != 4 && bits != 8 : !is_small && bits != 4)
    return sdk::invalid_model("attribute bits is ", bits, ", expected ", dtype == TN_UINT8 ? "2, 4 or 8" : "4");
  return std::make_unique<GatherBlockQuantized>(info);
}

}  // namespace tenon::cpu_ref
