// Concat: the inputs one after the other along `axis`.
#include <algorithm>
#include <tenon/sdk/geometry/join.hpp>
#include <vector>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

/// The inputs by what each has of a row of the result: all that lies behind the dimensions before the axis.
class Parts {
 public:
  Parts(sdk::RunContext& run, int64_t axis, size_t width) {
    for (uint32_t i = 0; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      const int64_t bytes = extent(x.shape(), axis, x.rank()) * static_cast<int64_t>(width);
      if (bytes == 0) continue;
      parts_.push_back({static_cast<const char*>(x.raw()), row_, bytes});
      row_ += bytes;
    }
  }

  /// Bytes of a row.
  int64_t row() const { return row_; }

  /// Copies the bytes [begin, end) of the result. There are some.
  void copy(int64_t begin, int64_t end, char* to) const {
    int64_t row = begin / row_, at = begin % row_;
    size_t i = 0;
    while (at >= parts_[i].begin + parts_[i].bytes) ++i;
    while (begin < end) {
      const Part& part = parts_[i];
      const int64_t from = at - part.begin, count = std::min(part.bytes - from, end - begin);
      std::memcpy(to, part.data + row * part.bytes + from, static_cast<size_t>(count));
      begin += count, to += count, at += count;
      if (++i < parts_.size()) continue;
      i = 0, at = 0, ++row;
    }
  }

 private:
  struct Part {
    const char* data;
    int64_t begin, bytes;  // in a row
  };
  std::vector<Part> parts_;
  int64_t row_ = 0;
};

class Concat final : public sdk::Kernel {
 public:
  explicit Concat(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView first = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, first.rank()));
    sdk::Shape shape(first.shape().begin(), first.shape().end());
    for (uint32_t i = 1; i < run.input_count(); ++i)
      TN_RETURN_IF_ERROR(sdk::join_shape(&shape, run.input(i).shape(), static_cast<size_t>(axis), i));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, first.dtype(), shape));
    const Parts parts(run, axis, element_size(first.dtype()));
    if (parts.row() == 0) return {};
    const int64_t bytes = extent(shape, 0, axis) * parts.row();
    // Pieces of the result, as there may be one row or very many.
    constexpr double kNanosecondsPerByte = 0.15;
    run.parallel_for(bytes, kNanosecondsPerByte,
                     [&](int64_t begin, int64_t end) { parts.copy(begin, end, static_cast<char*>(y.raw()) + begin); });
    return {};
  }

 private:
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_concat(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Concat>(info));
}

}  // namespace tenon::cpu_blas
