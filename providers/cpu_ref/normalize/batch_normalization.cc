// BatchNormalization: Y = (X - mean) / sqrt(var + epsilon) * scale + B, one mean and variance per feature. X: N x C x
// D1... (or N, one channel); a feature is a channel, or before opset 9, with spatial = 0, an element of C x D1....
// Inference takes the running mean and variance of the inputs. Training takes the batch's own and updates the running
// ones: running * momentum + batch * (1 - momentum); the variance is the population's. Computed in double.
#include <cmath>
#include <tenon/sdk/geometry/statistics.hpp>
#include <tenon/sdk/kernel.hpp>

#include "parameters.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// X as batch x features x inner.
struct Layout {
  int64_t batch, features, inner;
};

struct Statistics {
  std::vector<double> mean, variance;
};

template <typename T>
Statistics batch_statistics(const Layout& l, const T* x) {
  Statistics s;
  const double count = double(l.batch) * double(l.inner);
  for (int64_t f = 0; f < l.features; ++f) {
    const auto sum_of = [&](auto&& term) {
      double sum = 0;
      for (int64_t n = 0; n < l.batch; ++n)
        for (int64_t i = 0; i < l.inner; ++i) sum += term(double(x[(n * l.features + f) * l.inner + i]));
      return sum;
    };
    const double mean = sum_of([](double v) { return v; }) / count;
    s.mean.push_back(mean);
    s.variance.push_back(sum_of([mean](double v) { return (v - mean) * (v - mean); }) / count);
  }
  return s;
}

class BatchNormalization final : public sdk::Kernel {
 public:
  BatchNormalization(const sdk::KernelInfo& info, bool training)
      : training_(training),
        spatial_(info.attr_int("spatial", 1) != 0),
        epsilon_(info.attr_float("epsilon")),
        momentum_(info.attr_float("momentum")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 1) return sdk::invalid_argument("input X is a scalar, expected N x C x spatial axes");
    TN_ASSIGN_OR_RETURN(const Layout l, layout_of(x));
    for (uint32_t i = 1; i < 5 && spatial_; ++i)
      if (run.input(i).rank() != 1)
        return sdk::invalid_argument("input ", i, " is ", sdk::shape_text(run.input(i).shape()), ", expected ",
                                     l.features, ", one number per channel of X");
    TN_ASSIGN_OR_RETURN(const std::vector<double> scale, read_doubles(run.input(1), l.features, "scale"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> bias, read_doubles(run.input(2), l.features, "B"));
    Statistics s;
    TN_ASSIGN_OR_RETURN(s.mean, read_doubles(run.input(3), l.features, "mean"));
    TN_ASSIGN_OR_RETURN(s.variance, read_doubles(run.input(4), l.features, "var"));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (x.count() == 0 && !training_) return {};
    if (x.count() == 0 && l.features > 0)
      return sdk::invalid_argument("input X has no elements, expected some to train on");
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      if (training_) {
        const Statistics batch = batch_statistics(l, x.data<T>());
        TN_RETURN_IF_ERROR(write_statistics(run, s, batch));
        s = batch;
      }
      for (int64_t p = 0; p < l.batch * l.features; ++p) {
        const size_t f = size_t(p % l.features);
        const double factor = scale[f] / std::sqrt(s.variance[f] + epsilon_);
        for (int64_t i = p * l.inner; i < (p + 1) * l.inner; ++i)
          y.data<T>()[i] = T(Compute<T>((double(x.data<T>()[i]) - s.mean[f]) * factor + bias[f]));
      }
      return {};
    });
  }

 private:
  sdk::Result<Layout> layout_of(const sdk::TensorView& x) const {
    if (x.rank() == 1) return Layout{x.dim(0), 1, 1};
    const size_t rank = x.shape().size();
    TN_ASSIGN_OR_RETURN(const int64_t features, product(x.shape(), 1, spatial_ ? 2 : rank));
    TN_ASSIGN_OR_RETURN(const int64_t inner, product(x.shape(), spatial_ ? 2 : rank, rank));
    return Layout{x.dim(0), features, inner};
  }

  /// Outputs 1 and 2 are the running statistics; 3 and 4, before opset 14, those of the batch.
  sdk::Status write_statistics(sdk::RunContext& run, const Statistics& running, const Statistics& batch) const {
    const std::vector<double>* saved[] = {&batch.mean, &batch.variance};
    const std::vector<double>* old[] = {&running.mean, &running.variance};
    for (uint32_t o = 1; o < run.output_count(); ++o) {
      if (!run.output_wanted(o)) continue;
      const sdk::TensorView like = run.input(o % 2 == 1 ? 3 : 4);
      const std::vector<double>& now = *saved[(o - 1) % 2];
      const std::vector<double>& before = *old[(o - 1) % 2];
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView out, run.output(o, like.dtype(), like.shape()));
      TN_RETURN_IF_ERROR(visit_floats(like.dtype(), [&](auto tag) -> sdk::Status {
        using T = decltype(tag);
        for (size_t f = 0; f < now.size(); ++f) {
          const double updated = o < 3 ? before[f] * momentum_ + now[f] * (1 - momentum_) : now[f];
          out.data<T>()[f] = T(Compute<T>(updated));
        }
        return {};
      }));
    }
    return {};
  }

  bool training_;
  bool spatial_;
  double epsilon_, momentum_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_batch_normalization(const sdk::KernelInfo& info) {
  bool more_outputs = false;
  for (uint32_t i = 1; i < info.output_count(); ++i) more_outputs |= bool(info.output(i));
  // Before opset 14 the outputs say whether the node trains, and before 7 is_test can forbid it.
  const bool training =
      info.since_version() >= 14 ? info.attr_int("training_mode") != 0 : more_outputs && info.attr_int("is_test") == 0;
  TN_RETURN_IF_ERROR(sdk::check_statistics_outputs(info.output_count(), info.since_version()));
  if (info.output_count() == 1 && training)
    return sdk::invalid_model("training_mode is set, but the node has 1 output, expected those of the statistics, too");
  if (more_outputs && !training)
    return sdk::invalid_model("the node has more than one output, expected one: only training has statistics to give");
  return std::make_unique<BatchNormalization>(info, training);
}

}  // namespace tenon::cpu_ref
