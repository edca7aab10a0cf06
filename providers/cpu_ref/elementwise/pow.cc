// Pow: Z = X ^ Y with broadcasting, in X's type whatever Y's. Integers to integer powers wrap around, and negative
// powers truncate: 0 unless X is 1 or -1. Integers to fractional powers are computed in double and truncated. Scratch:
// Y as double and as int64. Z may be X.
#include "broadcast.h"
#include "convert/convert.h"
#include "elementwise/elementwise.h"

namespace tenon::cpu_ref {
namespace {

/// An exponent of an integer type: the bits of an int64_t, or of a uint64_t.
struct WholeExponent {
  int64_t bits;
  bool is_signed;
};

template <typename T>
T integer_power(T base, const WholeExponent& whole) {
  if (whole.is_signed && whole.bits < 0) {
    if (base == 1 || (base == -1 && whole.bits % 2 == 0)) return 1;
    return base == -1 ? T(-1) : T(0);
  }
  T result = 1;
  auto exponent = static_cast<uint64_t>(whole.bits);
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = wrapping_multiply(result, base);
    base = wrapping_multiply(base, base);
  }
  return result;
}

class Pow final : public sdk::Kernel {
 public:
  explicit Pow(BinaryForm form) : form_(form) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const sdk::TensorView y = run.input(1);
    TN_ASSIGN_OR_RETURN(const Broadcast rows, form_.resolve(x.shape(), y.shape()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(0, x.dtype(), rows.shape()));
    TN_ASSIGN_OR_RETURN(double* const powers, run.scratch<double>(static_cast<size_t>(y.count())));
    TN_ASSIGN_OR_RETURN(int64_t* const whole_powers, run.scratch<int64_t>(static_cast<size_t>(y.count())));
    const NumberBlock::Kind kind = read_powers(y, powers, whole_powers);
    const bool is_whole = kind != NumberBlock::Kind::kFloating, is_signed = kind == NumberBlock::Kind::kSigned;
    return visit_list(PowTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* base = x.data<T>();
      T* out = z.template data<T>();
      rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        if (!std::is_integral_v<T> && step[1] == 0 && powers[at[1]] == 2)
          return square(base + at[0], step[0], n, out + begin);
        for (int64_t i = 0; i < n; ++i) {
          const T b = base[at[0] + i * step[0]];
          const int64_t k = at[1] + i * step[1];
          const WholeExponent whole{whole_powers[k], is_signed};
          out[begin + i] = power(b, powers[k], is_whole ? &whole : nullptr);
        }
      });
      return {};
    });
  }

 private:
  template <typename T>
  static void square(const T* base, int64_t step, int64_t count, T* out) {
    for (int64_t i = 0; i < count; ++i) {
      const auto b = static_cast<double>(base[i * step]);
      out[i] = from_double<T>(b * b);
    }
  }

  /// Every exponent as double, and its bits too if the type is one of integers; what is returned says which.
  static NumberBlock::Kind read_powers(const sdk::TensorView& y, double* powers, int64_t* whole_powers) {
    NumberBlock block;
    for (int64_t begin = 0; begin < y.count(); begin += NumberBlock::kCapacity) {
      read_block(y, begin, std::min(y.count() - begin, NumberBlock::kCapacity), block);
      for (int64_t i = 0; i < block.count; ++i) {
        switch (block.kind) {
          case NumberBlock::Kind::kFloating: powers[begin + i] = block.floating[i]; break;
          case NumberBlock::Kind::kSigned: powers[begin + i] = static_cast<double>(block.whole[i]); break;
          case NumberBlock::Kind::kUnsigned:
            powers[begin + i] = static_cast<double>(static_cast<uint64_t>(block.whole[i]));
            break;
        }
        whole_powers[begin + i] = block.kind == NumberBlock::Kind::kFloating ? 0 : block.whole[i];
      }
    }
    return block.kind;
  }

  template <typename T>
  static T power(T base, double exponent, const WholeExponent* whole_exponent) {
    if constexpr (std::is_integral_v<T>) {
      if (whole_exponent != nullptr) return integer_power(base, *whole_exponent);
    }
    return from_double<T>(std::pow(static_cast<double>(base), exponent));
  }

  BinaryForm form_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_pow(const sdk::KernelInfo& info) {
  return std::make_unique<Pow>(BinaryForm(info));
}

}  // namespace tenon::cpu_ref
