// DFT along one axis of a signal whose last axis holds real numbers (1) or complex ones (2), cut or filled with zeros
// to dft_length. With onesided only the first half and one of the spectrum is given; the inverse of that takes such a
// half and gives real numbers. Computed in double.
#include <algorithm>

#include "shape_math.h"
#include "signal/spectrum.h"

namespace tenon::cpu_ref {
namespace {

/// Lines along the axis, and how far their elements lie apart.
struct Lines {
  int64_t count, inner, in, out;

  int64_t in_base(int64_t line) const { return line / inner * in * inner + line % inner; }
  int64_t out_base(int64_t line) const { return line / inner * out * inner + line % inner; }
};

class Dft final : public sdk::Kernel {
 public:
  explicit Dft(const sdk::KernelInfo& info)
      : is_inverse_(info.attr_int("inverse") != 0),
        is_onesided_(info.attr_int("onesided") != 0),
        takes_axis_(info.since_version() >= 20),
        axis_(info.attr_int("axis", -2)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const int64_t parts = x.rank() < 2 ? 0 : x.dim(x.rank() - 1);
    if (parts != 1 && parts != 2)
      return sdk::invalid_argument(
          "the input has shape ", sdk::shape_text(x.shape()),
          ", expected at least two axes, the last of 1 for real numbers or 2 for complex ones");
    if (is_onesided_ && (parts == 2) != is_inverse_)
      return sdk::invalid_argument("the input has ", parts == 2 ? "complex" : "real", " numbers, expected ",
                                   is_inverse_ ? "complex" : "real", " ones, as onesided transforms take them");
    int64_t axis = axis_;
    if (takes_axis_ && run.has_input(2)) {
      TN_ASSIGN_OR_RETURN(axis, read_length(run.input(2), "axis"));
    }
    TN_ASSIGN_OR_RETURN(axis, normalize_axis(axis, x.rank()));
    if (axis == x.rank() - 1)
      return sdk::invalid_argument("the axis is ", axis,
                                   ", the one of real and imaginary parts, expected one before it");
    const bool gives_real = is_inverse_ && is_onesided_;
    int64_t length = gives_real ? 2 * (x.dim(axis) - 1) : x.dim(axis);
    if (run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(length, read_length(run.input(1), "dft_length"));
    }
    if (length < 1) return sdk::invalid_argument("the length of the transform is ", length, ", expected at least 1");
    sdk::Shape shape = to_shape(x.shape());
    shape[size_t(axis)] = is_onesided_ && !is_inverse_ ? length / 2 + 1 : length;
    shape.back() = gives_real ? 1 : 2;
    // First, since it is held against the memory that a run may take, as the transform's own is not.
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    TN_ASSIGN_OR_RETURN(const Fourier fourier, Fourier::create(length, is_inverse_));
    if (y.count() == 0) return {};
    TN_ASSIGN_OR_RETURN(const int64_t inner, product(x.shape(), size_t(axis) + 1, size_t(x.rank()) - 1));
    const int64_t count = y.count() / shape.back() / shape[size_t(axis)];
    return visit_floats(x.dtype(), [&](auto tag) {
      return transform<decltype(tag)>(run, fourier, {count, inner, x.dim(axis), shape[size_t(axis)]}, parts, y);
    });
  }

 private:
  template <typename T>
  sdk::Status transform(sdk::RunContext& run, const Fourier& fourier, const Lines& lines, int64_t parts,
                        const sdk::MutableTensorView& y) const {
    const int64_t N = fourier.length(), room = 2 * N + fourier.room();
    TN_ASSIGN_OR_RETURN(Complex* const memory, run.scratch<Complex>(run.max_workers() * static_cast<size_t>(room)));
    const T* const x = run.input(0).data<T>();
    run.parallel_for(lines.count, double(N) * 32, [&](uint32_t worker, int64_t begin, int64_t end) {
      Complex *const in = memory + worker * room, *const out = in + N;
      for (int64_t line = begin; line < end && !run.cancelled(); ++line) {
        std::fill_n(in, N, Complex());
        const int64_t given = std::min(lines.in, N), base = lines.in_base(line);
        for (int64_t n = 0; n < given; ++n) in[n] = complex_at(x, parts, base + n * lines.inner);
        if (is_inverse_ && is_onesided_)
          for (int64_t k = N / 2 + 1; k < N; ++k) in[k] = std::conj(in[N - k]);
        fourier.transform(in, out, out + N);
        const int64_t to = lines.out_base(line);
        for (int64_t k = 0; k < lines.out; ++k) store(out[k], y.data<T>(), to + k * lines.inner);
      }
    });
    return {};
  }

  template <typename T>
  void store(const Complex& value, T* y, int64_t i) const {
    if (is_inverse_ && is_onesided_) {
      y[i] = from_double<T>(value.real());
      return;
    }
    y[2 * i] = from_double<T>(value.real());
    y[2 * i + 1] = from_double<T>(value.imag());
  }

  const bool is_inverse_, is_onesided_, takes_axis_;
  const int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dft(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(check_type(FloatTypes{}, info.input(0), "of a signal"));
  return std::make_unique<Dft>(info);
}

}  // namespace tenon::cpu_ref
