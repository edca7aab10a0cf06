// OneHot: a new axis of size `depth` in which the position named by the index holds values[1] and all others values[0].
// Indices and depth are rounded toward zero; from opset 11 negative indices count from the end. An index out of range
// selects no position.
#include <algorithm>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

/// Element i of an int32, int64 or float tensor as an integer; `outside` where it is too large for one, and for NaN.
int64_t integer_at(const sdk::TensorView& t, int64_t i, int64_t outside) {
  if (t.dtype() == TN_INT64) return t.data<int64_t>()[i];
  if (t.dtype() == TN_INT32) return t.data<int32_t>()[i];
  const float v = t.data<float>()[i];
  return v > -9e18f && v < 9e18f ? static_cast<int64_t>(v) : outside;
}

class OneHot final : public sdk::Kernel {
 public:
  explicit OneHot(const sdk::KernelInfo& info)
      : node_(describe(info)), axis_(info.attr_int("axis")), wraps_(info.since_version() >= 11) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView indices = run.input(0), values = run.input(2);
    if (run.input(1).count() != 1 || values.rank() != 1 || values.count() != 2)
      return sdk::invalid_argument(node_, ": inputs depth and values have shapes ",
                                   sdk::shape_text(run.input(1).shape()), " and ", sdk::shape_text(values.shape()),
                                   ", expected one element and 2");
    const int64_t depth = integer_at(run.input(1), 0, -1);
    if (depth < 0) return sdk::invalid_argument(node_, ": input depth is out of range, expected 0 or more");
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, indices.rank() + 1));
    sdk::Shape shape(indices.shape().begin(), indices.shape().end());
    shape.insert(shape.begin() + axis, depth);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, values.dtype(), shape));
    if (y.count() == 0) return {};
    switch (element_size(values.dtype())) {
      case 1: fill<uint8_t>(run, indices, values, extent(shape, axis + 1, y.rank()), depth, y); break;
      case 2: fill<uint16_t>(run, indices, values, extent(shape, axis + 1, y.rank()), depth, y); break;
      case 4: fill<uint32_t>(run, indices, values, extent(shape, axis + 1, y.rank()), depth, y); break;
      case 8: fill<uint64_t>(run, indices, values, extent(shape, axis + 1, y.rank()), depth, y); break;
      default: fill<Block>(run, indices, values, extent(shape, axis + 1, y.rank()), depth, y);
    }
    return {};
  }

 private:
  struct Block {
    char bytes[16];
  };

  /// `inner`: elements from one position of the new axis to the next.
  template <typename T>
  void fill(sdk::RunContext& run, const sdk::TensorView& indices, const sdk::TensorView& values, int64_t inner,
            int64_t depth, const sdk::MutableTensorView& y) const {
    const T off = static_cast<const T*>(values.raw())[0], on = static_cast<const T*>(values.raw())[1];
    T* out = static_cast<T*>(y.raw());
    const int64_t block = depth * inner;
    run.parallel_for(y.count() / block, static_cast<double>(block) * 0.3 + 5, [&](int64_t begin, int64_t end) {
      std::fill(out + begin * block, out + end * block, off);
      for (int64_t i = begin * inner; i < end * inner; ++i) {
        int64_t p = integer_at(indices, i, depth);
        if (wraps_ && p < 0) p += depth;
        if (p >= 0 && p < depth) out[(i / inner * depth + p) * inner + i % inner] = on;
      }
    });
  }

  std::string node_;
  int64_t axis_;
  bool wraps_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_one_hot(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<OneHot>(info));
}

}  // namespace tenon::cpu_blas
