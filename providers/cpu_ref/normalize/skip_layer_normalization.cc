// SkipLayerNormalization: the sum of input, skip and bias, normalized over its last axis to mean 0 and variance 1, with
// the sum itself as a further output. SkipSimplifiedLayerNormalization: normalized by its root mean square. Output may
// be input.
#include <cmath>
#include <tenon/sdk/geometry/lanes.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// With x = input + skip + bias: output = (x - m) / sqrt(v + epsilon) * gamma + beta per row of the last axis.
/// `centers`: m is the mean and v the variance; otherwise m is 0, v the mean of squares, and there is no beta. skip has
/// input's shape, or lacks the batch or has 1 there, and then meets every entry along it. The further outputs are
/// mean and inverse deviation of each row and x. All is computed in double, from the x that was not rounded.
class SkipNormalizeKernel : public sdk::Kernel {
 public:
  SkipNormalizeKernel(const sdk::KernelInfo& info, bool centers)
      : centers_(centers), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::Status check(sdk::RunContext& run) const;
  template <typename T>
  sdk::Status normalize(sdk::RunContext& run) const;

  bool centers_;
  float epsilon_;
};

/// `skip` is as `input`, or as one entry of its batch, batch x sequence x hidden.
bool meets(sdk::ShapeView skip, sdk::ShapeView input) {
  if (to_shape(skip) == to_shape(input)) return true;
  if (input.size() != 3) return false;
  const sdk::Shape entry = to_shape(input.subspan(1, 2));
  return to_shape(skip) == entry || to_shape(skip) == sdk::Shape{1, entry[0], entry[1]};
}

sdk::Status SkipNormalizeKernel::run(sdk::RunContext& run) const {
  TN_RETURN_IF_ERROR(check(run));
  return visit_floats(run.input(0).dtype(), [&](auto tag) { return normalize<decltype(tag)>(run); });
}

sdk::Status SkipNormalizeKernel::check(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0), skip = run.input(1);
  TN_RETURN_IF_ERROR(sdk::check_hidden_rows(x.shape()));
  if (!meets(skip.shape(), x.shape()))
    return sdk::invalid_argument("input skip has shape ", sdk::shape_text(skip.shape()), ", expected ",
                                 sdk::shape_text(x.shape()), " as input, or that without the batch or with 1 there");
  const int64_t hidden = x.dim(x.rank() - 1);
  const char* const names[] = {"gamma", centers_ ? "beta" : "bias", "bias"};
  for (uint32_t i = 2; i < (centers_ ? 5u : 4u); ++i)
    if (run.has_input(i) && (run.input(i).rank() != 1 || run.input(i).dim(0) != hidden))
      return sdk::invalid_argument("input ", names[i - 2], " has shape ", sdk::shape_text(run.input(i).shape()),
                                   ", expected ", hidden, ", the hidden size");
  return {};
}

template <typename T>
sdk::Status SkipNormalizeKernel::normalize(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0), skip = run.input(1);
  const int64_t hidden = x.dim(x.rank() - 1), skip_count = skip.count();
  int64_t rows = 1;
  for (uint32_t d = 0; d + 1 < x.rank(); ++d) rows *= x.dim(d);
  const auto parameter = [&](uint32_t i) { return run.has_input(i) ? run.input(i).data<T>() : nullptr; };
  const T *gamma = parameter(2), *beta = centers_ ? parameter(3) : nullptr, *bias = parameter(centers_ ? 4 : 3);
  TN_ASSIGN_OR_RETURN(double* const sums, run.scratch<double>(static_cast<size_t>(hidden)));
  sdk::Shape statistics = to_shape(x.shape());
  statistics.back() = 1;
  float *means = nullptr, *inverses = nullptr;
  if (run.output_wanted(1)) {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(1, TN_FLOAT, statistics));
    means = t.data<float>();
  }
  if (run.output_wanted(2)) {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(2, TN_FLOAT, statistics));
    inverses = t.data<float>();
  }
  T* total = nullptr;
  if (run.output_wanted(3)) {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(3, x.dtype(), x.shape()));
    total = t.data<T>();
  }
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
  for (int64_t r = 0; r < rows; ++r) {
    // Rows without elements have no mean.
    double mean = centers_ && hidden == 0 ? std::nan("") : 0, squares = 0;
    for (int64_t i = 0; i < hidden; ++i) {
      const int64_t at = r * hidden + i;
      sums[i] = double(x.data<T>()[at]) + double(skip.data<T>()[at % skip_count]) + (bias ? double(bias[i]) : 0.0);
      if (total != nullptr) total[at] = from_double<T>(sums[i]);
      mean += centers_ ? sums[i] / double(hidden) : 0.0;
    }
    for (int64_t i = 0; i < hidden; ++i) squares += (sums[i] - mean) * (sums[i] - mean);
    const double inverse = 1 / std::sqrt(squares / double(hidden) + double(epsilon_));
    if (means != nullptr) means[r] = float(mean);
    if (inverses != nullptr) inverses[r] = float(inverse);
    for (int64_t i = 0; i < hidden; ++i) {
      const double normalized = (sums[i] - mean) * inverse * double(gamma[i]);
      y.data<T>()[r * hidden + i] = from_double<T>(normalized + (beta ? double(beta[i]) : 0.0));
    }
  }
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_skip_layer_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<SkipNormalizeKernel>(info, true);
}

sdk::Result<sdk::KernelPtr> make_skip_simplified_layer_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<SkipNormalizeKernel>(info, false);
}

}  // namespace tenon::cpu_ref
