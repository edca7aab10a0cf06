// CausalConvWithState: each channel of X (N x C x L) is convolved with its own taps (C x 1 x k) over itself and what
// came before: past_state (N x C x (k-1)*dilation), or zeros. The present state is the last elements of both, as many.
// With activation silu or swish y becomes y / (1 + exp(-y)). ONNX Runtime's may have dilation, which is 1 in ONNX, and
// channels last: then X is N x L x any dimensions whose product is C, and so are the states. Computed in double.
#include <algorithm>

#include "shape_math.h"
#include "window/causal_lane.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kConvX = 0, kConvTaps = 1, kConvBias = 2, kConvPast = 3;

class CausalConv final : public sdk::Kernel {
 public:
  CausalConv(bool is_silu, int64_t dilation, bool channels_last)
      : is_silu_(is_silu), dilation_(dilation), channels_last_(channels_last) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::Shape state_dims, resolve(run));
    const sdk::TensorView x = run.input(kConvX);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    sdk::MutableTensorView present;
    if (run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(present, run.output(1, x.dtype(), state_dims));
    }
    const int64_t channels = run.input(kConvTaps).dim(0);
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const double cost = double(x.dim(channels_last_ ? 1 : 2)) * double(run.input(kConvTaps).dim(2));
      run.parallel_for(x.dim(0) * channels, cost, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i)
          convolve<T>(run, i / channels, i % channels, y.data<T>(), present);
      });
      return {};
    });
  }

 private:
  /// The shape of the states.
  sdk::Result<sdk::Shape> resolve(const sdk::RunContext& run) const {
    const sdk::TensorView x = run.input(kConvX), w = run.input(kConvTaps);
    if (x.rank() < 3 || (x.rank() > 3 && !channels_last_))
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected ",
                                   channels_last_ ? "N x length x channels" : "N x C x length");
    int64_t channels = x.dim(1);
    if (channels_last_) {
      TN_ASSIGN_OR_RETURN(channels, product(x.shape(), 2, x.rank()));
    }
    if (w.rank() != 3 || w.dim(0) != channels || w.dim(1) != 1 || w.dim(2) < 1)
      return sdk::invalid_argument("input weight has shape ", sdk::shape_text(w.shape()), ", expected ", channels,
                                   "x1x the taps, at least 1");
    TN_RETURN_IF_ERROR(check_shape(run, kConvBias, "bias", {channels}, "a number for each channel"));
    sdk::Shape state = to_shape(x.shape());
    TN_ASSIGN_OR_RETURN(state[channels_last_ ? 1 : 2], multiply(w.dim(2) - 1, dilation_));
    TN_RETURN_IF_ERROR(check_shape(run, kConvPast, "past_state", state));
    return state;
  }

  template <typename T>
  void convolve(const sdk::RunContext& run, int64_t n, int64_t channel, T* y,
                const sdk::MutableTensorView& present) const {
    const sdk::TensorView x = run.input(kConvX), w = run.input(kConvTaps);
    const int64_t channels = w.dim(0), taps = w.dim(2), held = (taps - 1) * dilation_;
    const int64_t length = x.dim(channels_last_ ? 1 : 2), stride = channels_last_ ? channels : 1;
    const int64_t first = n * channels * length + channel * (channels_last_ ? 1 : length);
    const int64_t state = n * channels * held + channel * (channels_last_ ? 1 : held);
    const CausalLane<T> lane{x.data<T>() + first,
                             length,
                             stride,
                             run.has_input(kConvPast) ? run.input(kConvPast).data<T>() + state : nullptr,
                             stride,
                             held,
                             w.data<T>() + channel * taps,
                             taps,
                             dilation_,
                             run.has_input(kConvBias) ? double(run.input(kConvBias).data<T>()[channel]) : 0,
                             is_silu_};
    lane.convolve(y + first);
    if (present.raw() != nullptr) lane.store_state(present.data<T>() + state);
  }

  const bool is_silu_;
  const int64_t dilation_;
  const bool channels_last_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_causal_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const bool is_silu, read_is_silu(info));
  return std::make_unique<CausalConv>(is_silu, 1, false);
}

sdk::Result<sdk::KernelPtr> make_microsoft_causal_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const bool is_silu, read_is_silu(info));
  TN_ASSIGN_OR_RETURN(const int64_t dilation, read_dilation(info));
  const int64_t channels_last = info.attr_int("channels_last");
  if (channels_last != 0 && channels_last != 1)
    return sdk::invalid_model("attribute channels_last is ", channels_last, ", expected 0 or 1");
  if (info.attr_int("ndim") != 1)
    return sdk::unsupported("attribute ndim is ", info.attr_int("ndim"), ": only one spatial axis has a kernel");
  for (const char* name :
       {"state_window", "state_length", "input_channels", "input_channel_offset", "state_update_capacity"})
    if (info.attr_int(name) != 0)
      return sdk::unsupported("attribute ", name, " is ", info.attr_int(name), ": only 0 has a kernel");
  if (info.attr_int("state_channels_last") != -1 || (info.output_count() > 2 && info.output(2)))
    return sdk::unsupported("attribute state_channels_last is ", info.attr_int("state_channels_last"),
                            " or state_update is wanted: only the state in the layout of the input has a kernel");
  return std::make_unique<CausalConv>(is_silu, dilation, channels_last == 1);
}

}  // namespace tenon::cpu_ref
