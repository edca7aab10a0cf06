// Kernels that apply one function to every element. Each maker takes a list of element types and a function of values
// in their compute types (float for the half types); the function must be stateless but for constant captures. One
// operation is counted for each application of a function to floating point.
#pragma once

#include <algorithm>
#include <tenon/sdk/geometry/broadcast.hpp>
#include <utility>

#include "arithmetic.h"
#include "broadcast.h"

namespace tenon::cpu_ref {

template <typename T>
void count_applications(sdk::RunContext& run, int64_t count) {
  if constexpr (std::is_floating_point_v<Compute<T>>) run.count(TN_COUNT_FLOPS, static_cast<uint64_t>(count));
}

/// Y[i] = f(X[i]), in X's type unless Out says otherwise. Y may be X.
template <typename List, typename Out, typename F>
class Unary final : public sdk::Kernel {
 public:
  explicit Unary(F f) : f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    return visit_list(List{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      using To = std::conditional_t<std::is_void_v<Out>, T, Out>;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<To>, x.shape()));
      const T* in = x.data<T>();
      To* out = y.template data<To>();
      const int64_t count = x.count();
      count_applications<T>(run, count);
      const F f = f_;  // whose attributes, as far as compilers know, the output might overwrite
      for (int64_t i = 0; i < count; ++i) out[i] = static_cast<To>(f(static_cast<Compute<T>>(in[i])));
      return {};
    });
  }

 private:
  F f_;
};

template <typename List, typename F>
sdk::Result<sdk::KernelPtr> make_unary(F f) {
  return std::make_unique<Unary<List, void, F>>(std::move(f));
}

/// Y is bool.
template <typename List, typename F>
sdk::Result<sdk::KernelPtr> make_predicate(F f) {
  return std::make_unique<Unary<List, bool, F>>(std::move(f));
}

/// C = f(A, B) with broadcasting, in the inputs' type unless Out says otherwise. C may be A or B if its element type is
/// theirs.
template <typename List, typename Out, typename F>
class Binary final : public sdk::Kernel {
 public:
  Binary(BinaryForm form, F f) : form_(form), f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    TN_ASSIGN_OR_RETURN(const Broadcast rows, form_.resolve(a.shape(), b.shape()));
    return visit_list(List{}, a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      using To = std::conditional_t<std::is_void_v<Out>, T, Out>;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView c, run.output(0, sdk::kDTypeOf<To>, rows.shape()));
      const T* left = a.data<T>();
      const T* right = b.data<T>();
      To* out = c.template data<To>();
      count_applications<T>(run, c.count());
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i)
          out[begin + i] = static_cast<To>(f_(static_cast<Compute<T>>(left[at[0] + i * step[0]]),
                                              static_cast<Compute<T>>(right[at[1] + i * step[1]])));
      });
      return {};
    });
  }

 private:
  BinaryForm form_;
  F f_;
};

template <typename List, typename F>
sdk::Result<sdk::KernelPtr> make_binary(const sdk::KernelInfo& info, F f) {
  return std::make_unique<Binary<List, void, F>>(BinaryForm(info), std::move(f));
}

/// C is bool.
template <typename List, typename F>
sdk::Result<sdk::KernelPtr> make_comparison(const sdk::KernelInfo& info, F f) {
  return std::make_unique<Binary<List, bool, F>>(BinaryForm(info), std::move(f));
}

/// Y = finish(fold(... fold(X0, X1) ..., Xn-1), n) with broadcasting among all inputs, since opset 8; values are held
/// in Accumulator<T>. Y may be any input.
template <typename List, typename Fold, typename Finish>
class Variadic final : public sdk::Kernel {
 public:
  Variadic(int version, Fold fold, Finish finish)
      : version_(version), fold_(std::move(fold)), finish_(std::move(finish)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    std::vector<sdk::TensorView> inputs;
    std::vector<sdk::ShapeView> shapes;
    for (uint32_t k = 0; k < run.input_count(); ++k) {
      if (!run.has_input(k)) return sdk::invalid_model("input ", k, " is left out, expected every input to be there");
      inputs.push_back(run.input(k));
      shapes.push_back(inputs.back().shape());
      TN_RETURN_IF_ERROR(sdk::check_variadic(shapes[0], shapes.back(), version_));
    }
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create(shapes));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, inputs[0].dtype(), rows.shape()));
    return visit_list(List{}, inputs[0].dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      T* out = y.template data<T>();
      count_applications<T>(run, y.count() * (run.input_count() - 1));
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        Accumulator<T> values[kBlock];
        for (int64_t first = 0; first < n; first += kBlock) {
          const int64_t count = std::min(kBlock, n - first);
          for (size_t k = 0; k < inputs.size(); ++k) {
            const T* in = inputs[k].template data<T>() + at[k] + first * step[k];
            // A step that the compiler knows makes the usual loop one over vectors.
            if (step[k] == 1) {
              add_input(k == 0, in, 1, count, values);
            } else {
              add_input(k == 0, in, step[k], count, values);
            }
          }
          for (int64_t i = 0; i < count; ++i)
            out[begin + first + i] = from_accumulator<T>(finish_(values[i], inputs.size()));
        }
      });
      return {};
    });
  }

 private:
  static constexpr int64_t kBlock = 256;  // elements that all inputs are folded into before the next

  template <typename T>
  void add_input(bool is_first, const T* in, int64_t step, int64_t count, Accumulator<T>* values) const {
    const auto element = [&](int64_t i) { return static_cast<Accumulator<T>>(static_cast<Compute<T>>(in[i * step])); };
    if (is_first) {
      for (int64_t i = 0; i < count; ++i) values[i] = element(i);
    } else {
      for (int64_t i = 0; i < count; ++i) values[i] = fold_(values[i], element(i));
    }
  }

  int version_;
  Fold fold_;
  Finish finish_;
};

template <typename List, typename Fold, typename Finish>
sdk::Result<sdk::KernelPtr> make_variadic(const sdk::KernelInfo& info, Fold fold, Finish finish) {
  return std::make_unique<Variadic<List, Fold, Finish>>(info.since_version(), std::move(fold), std::move(finish));
}

}  // namespace tenon::cpu_ref
