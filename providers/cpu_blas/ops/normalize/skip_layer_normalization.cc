// SkipLayerNormalization: the sum of input, skip and bias, normalized over its last axis to mean 0 and variance 1, with
// the sum itself as a further output. SkipSimplifiedLayerNormalization: normalized by its root mean square. Skip has
// the input's shape, or lacks the batch or has 1 there. Output may be input.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"
#include "simd/normalize.h"
#include "simd/reduce.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

bool equal(sdk::ShapeView a, sdk::ShapeView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// `skip` is as `input`, or as one entry of its batch, batch x sequence x hidden.
bool meets(sdk::ShapeView skip, sdk::ShapeView input) {
  if (equal(skip, input)) return true;
  if (input.size() != 3) return false;
  return equal(skip, input.subspan(1, 2)) ||
         (skip.size() == 3 && skip[0] == 1 && equal(skip.subspan(1, 2), input.subspan(1, 2)));
}

class SkipNormalization final : public sdk::Kernel {
 public:
  /// `centers`: mean and variance; otherwise the root mean square, without beta.
  SkipNormalization(const sdk::KernelInfo& info, bool centers)
      : node_(describe(info)), centers_(centers), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_RETURN_IF_ERROR(check(run));
    const sdk::TensorView x = run.input(0), skip = run.input(1);
    const int64_t hidden = x.dim(x.rank() - 1), rows = extent(x.shape(), 0, x.rank() - 1);
    const int64_t skip_rows = extent(skip.shape(), 0, skip.rank() - 1);
    const auto parameter = [&](uint32_t i) { return run.has_input(i) ? run.input(i).data<float>() : nullptr; };
    const float *gamma = parameter(2), *beta = centers_ ? parameter(3) : nullptr, *bias = parameter(centers_ ? 4 : 3);
    sdk::Shape statistics(x.shape().begin(), x.shape().end());
    statistics.back() = 1;
    float* further[3] = {};  // mean, inverse deviation, sum
    for (uint32_t i = 1; i < 4; ++i) {
      if (i >= run.output_count() || !run.output_wanted(i)) continue;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t,
                          run.output(i, TN_FLOAT, i == 3 ? x.shape() : sdk::ShapeView(statistics)));
      further[i - 1] = t.data<float>();
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    run.parallel_for(rows, static_cast<double>(hidden) * 0.5 + 20, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        float* out = y.data<float>() + r * hidden;
        float* sum = further[2] == nullptr ? out : further[2] + r * hidden;
        simd::add_rows(x.data<float>() + r * hidden, skip.data<float>() + r % skip_rows * hidden, bias, sum, hidden);
        float mean = 0, inverse;
        if (centers_) {
          simd::layer_norm_row(sum, gamma, beta, epsilon_, out, hidden, &mean, &inverse);
        } else {
          const double squares = simd::fold_row(simd::Fold::kSquares, sum, hidden);
          inverse =
              static_cast<float>(1 / std::sqrt(squares / static_cast<double>(hidden) + static_cast<double>(epsilon_)));
          simd::scale_row(sum, inverse, gamma, out, hidden);
        }
        if (further[0] != nullptr) further[0][r] = mean;
        if (further[1] != nullptr) further[1][r] = inverse;
      }
    });
    return {};
  }

 private:
  sdk::Status check(sdk::RunContext& run) const {
    const sdk::TensorView x = run.input(0), skip = run.input(1);
    TN_RETURN_IF_ERROR(sdk::check_hidden_rows(x.shape()));
    if (!meets(skip.shape(), x.shape()))
      return sdk::invalid_argument(node_, ": input skip has shape ", sdk::shape_text(skip.shape()), ", expected ",
                                   sdk::shape_text(x.shape()), " as input, or that without the batch or with 1 there");
    const int64_t hidden = x.dim(x.rank() - 1);
    for (uint32_t i = 2; i < (centers_ ? 5u : 4u); ++i)
      if (run.has_input(i) && (run.input(i).rank() != 1 || run.input(i).dim(0) != hidden))
        return sdk::invalid_argument(node_, ": input ", i, " has shape ", sdk::shape_text(run.input(i).shape()),
                                     ", expected ", hidden, ", the hidden size");
    return {};
  }

  std::string node_;
  bool centers_;
  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_skip_layer_normalization(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<SkipNormalization>(info, true));
}

sdk::Result<sdk::KernelPtr> make_skip_simplified_layer_normalization(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<SkipNormalization>(info, false));
}

}  // namespace tenon::cpu_blas
