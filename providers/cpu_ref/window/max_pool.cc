// MaxPool: the largest element of each window; padding never wins. X: N x C x D1.... The second output holds, as int64,
// where each was found: its position in the whole of X, with the spatial axes counted column by column if storage_order
// is 1. The first of equals wins, and the first NaN over all numbers. A window over padding alone gives the type's
// lowest value and position -1.
#include <algorithm>
#include <limits>

#include "dispatch.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

template <typename T>
T lowest() {
  using Number = Compute<T>;
  if constexpr (std::numeric_limits<Number>::has_infinity) return T(-std::numeric_limits<Number>::infinity());
  return T(std::numeric_limits<Number>::lowest());
}

class MaxPool final : public sdk::Kernel {
 public:
  MaxPool(sdk::WindowAttributes attributes, bool column_major)
      : attributes_(std::move(attributes)), column_major_(column_major) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Pooling pooling, resolve_pooling(attributes_, x));
    const Window& window = pooling.window;
    const sdk::Shape& shape = pooling.output_shape;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    int64_t* positions = nullptr;
    if (run.output_count() > 1 && run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView indices, run.output(1, TN_INT64, shape));
      positions = indices.data<int64_t>();
    }
    if (y.count() == 0) return {};
    return visit_types<float, double, sdk::Float16, sdk::BFloat16, int8_t, uint8_t>(
        x.dtype(), [&](auto tag) -> sdk::Status {
          using T = decltype(tag);
          pool(run, window, x.dim(0) * x.dim(1), x.data<T>(), y.data<T>(), positions);
          return {};
        });
  }

 private:
  template <typename T>
  void pool(sdk::RunContext& run, const Window& window, int64_t planes, const T* x, T* y, int64_t* positions) const {
    const int64_t in_plane = window.input_size(), out_plane = window.output_size();
    run.parallel_for(planes, double(out_plane) * double(window.taps()), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
        const T* in = x + p * in_plane;
        T* best = y + p * out_plane;
        int64_t* found = positions ? positions + p * out_plane : nullptr;
        std::fill(best, best + out_plane, lowest<T>());
        if (found) std::fill(found, found + out_plane, -1);
        for_each_tap_row(window, [&](int64_t, int64_t out, int64_t count, int64_t first, int64_t step) {
          for (int64_t i = 0; i < count; ++i) {
            const T value = in[first + i * step];
            const Compute<T> candidate(value), champion(best[out + i]);
            const bool first_seen = found && found[out + i] < 0;
            const bool is_first_nan = candidate != candidate && champion == champion;
            if (!(champion < candidate) && !is_first_nan && !(first_seen && champion == candidate)) continue;
            best[out + i] = value;
            if (found) found[out + i] = first + i * step;
          }
        });
        if (found) finish_positions(window, p * in_plane, found, out_plane);
      }
    });
  }

  void finish_positions(const Window& window, int64_t plane_start, int64_t* found, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) {
      if (found[i] < 0) continue;
      if (column_major_) {
        int64_t rest = found[i], position = 0;
        for (size_t a = window.rank(); a-- > 0;) {
          int64_t stride = 1;
          for (size_t b = 0; b < a; ++b) stride *= window.axes[b].in;
          position += rest % window.axes[a].in * stride;
          rest /= window.axes[a].in;
        }
        found[i] = position;
      }
      found[i] += plane_start;
    }
  }

  sdk::WindowAttributes attributes_;
  bool column_major_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_pool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<MaxPool>(std::move(attributes), info.attr_int("storage_order") != 0);
}

}  // namespace tenon::cpu_ref
