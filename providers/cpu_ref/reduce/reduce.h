// Reductions: which elements of the input fold into which element of the output, and the kernel that all Reduce
// operators share.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// Walks a tensor with some axes reduced.
class ReductionPlan {
 public:
  ReductionPlan(sdk::ShapeView shape, std::vector<bool> is_reduced);

  /// The output's shape: reduced axes are 1, or gone.
  sdk::Shape shape(bool keeps_dims) const;
  int64_t reduced_count() const { return count_of(reduced_extents_); }

  /// Calls body(output index, offset of the first input element that folds into it).
  template <typename Body>
  void for_each_result(Body&& body) const {
    int64_t index = 0;
    walk(kept_extents_, kept_strides_, 0, [&](int64_t base) { body(index++, base); });
  }
  /// Calls body(offset) for every input element that folds into the output element at `base`.
  template <typename Body>
  void for_each_reduced(int64_t base, Body&& body) const {
    walk(reduced_extents_, reduced_strides_, base, body);
  }

 private:
  static int64_t count_of(sdk::ShapeView extents) {
    for (int64_t extent : extents)
      if (extent == 0) return 0;
    return sdk::element_count(extents);
  }

  template <typename Body>
  static void walk(const sdk::Shape& extents, const sdk::Shape& strides, int64_t offset, Body&& body) {
    if (count_of(extents) == 0) return;
    if (extents.empty()) {
      body(offset);
      return;
    }
    const size_t last = extents.size() - 1;
    sdk::Shape index(last, 0);
    while (true) {
      for (int64_t i = 0; i < extents[last]; ++i) body(offset + i * strides[last]);
      size_t d = last;
      while (d > 0) {
        --d;
        offset += strides[d];
        if (++index[d] < extents[d]) break;
        offset -= strides[d] * extents[d];
        index[d] = 0;
        if (d == 0) return;
      }
      if (last == 0) return;
    }
  }

  sdk::Shape shape_;
  std::vector<bool> is_reduced_;
  sdk::Shape kept_extents_, kept_strides_;
  sdk::Shape reduced_extents_, reduced_strides_;
};

/// The axes, from an attribute or from input 1, and keepdims of a Reduce operator.
class ReduceForm {
 public:
  explicit ReduceForm(const sdk::KernelInfo& info);
  sdk::Result<ReductionPlan> plan(sdk::RunContext& run) const;
  bool keeps_dims() const { return keeps_dims_; }

 private:
  bool keeps_dims_;
  bool reduces_nothing_by_default_;
  sdk::Shape axes_;
};

/// reduced[o] = f(tag, each, n): `tag` is a T, `n` how many elements fold, each(g) calls g(element) for all of them and
/// may be used more than once. The output must not be the input.
template <typename List, typename F>
class Reduce final : public sdk::Kernel {
 public:
  Reduce(ReduceForm form, F f) : form_(std::move(form)), f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const ReductionPlan plan, form_.plan(run));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), plan.shape(form_.keeps_dims())));
    return visit_list(List{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* in = x.data<T>();
      T* out = y.template data<T>();
      const int64_t n = plan.reduced_count();
      plan.for_each_result([&](int64_t o, int64_t base) {
        const auto each = [&](auto&& g) {
          plan.for_each_reduced(base, [&](int64_t i) { g(static_cast<Compute<T>>(in[i])); });
        };
        out[o] = f_(tag, each, n);
      });
      return {};
    });
  }

 private:
  ReduceForm form_;
  F f_;
};

template <typename List, typename F>
sdk::Result<sdk::KernelPtr> make_reduce(const sdk::KernelInfo& info, F f) {
  return std::make_unique<Reduce<List, F>>(ReduceForm(info), std::move(f));
}

/// The sum over g(element), in Accumulator<T>.
template <typename T, typename Each, typename G>
Accumulator<T> sum_of(const Each& each, G g) {
  Accumulator<T> sum = 0;
  each([&](Compute<T> v) { sum = wrapping_add(sum, g(static_cast<Accumulator<T>>(v))); });
  return sum;
}

}  // namespace tenon::cpu_ref
