// GatherPacked: the rows of a table, each of K numbers packed as packed_type says (quantize/packed_formats.h), that the
// indices name, as output_dtype. An index that there is no row of means the first.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "quantize/packed_formats.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class GatherPacked final : public sdk::Kernel {
 public:
  GatherPacked(const PackedFormat& format, int64_t width, tn_dtype dtype)
      : format_(format), width_(width), dtype_(dtype) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t row, multiply(width_ / format_.elements, format_.bytes));
    if (data.rank() != 2 || data.dim(1) != row)
      return sdk::invalid_argument("input data has shape ", sdk::shape_text(data.shape()), ", expected rows of ", row,
                                   " bytes for ", width_, " numbers");
    if (data.dim(0) == 0 && indices.count() > 0)
      return sdk::invalid_argument("input data has no row, expected at least one for the ", indices.count(),
                                   " indices");
    sdk::Shape shape = to_shape(indices.shape());
    shape.push_back(width_);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype_, shape));
    return visit_types<float, sdk::Float16, sdk::BFloat16>(dtype_, [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(indices.count(), double(width_) * 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
          const int64_t index = index_at(indices, i), found = index < 0 || index >= data.dim(0) ? 0 : index;
          unpack(data.data<uint8_t>() + found * row, y.data<T>() + i * width_);
        }
      });
      return {};
    });
  }

 private:
  static constexpr int64_t kMostElements = 256;

  template <typename T>
  void unpack(const uint8_t* row, T* out) const {
    float block[kMostElements];
    for (int64_t i = 0; i < width_; i += format_.elements, row += format_.bytes) {
      format_.decode(row, block);
      std::transform(block, block + format_.elements, out + i, [](float v) { return T(v); });
    }
  }

  const PackedFormat& format_;
  const int64_t width_;
  const tn_dtype dtype_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather_packed(const sdk::KernelInfo& info) {
  const PackedFormat* const format = find_packed_format(info.attr_int("packed_type"));
  if (format == nullptr)
    return sdk::invalid_model("attribute packed_type is ", info.attr_int("packed_type"),
                              ", expected a number of GGML's formats 0, 1, 2, 6, 8, 13, 14, 16, 17, 18, 20, 22, 23, 30 "
                              "or 42");
  const int64_t width = info.attr_int("K"), dtype = info.attr_int("output_dtype");
  if (width < 1 || width % format->elements != 0)
    return sdk::invalid_model("attribute K is ", width, ", expected a positive multiple of ", format->elements,
                              ", the block of packed_type ", format->number);
  if (dtype != TN_FLOAT && dtype != TN_FLOAT16 && dtype != TN_BFLOAT16)
    return sdk::invalid_model("attribute output_dtype is ", dtype, ", expected ", int(TN_FLOAT), ", ", int(TN_FLOAT16),
                              " or ", int(TN_BFLOAT16), ": float, float16 or bfloat16");
  return std::make_unique<GatherPacked>(*format, width, static_cast<tn_dtype>(dtype));
}

}  // namespace tenon::cpu_ref
