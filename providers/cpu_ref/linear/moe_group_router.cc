// MoEGroupRouter: with s = sigmoid(logits) and c = s + expert_bias for each token and expert, those of the n_group
// groups of experts take part whose group_topk largest c add up to the most, topk_group of them, and of their experts
// the top_k with the largest c; they get log(max(s, 1e-20)), all others router_sentinel. Of equals the first wins, and
// NaN loses. Where the second and third outputs are wanted instead, these are c and s of all experts; logits may then
// be the product of the first input, tokens x width, and projection_weight, experts x width. Computed in double.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "arithmetic.h"
#include "elementwise/functions.h"
#include "linear/dot.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr double kLeastWeight = 1e-20;

struct RouterAttributes {
  int64_t top = 1, groups = 1, top_groups = 1, group_top = 2;
  double sentinel = 0;
};

class MoeGroupRouter final : public sdk::Kernel {
 public:
  explicit MoeGroupRouter(RouterAttributes attributes) : attributes_(attributes) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), bias = run.input(1);
    if (x.rank() < 2)
      return sdk::invalid_argument("input logits has shape ", sdk::shape_text(x.shape()), ", expected ... x experts");
    const int64_t width = x.dim(x.rank() - 1), experts = run.has_input(2) ? bias.count() : width;
    if (run.has_input(2))
      TN_RETURN_IF_ERROR(check_shape(run.input(2), "projection_weight", {experts, width}, "experts x width"));
    TN_RETURN_IF_ERROR(check_shape(bias, "expert_bias", {experts}, "a number for each expert"));
    const RouterAttributes& a = attributes_;
    if (experts < 1 || a.groups > experts || experts % a.groups != 0 || a.top_groups > a.groups || a.top > experts)
      return sdk::invalid_argument("there are ", experts, " experts, of which ", a.top, " are asked for, from ",
                                   a.top_groups, " of ", a.groups,
                                   " groups, expected groups of equal size and no more than there are");
    TN_ASSIGN_OR_RETURN(const int64_t tokens, product(x.shape(), 0, x.shape().size() - 1));
    return visit_floats(x.dtype(), [&](auto tag) { return route<decltype(tag)>(run, tokens, experts, width); });
  }

 private:
  template <typename T>
  sdk::Status route(sdk::RunContext& run, int64_t tokens, int64_t experts, int64_t width) const {
    const int64_t dims[] = {tokens, experts};
    const sdk::TensorView x = run.input(0);
    const float* const bias = run.input(1).data<float>();
    T* routed = nullptr;
    float *scores = nullptr, *weights = nullptr;
    if (run.output_wanted(0)) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(0, x.dtype(), dims));
      routed = t.data<T>();
    } else {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView first, run.output(1, TN_FLOAT, dims));
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView second, run.output(2, TN_FLOAT, dims));
      scores = first.data<float>(), weights = second.data<float>();
    }
    std::vector<double> s(static_cast<size_t>(experts)), c(s.size());
    for (int64_t t = 0; t < tokens && !run.cancelled(); ++t) {
      for (int64_t e = 0; e < experts; ++e) {
        const double logit = run.has_input(2) ? dot(x.data<T>() + t * width, run.input(2).data<T>() + e * width, width)
                                              : double(x.data<T>()[t * width + e]);
        s[size_t(e)] = sigmoid(logit);
        c[size_t(e)] = s[size_t(e)] + double(bias[e]);
      }
      if (routed == nullptr) {
        std::transform(c.begin(), c.end(), scores + t * experts, [](double v) { return float(v); });
        std::transform(s.begin(), s.end(), weights + t * experts, [](double v) { return float(v); });
        continue;
      }
      T* const row = routed + t * experts;
      std::fill_n(row, experts, from_double<T>(attributes_.sentinel));
      for (const int64_t e : choose(c)) row[e] = from_double<T>(std::log(nan_max(s[size_t(e)], kLeastWeight)));
    }
    return {};
  }

  /// The first `count` of candidates in the order of their values, the largest first.
  template <typename Value>
  static void keep_largest(std::vector<int64_t>& candidates, int64_t count, const Value& value) {
    std::stable_sort(candidates.begin(), candidates.end(), [&](int64_t a, int64_t b) {
      const double left = value(a), right = value(b);
      return right != right ? left == left : left > right;
    });
    candidates.resize(std::min(candidates.size(), static_cast<size_t>(count)));
  }

  std::vector<int64_t> choose(const std::vector<double>& c) const {
    const int64_t size = static_cast<int64_t>(c.size()) / attributes_.groups;
    std::vector<int64_t> groups(static_cast<size_t>(attributes_.groups)), experts;
    std::iota(groups.begin(), groups.end(), 0);
    std::vector<double> sums;
    for (const int64_t g : groups) {
      std::vector<double> sorted(c.begin() + g * size, c.begin() + (g + 1) * size);
      std::sort(sorted.begin(), sorted.end(), [](double a, double b) { return b != b ? a == a : a > b; });
      sums.push_back(std::accumulate(sorted.begin(), sorted.begin() + std::min(attributes_.group_top, size), 0.0));
    }
    keep_largest(groups, attributes_.top_groups, [&](int64_t g) { return sums[size_t(g)]; });
    std::sort(groups.begin(), groups.end());
    for (const int64_t g : groups)
      for (int64_t e = g * size; e < (g + 1) * size; ++e) experts.push_back(e);
    keep_largest(experts, attributes_.top, [&](int64_t e) { return c[size_t(e)]; });
    return experts;
  }

  const RouterAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_moe_group_router(const sdk::KernelInfo& info) {
  RouterAttributes a{info.attr_int("top_k"), info.attr_int("n_group"), info.attr_int("topk_group"),
                     info.attr_int("group_topk"), info.attr_float("router_sentinel")};
  if (a.top < 1 || a.groups < 1 || a.top_groups < 1 || a.group_top < 1)
    return sdk::invalid_model("attributes top_k, n_group, topk_group and group_topk are ", a.top, ", ", a.groups, ", ",
                              a.top_groups, " and ", a.group_top, ", expected positive numbers");
  const auto wants = [&](uint32_t i) { return i < info.output_count() && info.output(i); };
  if (wants(1) != wants(2) || wants(0) == wants(1))
    return sdk::invalid_model("of router_probs, selection_scores and router_weights ",
                              int(wants(0)) + int(wants(1)) + int(wants(2)),
                              " are wanted, expected the first alone or both others");
  if (wants(1) && (a.groups != 1 || a.top_groups != 1))
    return sdk::invalid_model("attributes n_group and topk_group are ", a.groups, " and ", a.top_groups,
                              ", expected 1 where the scores of all experts are wanted");
  if (!wants(1) && info.input_count() > 2 && info.input(2))
    return sdk::invalid_model("input projection_weight is given, expected none where router_probs is wanted");
  return std::make_unique<MoeGroupRouter>(a);
}

}  // namespace tenon::cpu_ref
