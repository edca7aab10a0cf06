// STFT: the transforms of frames of a signal (batch x length x 1 or 2) that begin frame_step apart, each multiplied by
// the window: batch x frames x bins x 2, of which onesided gives frame_length / 2 + 1. Computed in double.
#include <algorithm>

#include "parameters.h"
#include "signal/spectrum.h"

namespace tenon::cpu_ref {
namespace {

struct Frames {
  int64_t length, step, count;
  std::vector<double> window;  // empty: all ones
};

class Stft final : public sdk::Kernel {
 public:
  explicit Stft(bool is_onesided) : is_onesided_(is_onesided) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 3 || (x.dim(2) != 1 && x.dim(2) != 2))
      return sdk::invalid_argument("input signal has shape ", sdk::shape_text(x.shape()),
                                   ", expected batch x length x 1 for real numbers or 2 for complex ones");
    if (is_onesided_ && x.dim(2) == 2)
      return sdk::invalid_argument("onesided is 1, but input signal is complex: set it to 0");
    TN_ASSIGN_OR_RETURN(const Frames frames, resolve(run));
    TN_ASSIGN_OR_RETURN(const Fourier fourier, Fourier::create(frames.length, false));
    const int64_t bins = is_onesided_ ? frames.length / 2 + 1 : frames.length;
    const int64_t dims[] = {x.dim(0), frames.count, bins, 2};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), dims));
    return visit_floats(x.dtype(), [&](auto tag) { return transform<decltype(tag)>(run, fourier, frames, bins, y); });
  }

 private:
  static sdk::Result<Frames> resolve(const sdk::RunContext& run) {
    Frames frames{run.input(0).dim(1), 0, 0, {}};
    const int64_t length = frames.length;
    TN_ASSIGN_OR_RETURN(frames.step, read_length(run.input(1), "frame_step"));
    if (frames.step < 1) return sdk::invalid_argument("input frame_step is ", frames.step, ", expected at least 1");
    if (run.has_input(2)) {
      frames.length = run.input(2).count();
      TN_ASSIGN_OR_RETURN(frames.window, read_vector(run.input(2), frames.length, "window"));
    }
    if (run.has_input(3)) {
      TN_ASSIGN_OR_RETURN(frames.length, read_length(run.input(3), "frame_length"));
    }
    if (run.has_input(2) && frames.length != run.input(2).count())
      return sdk::invalid_argument("input window has ", run.input(2).count(), " elements, expected frame_length, ",
                                   frames.length);
    frames.count = frames.length < 1 || frames.length > length ? 0 : (length - frames.length) / frames.step + 1;
    return frames;
  }

  template <typename T>
  sdk::Status transform(sdk::RunContext& run, const Fourier& fourier, const Frames& frames, int64_t bins,
                        const sdk::MutableTensorView& y) const {
    const sdk::TensorView x = run.input(0);
    const int64_t N = frames.length, room = 2 * N + fourier.room(), parts = x.dim(2);
    TN_ASSIGN_OR_RETURN(Complex* const memory, run.scratch<Complex>(run.max_workers() * static_cast<size_t>(room)));
    run.parallel_for(x.dim(0) * frames.count, double(N) * 32, [&](uint32_t worker, int64_t begin, int64_t end) {
      Complex *const in = memory + worker * room, *const out = in + N;
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const int64_t first = i / frames.count * x.dim(1) + i % frames.count * frames.step;
        for (int64_t n = 0; n < N; ++n)
          in[n] = complex_at(x.data<T>(), parts, first + n) * (frames.window.empty() ? 1.0 : frames.window[size_t(n)]);
        fourier.transform(in, out, out + N);
        for (int64_t k = 0; k < bins; ++k) {
          y.data<T>()[(i * bins + k) * 2] = from_double<T>(out[k].real());
          y.data<T>()[(i * bins + k) * 2 + 1] = from_double<T>(out[k].imag());
        }
      }
    });
    return {};
  }

  const bool is_onesided_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_stft(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(check_type(FloatTypes{}, info.input(0), "of a signal"));
  return std::make_unique<Stft>(info.attr_int("onesided") != 0);
}

}  // namespace tenon::cpu_ref
