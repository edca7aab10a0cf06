// MelWeightMatrix: dft_length / 2 + 1 rows of frequencies by num_mel_bins columns of triangles, which rise from 0 to 1
// and fall again between edges that lie evenly on the mel scale, mel(f) = 2595 log10(1 + f / 700). Edges are whole
// rows.
#include <algorithm>
#include <cmath>

#include "parameters.h"
#include "quantize/dtype_attribute.h"
#include "signal/spectrum.h"

namespace tenon::cpu_ref {
namespace {

double to_mel(double hertz) {
  return 2595 * std::log1p(hertz / 700) / std::log(10.0);
}
double to_hertz(double mel) {
  return 700 * std::expm1(mel / 2595 * std::log(10.0));
}

class MelWeightMatrix final : public sdk::Kernel {
 public:
  explicit MelWeightMatrix(tn_dtype dtype) : dtype_(dtype) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const int64_t bins, read_length(run.input(0), "num_mel_bins"));
    TN_ASSIGN_OR_RETURN(const int64_t length, read_length(run.input(1), "dft_length"));
    TN_ASSIGN_OR_RETURN(const int64_t rate, read_length(run.input(2), "sample_rate"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> low, read_doubles(run.input(3), 1, "lower_edge_hertz"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> high, read_doubles(run.input(4), 1, "upper_edge_hertz"));
    if (bins < 1 || bins > INT32_MAX || length < 1 || length > INT32_MAX || rate < 1)
      return sdk::invalid_argument("num_mel_bins is ", bins, ", dft_length ", length, " and sample_rate ", rate,
                                   ", expected at least 1 of each");
    if (!(low[0] >= 0 && high[0] >= low[0] && high[0] <= double(rate)))
      return sdk::invalid_argument("the edges are ", low[0], " and ", high[0],
                                   " hertz, expected 0 or more, rising, and at most the sample_rate ", rate);
    const int64_t rows = length / 2 + 1, dims[] = {rows, bins};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype_, dims));
    const double step = (to_mel(high[0]) - to_mel(low[0])) / double(bins + 2);
    const auto edge = [&](int64_t i) {
      const double hertz = to_hertz(to_mel(low[0]) + double(i) * step);
      return static_cast<int64_t>(std::floor(double(length + 1) * hertz / double(rate)));
    };
    return visit_numeric(dtype_, [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      std::fill_n(y.data<T>(), y.count(), T(0));
      for (int64_t bin = 0; bin < bins; ++bin)
        draw_triangle(edge(bin), edge(bin + 1), edge(bin + 2), rows,
                      [&](int64_t row, double v) { y.data<T>()[row * bins + bin] = from_double<T>(v); });
      return {};
    });
  }

 private:
  template <typename Put>
  static void draw_triangle(int64_t begin, int64_t top, int64_t end, int64_t rows, Put&& put) {
    if (top == begin && top < rows) put(top, 1);
    for (int64_t row = begin; row <= std::min(top, rows - 1) && top > begin; ++row)
      put(row, double(row - begin) / double(top - begin));
    for (int64_t row = top; row < std::min(end, rows); ++row) put(row, double(end - row) / double(end - top));
  }

  const tn_dtype dtype_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mel_weight_matrix(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const tn_dtype dtype, dtype_attribute(info, "output_datatype"));
  if (dtype == TN_UNDEFINED) return sdk::invalid_model("output_datatype is 0, expected the number of an element type");
  return std::make_unique<MelWeightMatrix>(dtype);
}

}  // namespace tenon::cpu_ref
