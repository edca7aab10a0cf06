// QLinearAdd and QLinearMul: C = quantized(f(a, b)) of the real numbers a and b that A and B stand for, with
// broadcasting. QLinearSigmoid and QLinearLeakyRelu: Y = quantized(f(x)). QLinearWhere: Z = quantized(condition ? x :
// y). C, Y and Z may be the first input.
#include <cmath>

#include "broadcast.h"
#include "quantize/quantization.h"

namespace tenon::cpu_ref {
namespace {

template <typename F>
class QLinearBinary final : public sdk::Kernel {
 public:
  explicit QLinearBinary(F f) : f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(3);
    TN_ASSIGN_OR_RETURN(const Quantization of_a, quantization_of(run, 1, 2, "A"));
    TN_ASSIGN_OR_RETURN(const Quantization of_b, quantization_of(run, 4, 5, "B"));
    TN_ASSIGN_OR_RETURN(const Quantization of_c, quantization_of(run, 6, 7, "C"));
    const sdk::ShapeView shapes[] = {a.shape(), b.shape()};
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create(shapes));
    return visit_list(ByteTypes{}, a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView c, run.output(0, a.dtype(), rows.shape()));
      const auto reals_a = real_numbers<T>(of_a), reals_b = real_numbers<T>(of_b);
      const auto *left = static_cast<const uint8_t*>(a.raw()), *right = static_cast<const uint8_t*>(b.raw());
      T* out = c.template data<T>();
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        quantize_each(n, of_c, out + begin, [&](int64_t i) {
          return f_(reals_a[left[at[0] + i * step[0]]], reals_b[right[at[1] + i * step[1]]]);
        });
      });
      return {};
    });
  }

 private:
  F f_;
};

template <typename F>
sdk::Result<sdk::KernelPtr> make_qlinear_binary(F f) {
  return std::make_unique<QLinearBinary<F>>(std::move(f));
}

template <typename F>
class QLinearUnary final : public sdk::Kernel {
 public:
  explicit QLinearUnary(F f) : f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Quantization of_x, quantization_of(run, 1, 2, "X"));
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, 3, 4, "Y"));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_list(ByteTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      std::array<T, 256> table;
      const auto reals = real_numbers<T>(of_x);
      for (size_t i = 0; i < table.size(); ++i) table[i] = quantized<T>(f_(reals[i]), of_y);
      const auto* in = static_cast<const uint8_t*>(x.raw());
      T* out = y.template data<T>();
      for (int64_t i = 0; i < x.count(); ++i) out[i] = table[in[i]];
      return {};
    });
  }

 private:
  F f_;
};

template <typename F>
sdk::Result<sdk::KernelPtr> make_qlinear_unary(F f) {
  return std::make_unique<QLinearUnary<F>>(std::move(f));
}

class QLinearWhere final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView condition = run.input(0), x = run.input(1), y = run.input(4);
    TN_ASSIGN_OR_RETURN(const Quantization of_x, quantization_of(run, 2, 3, "X"));
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, 5, 6, "Y"));
    TN_ASSIGN_OR_RETURN(const Quantization of_z, quantization_of(run, 7, 8, "Z"));
    const sdk::ShapeView shapes[] = {condition.shape(), x.shape(), y.shape()};
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create(shapes));
    return visit_list(ByteTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(0, x.dtype(), rows.shape()));
      const auto reals_x = real_numbers<T>(of_x), reals_y = real_numbers<T>(of_y);
      const bool* chosen = condition.data<bool>();
      const auto *yes = static_cast<const uint8_t*>(x.raw()), *no = static_cast<const uint8_t*>(y.raw());
      T* out = z.template data<T>();
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i)
          out[begin + i] = quantized<T>(
              chosen[at[0] + i * step[0]] ? reals_x[yes[at[1] + i * step[1]]] : reals_y[no[at[2] + i * step[2]]], of_z);
      });
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_add(const sdk::KernelInfo&) {
  return make_qlinear_binary([](double a, double b) { return a + b; });
}

sdk::Result<sdk::KernelPtr> make_qlinear_mul(const sdk::KernelInfo&) {
  return make_qlinear_binary([](double a, double b) { return a * b; });
}

sdk::Result<sdk::KernelPtr> make_qlinear_sigmoid(const sdk::KernelInfo&) {
  return make_qlinear_unary([](double x) { return 1 / (1 + std::exp(-x)); });
}

sdk::Result<sdk::KernelPtr> make_qlinear_leaky_relu(const sdk::KernelInfo& info) {
  return make_qlinear_unary([alpha = double(info.attr_float("alpha"))](double x) { return x < 0 ? alpha * x : x; });
}

sdk::Result<sdk::KernelPtr> make_qlinear_where(const sdk::KernelInfo&) {
  return std::make_unique<QLinearWhere>();
}

}  // namespace tenon::cpu_ref
