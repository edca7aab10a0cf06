// VarlenCausalConvWithState: the convolution of causal_conv.cc over sequences of tokens that lie one behind the other,
// X being tokens x C, and a state of C x (k-1)*dilation for each. state_update holds the first tokens of each sequence
// as they came, at most state_update_capacity, as many as capture_count says, and zeros behind them. Computed in
// double.
#include <algorithm>

#include "sequence_starts.h"
#include "shape_math.h"
#include "window/causal_lane.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kVarlenX = 0, kVarlenTaps = 1, kVarlenStarts = 2, kVarlenBias = 3, kVarlenState = 4,
                   kVarlenCount = 5, kVarlenDelta = 6;
constexpr int64_t kMostUpdates = 8;

class VarlenCausalConv final : public sdk::Kernel {
 public:
  VarlenCausalConv(bool is_silu, int64_t dilation, int64_t capacity)
      : is_silu_(is_silu), dilation_(dilation), capacity_(capacity) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(kVarlenX);
    TN_ASSIGN_OR_RETURN(const sdk::Shape state_dims, resolve(run));
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> starts,
                        read_starts(run.input(kVarlenStarts), "cumulative_sequence_length", x.dim(0), true));
    const int64_t batch = state_dims[0], channels = x.dim(1);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView state, run.output(1, x.dtype(), state_dims));
    sdk::MutableTensorView update;
    if (run.output_wanted(2)) {
      const int64_t dims[] = {batch, capacity_, channels};
      TN_ASSIGN_OR_RETURN(update, run.output(2, x.dtype(), dims));
    }
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const double cost =
          double(x.count()) / double(std::max<int64_t>(batch, 1)) * double(run.input(kVarlenTaps).dim(2));
      run.parallel_for(batch * channels, cost, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i)
          convolve<T>(run, starts, i / channels, i % channels, y.data<T>(), state.data<T>());
      });
      if (update.raw() != nullptr) capture(run, starts, update.data<T>());
      return {};
    });
  }

 private:
  /// The shape of the states.
  sdk::Result<sdk::Shape> resolve(const sdk::RunContext& run) const {
    const sdk::TensorView x = run.input(kVarlenX), w = run.input(kVarlenTaps), starts = run.input(kVarlenStarts);
    if (x.rank() != 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected tokens x C");
    if (w.rank() != 3 || w.dim(0) != x.dim(1) || w.dim(1) != 1 || w.dim(2) < 1)
      return sdk::invalid_argument("input weight has shape ", sdk::shape_text(w.shape()), ", expected ", x.dim(1),
                                   "x1x the taps, at least 1");
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenBias, "bias", {x.dim(1)}, "a number for each channel"));
    sdk::Shape state{std::max<int64_t>(starts.count() - 1, 0), x.dim(1), 0};
    TN_ASSIGN_OR_RETURN(state[2], multiply(w.dim(2) - 1, dilation_));
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenState, "initial_state", state));
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenCount, "capture_count", {state[0]}, "a number for each sequence"));
    return state;
  }

  template <typename T>
  void convolve(const sdk::RunContext& run, const std::vector<int64_t>& starts, int64_t b, int64_t channel, T* y,
                T* state) const {
    const sdk::TensorView x = run.input(kVarlenX), w = run.input(kVarlenTaps);
    const int64_t channels = x.dim(1), taps = w.dim(2), held = (taps - 1) * dilation_;
    const int64_t first = starts[size_t(b)] * channels + channel, row = (b * channels + channel) * held;
    const CausalLane<T> lane{x.data<T>() + first,
                             starts[size_t(b) + 1] - starts[size_t(b)],
                             channels,
                             run.input(kVarlenState).data<T>() + row,
                             1,
                             held,
                             w.data<T>() + channel * taps,
                             taps,
                             dilation_,
                             run.has_input(kVarlenBias) ? double(run.input(kVarlenBias).data<T>()[channel]) : 0,
                             is_silu_};
    lane.convolve(y + first);
    lane.store_state(state + row);
  }

  template <typename T>
  void capture(const sdk::RunContext& run, const std::vector<int64_t>& starts, T* update) const {
    const sdk::TensorView x = run.input(kVarlenX);
    const int64_t channels = x.dim(1), row = capacity_ * channels;
    for (size_t b = 0; b + 1 < starts.size() && row > 0; ++b, update += row) {
      const int64_t most = std::min(capacity_, starts[b + 1] - starts[b]);
      const int64_t count = std::clamp<int64_t>(run.input(kVarlenCount).data<int32_t>()[b], 0, most) * channels;
      std::copy_n(x.data<T>() + starts[b] * channels, count, update);
      std::fill(update + count, update + row, T(0));
    }
  }

  const bool is_silu_;
  const int64_t dilation_, capacity_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_varlen_causal_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const bool is_silu, read_is_silu(info));
  TN_ASSIGN_OR_RETURN(const int64_t dilation, read_dilation(info));
  const int64_t capacity = info.attr_int("state_update_capacity");
  if (capacity < 0 || capacity > kMostUpdates)
    return sdk::invalid_model("attribute state_update_capacity is ", capacity, ", expected 0 to ", kMostUpdates);
  if ((info.input_count() > kVarlenCount && info.input(kVarlenCount)) != (capacity > 0))
    return sdk::invalid_model("input capture_count is ", capacity > 0 ? "left out" : "given",
                              ", expected it exactly where attribute state_update_capacity is above 0");
  if (info.attr_int("group_size") != 1 || info.attr_int("delta_offset") != 0)
    return sdk::unsupported("attributes group_size and delta_offset are ", info.attr_int("group_size"), " and ",
                            info.attr_int("delta_offset"),
                            ", expected 1 and 0: taps that change from token to token have no kernel");
  for (uint32_t i = kVarlenDelta; i < info.input_count(); ++i)
    if (info.input(i))
      return sdk::unsupported("input ", i, " is given: taps that change from token to token have no kernel");
  return std::make_unique<VarlenCausalConv>(is_silu, dilation, capacity);
}

}  // namespace tenon::cpu_ref
