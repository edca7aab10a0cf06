// MaxPool: the largest element of each window; padding never wins. X: N x C x D1.... The second output holds, as int64,
// where each was found: its position in the whole of X, with the spatial axes counted column by column if storage_order
// is 1. The first of equals wins, and the first NaN over all numbers. A window over padding alone gives the type's
// lowest value and position -1. Scratch, where channels are last: a window's places for each thread, or with positions
// that of for_channels_last.
#include <algorithm>
#include <limits>

#include "dispatch.h"
#include "window/channels_last.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

template <typename T>
T lowest() {
  using Number = Compute<T>;
  if constexpr (std::numeric_limits<Number>::has_infinity) return T(-std::numeric_limits<Number>::infinity());
  return T(std::numeric_limits<Number>::lowest());
}

/// Of equal ones the first stays, and so does the first NaN.
template <typename T>
void keep_larger(const T* in, int64_t step, int64_t count, T* best) {
  const auto keep = [&](int64_t known_step) {
    for (int64_t i = 0; i < count; ++i) {
      const T value = in[i * known_step];
      const Compute<T> champion(best[i]);
      best[i] = (champion >= Compute<T>(value)) | (champion != champion) ? best[i] : value;
    }
  };
  // A step that the compiler knows makes the usual loop one over vectors.
  step == 1 ? keep(1) : keep(step);
}

using PoolTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16, int8_t, uint8_t>;

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
    return visit_list(PoolTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
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
          if (!found) return keep_larger(in + first, step, count, best + out);
          for (int64_t i = 0; i < count; ++i) {
            const T value = in[first + i * step];
            const Compute<T> candidate(value), champion(best[out + i]);
            const bool first_seen = found[out + i] < 0;
            const bool is_first_nan = candidate != candidate && champion == champion;
            if (!(champion < candidate) && !is_first_nan && !(first_seen && champion == candidate)) continue;
            best[out + i] = value;
            found[out + i] = first + i * step;
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

/// Of tensors with their channels last: without positions their rows of channels are compared as they lie, else MaxPool
/// sees them in the second dimension.
class MaxPoolChannelsLast final : public sdk::Kernel {
 public:
  MaxPoolChannelsLast(sdk::WindowAttributes attributes, sdk::KernelPtr moved)
      : attributes_(std::move(attributes)), moved_(std::move(moved)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 3 || (run.output_count() > 1 && run.output_wanted(1))) return moved_->run(run);
    const sdk::ShapeView spatial = x.shape().subspan(1, x.shape().size() - 2);
    TN_ASSIGN_OR_RETURN(std::vector<sdk::WindowAxis> axes, attributes_.resolve(spatial, attributes_.kernel));
    const Window window{std::move(axes)};
    const int64_t taps = window.taps();
    if (taps > kMostTaps) return moved_->run(run);
    sdk::Shape shape{x.dim(0)};
    for (const sdk::WindowAxis& axis : window.axes) shape.push_back(axis.out);
    shape.push_back(x.shape().back());
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    TN_ASSIGN_OR_RETURN(int64_t* const places, run.scratch<int64_t>(run.max_workers() * size_t(taps)));
    return visit_list(PoolTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t channels = shape.back(), in_plane = window.input_size(), out_plane = window.output_size();
      run.parallel_for(x.dim(0) * out_plane, double(taps) * double(channels) / 4,
                       [&](uint32_t worker, int64_t begin, int64_t end) {
                         int64_t* const at = places + int64_t(worker) * taps;
                         for (int64_t o = begin; o < end && !run.cancelled(); ++o) {
                           find_places(window, o % out_plane, 1, at);
                           const T* in = x.data<T>() + o / out_plane * in_plane * channels;
                           T* best = y.data<T>() + o * channels;
                           std::fill_n(best, channels, lowest<T>());
                           for (int64_t tap = 0; tap < taps; ++tap)
                             if (at[tap] >= 0) keep_larger(in + at[tap] * channels, 1, channels, best);
                         }
                       });
      return {};
    });
  }

 private:
  static constexpr int64_t kMostTaps = 4096;  // more lie outside for the most part, which MaxPool passes over

  sdk::WindowAttributes attributes_;
  sdk::KernelPtr moved_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_pool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<MaxPool>(std::move(attributes), info.attr_int("storage_order") != 0);
}

sdk::Result<sdk::KernelPtr> make_max_pool_channels_last(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  TN_ASSIGN_OR_RETURN(sdk::KernelPtr kernel, make_max_pool(info));
  return std::make_unique<MaxPoolChannelsLast>(std::move(attributes), for_channels_last(std::move(kernel)));
}

}  // namespace tenon::cpu_ref
