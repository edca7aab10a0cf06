// Gather: the slices of `data` along `axis` that `indices` names. GatherElements: y[i, j, k] = data[indices[i, j, k],
// j, k] for axis 0, and so on for the others. GatherND: the slice of the data at each tuple of indices, the last axis
// of that input; the first batch_dims axes go together. A negative index counts from the end.
#include <tenon/sdk/geometry/join.hpp>

#include "ops/select/index.h"

namespace tenon::cpu_blas {
namespace {

/// Nanoseconds that a slice of so many bytes takes.
double slice_cost(size_t bytes) {
  return 2 + static_cast<double>(bytes) * 0.1;
}

sdk::Shape dims(sdk::ShapeView shape) {
  return sdk::Shape(shape.begin(), shape.end());
}

class Gather final : public sdk::Kernel {
 public:
  explicit Gather(const sdk::KernelInfo& info) : node_(describe(info)), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), given = run.input(1);
    if (given.dtype() != TN_INT64 && given.dtype() != TN_INT32)
      return sdk::invalid_model(node_, ": indices are of type ", sdk::dtype_name(given.dtype()),
                                ", expected int32 or int64");
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, data.rank()));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::gathered_shape(dims(data.shape()), dims(given.shape()), axis));
    const int64_t size = data.dim(axis), wanted = given.count();
    const Indices indices(given);
    for (int64_t i = 0; i < wanted; ++i) {
      int64_t index = indices[i];
      if (!normalize_index(size, &index)) return out_of_range(node_, index, size, data.shape());
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, data.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + given.byte_length());
    const int64_t outer = extent(data.shape(), 0, axis);
    const size_t slice = static_cast<size_t>(extent(data.shape(), axis + 1, data.rank())) * element_size(data.dtype());
    if (slice == 0 || outer * wanted == 0) return {};
    const char* from = static_cast<const char*>(data.raw());
    char* to = static_cast<char*>(y.raw());
    run.parallel_for(outer * wanted, slice_cost(slice), [&](int64_t begin, int64_t end) {
      int64_t o = begin / wanted, i = begin % wanted;
      for (int64_t at = begin; at < end; ++at) {
        const int64_t index = indices[i];
        const int64_t position = o * size + (index < 0 ? index + size : index);
        copy_slice(to + static_cast<size_t>(at) * slice, from + static_cast<size_t>(position) * slice, slice);
        if (++i == wanted) i = 0, ++o;
      }
    });
    return {};
  }

 private:
  std::string node_;
  int64_t axis_;
};

class GatherElements final : public sdk::Kernel {
 public:
  explicit GatherElements(const sdk::KernelInfo& info) : node_(describe(info)), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const ElementRows rows, ElementRows::create(node_, data, indices, axis_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, data.dtype(), indices.shape()));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    if (y.count() == 0) return {};
    switch (element_size(data.dtype())) {
      case 1: return pick<uint8_t>(run, rows, data, y);
      case 2: return pick<uint16_t>(run, rows, data, y);
      case 4: return pick<uint32_t>(run, rows, data, y);
      case 8: return pick<uint64_t>(run, rows, data, y);
      default: return pick<Block>(run, rows, data, y);
    }
  }

 private:
  struct Block {
    char bytes[16];
  };

  template <typename T>
  static sdk::Status pick(sdk::RunContext& run, const ElementRows& rows, const sdk::TensorView& data,
                          const sdk::MutableTensorView& y) {
    const T* from = static_cast<const T*>(data.raw());
    T* to = static_cast<T*>(y.raw());
    return run.parallel_for(rows.rows(), static_cast<double>(rows.columns()) * 1.5 + 10,
                            [&](int64_t begin, int64_t end) -> sdk::Status {
                              return rows.each(begin, end, [&](int64_t i, int64_t at) { to[i] = from[at]; });
                            });
  }

  std::string node_;
  int64_t axis_;
};

class GatherNd final : public sdk::Kernel {
 public:
  explicit GatherNd(const sdk::KernelInfo& info) : node_(describe(info)), batch_(info.attr_int("batch_dims")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const Tuples tuples, Tuples::create(node_, data, indices, batch_));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape,
                        sdk::gathered_tuples_shape(dims(data.shape()), dims(indices.shape()), tuples.depth(), batch_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, data.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    const size_t bytes = static_cast<size_t>(tuples.slice()) * element_size(data.dtype());
    const char* from = static_cast<const char*>(data.raw());
    char* to = static_cast<char*>(y.raw());
    const size_t unit = element_size(data.dtype());
    return run.parallel_for(tuples.count(), slice_cost(bytes) + static_cast<double>(tuples.depth()),
                            [&](int64_t begin, int64_t end) -> sdk::Status {
                              for (int64_t t = begin; t < end; ++t) {
                                TN_ASSIGN_OR_RETURN(const int64_t at, tuples.position(t));
                                if (bytes != 0)
                                  copy_slice(to + static_cast<size_t>(t) * bytes, from + static_cast<size_t>(at) * unit,
                                             bytes);
                              }
                              return {};
                            });
  }

 private:
  std::string node_;
  int64_t batch_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Gather>(info));
}

sdk::Result<sdk::KernelPtr> make_gather_elements(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GatherElements>(info));
}

sdk::Result<sdk::KernelPtr> make_gather_nd(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GatherNd>(info));
}

}  // namespace tenon::cpu_blas
