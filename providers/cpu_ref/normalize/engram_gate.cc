// EngramGate: for each token and branch, of key and query (batch x sequence x branches x hidden) and a value that the
// branches share (batch x sequence x hidden),
//   s = the sum of norm(key) key_norm_scale norm(query) query_norm_scale, / sqrt(hidden)
//   y = sigmoid(sign(s) sqrt(max(|s|, 1e-6))) value
// where norm(x) is x / sqrt(mean of squares + epsilon); the scales are branches x hidden. The second output is norm(y)
// conv_norm_scale, of the y that was not rounded. Computed in double; y may be key.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr double kLeastScore = 1e-6;
constexpr uint32_t kEngramKey = 0, kEngramQuery = 1, kEngramValue = 2, kEngramKeyScale = 3, kEngramQueryScale = 4,
                   kEngramConvScale = 5;

class EngramGate final : public sdk::Kernel {
 public:
  explicit EngramGate(double epsilon) : epsilon_(epsilon) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView key = run.input(kEngramKey);
    if (key.rank() != 4)
      return sdk::invalid_argument("input key has shape ", sdk::shape_text(key.shape()),
                                   ", expected batch x sequence x branches x hidden");
    const sdk::Shape all = to_shape(key.shape()), shared{all[0], all[1], all[3]}, scale{all[2], all[3]};
    TN_RETURN_IF_ERROR(check_shape(run, kEngramQuery, "query", all));
    TN_RETURN_IF_ERROR(check_shape(run, kEngramValue, "value", shared));
    TN_RETURN_IF_ERROR(check_shape(run, kEngramKeyScale, "key_norm_scale", scale));
    TN_RETURN_IF_ERROR(check_shape(run, kEngramQueryScale, "query_norm_scale", scale));
    TN_RETURN_IF_ERROR(check_shape(run, kEngramConvScale, "conv_norm_scale", scale));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, key.dtype(), all));
    sdk::MutableTensorView normed;
    if (run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(normed, run.output(1, key.dtype(), all));
    }
    return visit_floats(key.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t rows = key.count() / std::max<int64_t>(all[3], 1);
      run.parallel_for(rows, double(all[3]) * 10, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end && !run.cancelled(); ++row)
          gate(run, row, all[2], all[3], y.data<T>(), normed.raw() == nullptr ? nullptr : normed.data<T>());
      });
      return {};
    });
  }

 private:
  /// Row `row` of all tokens and branches.
  template <typename T>
  void gate(const sdk::RunContext& run, int64_t row, int64_t branches, int64_t size, T* y, T* normed) const {
    const T* const key = run.input(kEngramKey).data<T>() + row * size;
    const T* const query = run.input(kEngramQuery).data<T>() + row * size;
    const T* const value = run.input(kEngramValue).data<T>() + row / branches * size;
    const int64_t first = row % branches * size;
    const T* const key_scale = run.input(kEngramKeyScale).data<T>() + first;
    const T* const query_scale = run.input(kEngramQueryScale).data<T>() + first;
    double sum = 0, key_squares = 0, query_squares = 0, value_squares = 0;
    for (int64_t i = 0; i < size; ++i) {
      const double k = double(key[i]), q = double(query[i]), v = double(value[i]);
      sum += k * double(key_scale[i]) * q * double(query_scale[i]);
      key_squares += k * k;
      query_squares += q * q;
      value_squares += v * v;
    }
    const double n = double(size);
    const double norms = std::sqrt(key_squares / n + epsilon_) * std::sqrt(query_squares / n + epsilon_);
    const double score = sum / norms / std::sqrt(n);
    const double root = std::sqrt(std::max(std::fabs(score), kLeastScore));
    const double factor = score == 0 ? 0.5 : 1 / (1 + std::exp(score < 0 ? root : -root));
    for (int64_t i = 0; i < size; ++i) y[row * size + i] = from_double<T>(factor * double(value[i]));
    if (normed == nullptr) return;
    const T* const scale = run.input(kEngramConvScale).data<T>() + first;
    const double inverse = factor / std::sqrt(factor * factor * value_squares / n + epsilon_);
    for (int64_t i = 0; i < size; ++i)
      normed[row * size + i] = from_double<T>(double(value[i]) * inverse * double(scale[i]));
  }

  const double epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_engram_gate(const sdk::KernelInfo& info) {
  if (info.output_count() > 1 && info.output(1) &&
      !(info.input_count() > kEngramConvScale && info.input(kEngramConvScale)))
    return sdk::invalid_model(
        "output gated_value_normed is wanted, but input conv_norm_scale is left out, expected both");
  return std::make_unique<EngramGate>(info.attr_float("epsilon"));
}

}  // namespace tenon::cpu_ref
