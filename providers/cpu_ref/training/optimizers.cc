// Adagrad, Adam and Momentum: one step of an optimizer on n tensors. Inputs: learning rate R and update count T, both
// one number, then n tensors X, their n gradients G, and for each kind of state n tensors; outputs: the n new X, then
// the new states. All tensors that belong to one X have its shape and type; different X may differ. With r =
// norm_coefficient
// * X + G, element by element, in double:
//   Adagrad   H' = H + r^2;  X' = X - R / (1 + T * decay_factor) * r / (sqrt(H') + epsilon)
//   Adam      V' = alpha * V + (1 - alpha) * r;  H' = beta * H + (1 - beta) * r^2;
//             X' = (1 - norm_coefficient_post) * (X - R' * V' / (sqrt(H') + epsilon)),
//             where R' = R * sqrt(1 - beta^T) / (1 - alpha^T) for T > 0, else R
//   Momentum  V' = alpha * V + b * r;  X' = X - R * V', or nesterov: X - R * (r + alpha * V'), where b is beta for T >
//   0,
//             else 1
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

/// One element of X with its states, which step() brings up to date.
struct Optimized {
  double x;
  double states[2];
};

class AdagradRule {
 public:
  static constexpr uint32_t kStates = 1;
  static sdk::Result<AdagradRule> create(const sdk::KernelInfo& info) { return AdagradRule(info); }
  double rate(double r, int64_t t) const { return r / (1 + double(t) * decay_factor_); }
  void step(Optimized& o, double gradient, double rate, int64_t) const {
    const double regularized = norm_coefficient_ * o.x + gradient;
    o.states[0] += regularized * regularized;
    o.x -= rate * regularized / (std::sqrt(o.states[0]) + epsilon_);
  }

 private:
  explicit AdagradRule(const sdk::KernelInfo& info)
      : norm_coefficient_(info.attr_float("norm_coefficient")),
        decay_factor_(info.attr_float("decay_factor")),
        epsilon_(info.attr_float("epsilon")) {}
  double norm_coefficient_, decay_factor_, epsilon_;
};

class AdamRule {
 public:
  static constexpr uint32_t kStates = 2;
  static sdk::Result<AdamRule> create(const sdk::KernelInfo& info) { return AdamRule(info); }
  double rate(double r, int64_t t) const {
    return t > 0 ? r * std::sqrt(1 - std::pow(beta_, double(t))) / (1 - std::pow(alpha_, double(t))) : r;
  }
  void step(Optimized& o, double gradient, double rate, int64_t) const {
    const double regularized = norm_coefficient_ * o.x + gradient;
    o.states[0] = alpha_ * o.states[0] + (1 - alpha_) * regularized;
    o.states[1] = beta_ * o.states[1] + (1 - beta_) * regularized * regularized;
    o.x = (1 - norm_coefficient_post_) * (o.x - rate * o.states[0] / (std::sqrt(o.states[1]) + epsilon_));
  }

 private:
  explicit AdamRule(const sdk::KernelInfo& info)
      : norm_coefficient_(info.attr_float("norm_coefficient")),
        norm_coefficient_post_(info.attr_float("norm_coefficient_post")),
        alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        epsilon_(info.attr_float("epsilon")) {}
  double norm_coefficient_, norm_coefficient_post_, alpha_, beta_, epsilon_;
};

class MomentumRule {
 public:
  static constexpr uint32_t kStates = 1;
  static sdk::Result<MomentumRule> create(const sdk::KernelInfo& info) {
    const std::string mode = info.attr_string("mode");
    if (mode != "standard" && mode != "nesterov")
      return sdk::invalid_model("attribute mode is '", mode, "', expected standard or nesterov");
    return MomentumRule(info, mode == "nesterov");
  }
  double rate(double r, int64_t) const { return r; }
  void step(Optimized& o, double gradient, double rate, int64_t t) const {
    const double regularized = norm_coefficient_ * o.x + gradient;
    o.states[0] = alpha_ * o.states[0] + (t > 0 ? beta_ : 1) * regularized;
    o.x -= rate * (is_nesterov_ ? regularized + alpha_ * o.states[0] : o.states[0]);
  }

 private:
  MomentumRule(const sdk::KernelInfo& info, bool is_nesterov)
      : norm_coefficient_(info.attr_float("norm_coefficient")),
        alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        is_nesterov_(is_nesterov) {}
  double norm_coefficient_, alpha_, beta_;
  bool is_nesterov_;
};

template <typename Rule>
class Optimizer final : public sdk::Kernel {
 public:
  Optimizer(const Rule& rule, uint32_t count) : rule_(rule), count_(count) {}

  sdk::Status run(sdk::RunContext& run) const override {
    for (uint32_t i = 0; i < 2; ++i)
      if (run.input(i).count() != 1)
        return sdk::invalid_argument("input ", i == 0 ? "R" : "T", " has shape ", sdk::shape_text(run.input(i).shape()),
                                     ", expected a scalar");
    const sdk::TensorView r = run.input(0);
    const double given = r.dtype() == TN_DOUBLE ? *r.data<double>() : double(*r.data<float>());
    const int64_t t = *run.input(1).data<int64_t>();
    const double rate = rule_.rate(given, t);
    for (uint32_t i = 0; i < count_ && !run.cancelled(); ++i)
      TN_RETURN_IF_ERROR(visit_list(TypeList<float, double>{}, run.input(2 + i).dtype(),
                                    [&](auto tag) { return optimize<decltype(tag)>(run, i, rate, t); }));
    return {};
  }

 private:
  template <typename T>
  sdk::Status optimize(sdk::RunContext& run, uint32_t i, double rate, int64_t t) const {
    const sdk::TensorView x = run.input(2 + i);
    for (uint32_t part = 1; part < 2 + Rule::kStates; ++part) {
      const sdk::TensorView other = run.input(2 + part * count_ + i);
      if (other.dtype() != x.dtype() ||
          !std::equal(other.shape().begin(), other.shape().end(), x.shape().begin(), x.shape().end()))
        return sdk::invalid_argument("input ", 2 + part * count_ + i, " is ", sdk::dtype_name(other.dtype()),
                                     " of shape ", sdk::shape_text(other.shape()), ", expected ",
                                     sdk::dtype_name(x.dtype()), " of ", sdk::shape_text(x.shape()), " as input ",
                                     2 + i, ", which it belongs to");
    }
    const T* states[Rule::kStates];
    T* results[1 + Rule::kStates];
    for (uint32_t s = 0; s < Rule::kStates; ++s) states[s] = run.input(2 + (2 + s) * count_ + i).data<T>();
    for (uint32_t part = 0; part < 1 + Rule::kStates; ++part) {
      results[part] = nullptr;
      if (!run.output_wanted(part * count_ + i)) continue;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(part * count_ + i, x.dtype(), x.shape()));
      results[part] = y.data<T>();
    }
    const T* gradient = run.input(2 + count_ + i).data<T>();
    run.parallel_for(x.count(), 10, [&](int64_t begin, int64_t end) {
      for (int64_t e = begin; e < end; ++e) {
        Optimized o{double(x.data<T>()[e]), {}};
        for (uint32_t s = 0; s < Rule::kStates; ++s) o.states[s] = double(states[s][e]);
        rule_.step(o, double(gradient[e]), rate, t);
        if (results[0]) results[0][e] = from_double<T>(o.x);
        for (uint32_t s = 0; s < Rule::kStates; ++s)
          if (results[1 + s]) results[1 + s][e] = from_double<T>(o.states[s]);
      }
    });
    return {};
  }

  Rule rule_;
  uint32_t count_;  // of optimized tensors
};

template <typename Rule>
sdk::Result<sdk::KernelPtr> make_optimizer(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Rule rule, Rule::create(info));
  constexpr uint32_t kParts = 2 + Rule::kStates;
  const uint32_t tensors = info.input_count() - 2, count = tensors / kParts;
  if (count == 0 || tensors % kParts != 0)
    return sdk::invalid_model(tensors, " inputs follow R and T, expected a multiple of ", kParts,
                              ": tensors, their gradients, and their states");
  if (info.output_count() > count * (1 + Rule::kStates))
    return sdk::invalid_model(info.output_count(), " outputs, expected ", count * (1 + Rule::kStates),
                              ": the new tensors and their new states");
  return std::make_unique<Optimizer<Rule>>(rule, count);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_adagrad(const sdk::KernelInfo& info) {
  return make_optimizer<AdagradRule>(info);
}

sdk::Result<sdk::KernelPtr> make_adam(const sdk::KernelInfo& info) {
  return make_optimizer<AdamRule>(info);
}

sdk::Result<sdk::KernelPtr> make_momentum(const sdk::KernelInfo& info) {
  return make_optimizer<MomentumRule>(info);
}

}  // namespace tenon::cpu_ref
