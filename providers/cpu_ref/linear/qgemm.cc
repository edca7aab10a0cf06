// QGemm: Y = alpha a_scale b_scale (sum + C), where sum is the matrix product of A' - a_zero_point and B' -
// b_zero_point in int32, which wraps around; A' is A or its transpose, B' likewise, and C broadcasts to the result.
// Y is divided by y_scale, and with y_zero_point it is quantized, else float. Scale and zero point of B are one for all
// or one per column of B'. Scratch: that of multiply_integers, and what is transposed.
#include <cmath>
#include <tenon/sdk/geometry/matmul.hpp>

#include "linear/integer_matrices.h"
#include "quantize/quantization.h"

namespace tenon::cpu_ref {
namespace {

/// C of any shape that broadcasts to rows x columns.
struct Addend {
  const int32_t* values = nullptr;  // null: none
  int64_t row_step = 0, column_step = 0;
  int32_t at(int64_t row, int64_t column) const {
    return values == nullptr ? 0 : values[row * row_step + column * column_step];
  }
};

class QGemm final : public sdk::Kernel {
 public:
  static constexpr uint32_t kA = 0, kAScale = 1, kAZero = 2, kB = 3, kBScale = 4, kBZero = 5, kC = 6, kYScale = 7,
                            kYZero = 8;

  explicit QGemm(const sdk::KernelInfo& info)
      : alpha_(double(info.attr_float("alpha"))),
        transposes_a_(info.attr_int("transA") != 0),
        transposes_b_(info.attr_int("transB") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    return visit_list(ByteTypes{}, run.input(kA).dtype(), [&](auto a) {
      return visit_list(ByteTypes{}, run.input(kB).dtype(),
                        [&](auto b) { return multiply<decltype(a), decltype(b)>(run); });
    });
  }

 private:
  /// The matrix with its rows one behind the other.
  template <typename T>
  static sdk::Result<const T*> rows_of(sdk::RunContext& run, const sdk::TensorView& x, bool transposes) {
    if (!transposes) return x.data<T>();
    TN_ASSIGN_OR_RETURN(T* const rows, run.scratch<T>(size_t(x.count())));
    for (int64_t i = 0; i < x.dim(0); ++i)
      for (int64_t j = 0; j < x.dim(1); ++j) rows[j * x.dim(0) + i] = x.data<T>()[i * x.dim(1) + j];
    return rows;
  }

  static sdk::Result<Addend> addend_of(const sdk::RunContext& run, int64_t rows, int64_t columns) {
    if (!run.has_input(kC)) return Addend{};
    const sdk::TensorView c = run.input(kC);
    TN_RETURN_IF_ERROR(sdk::check_gemm_c(c.shape(), rows, columns));
    const int64_t width = c.rank() == 0 ? 1 : c.dim(c.rank() - 1);
    return Addend{c.data<int32_t>(), c.rank() == 2 && c.dim(0) != 1 ? width : 0, width == 1 ? 0 : 1};
  }

  template <typename A, typename B>
  sdk::Status multiply(sdk::RunContext& run) const {
    const sdk::TensorView a = run.input(kA), b = run.input(kB);
    TN_ASSIGN_OR_RETURN(const sdk::ProductDims dims,
                        sdk::gemm_dims(a.shape(), transposes_a_, b.shape(), transposes_b_));
    const int64_t M = a.shape()[dims.a.rows], K = a.shape()[dims.a.columns], N = b.shape()[dims.b.columns];
    const IntegerProduct product{{{}, M, K}, {{}, K, N}, {}, {M, N}};
    TN_ASSIGN_OR_RETURN(const A* const a_rows, rows_of<A>(run, a, transposes_a_));
    TN_ASSIGN_OR_RETURN(const B* const b_rows, rows_of<B>(run, b, transposes_b_));
    TN_ASSIGN_OR_RETURN(const Quantization of_a, quantization_of(run, kAScale, kAZero, "A"));
    TN_ASSIGN_OR_RETURN(const auto b_scales, per_line<float>(run, kBScale, product.b, Line::kColumn, "b_scale"));
    TN_ASSIGN_OR_RETURN(const auto b_zeros, per_line<B>(run, kBZero, product.b, Line::kColumn, "b_zero_point"));
    TN_ASSIGN_OR_RETURN(const Addend c, addend_of(run, M, N));
    const A a_zero = A(of_a.zero);
    const auto each = [&](auto store) {
      return multiply_integers(run, product, M * N, a_rows, PerLine<A>{&a_zero, 0, 0}, b_rows, b_zeros,
                               [&](int64_t i, const ProductPlace& at, int32_t sum) {
                                 const int32_t total = int32_t(uint32_t(sum) + uint32_t(c.at(at.row, at.column)));
                                 store(i, alpha_ * of_a.scale * double(b_scales.at(0, at.column)) * double(total));
                               });
    };
    if (!run.has_input(kYZero)) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, product.shape));
      TN_ASSIGN_OR_RETURN(const Quantization of_y, run.has_input(kYScale) ? quantization_of(run, kYScale, kYZero, "Y")
                                                                          : sdk::Result<Quantization>(Quantization{}));
      return each([&](int64_t i, double real) { y.data<float>()[i] = float(real / of_y.scale); });
    }
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, kYScale, kYZero, "Y"));
    const tn_dtype dtype = run.input(kYZero).dtype();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype, product.shape));
    return visit_list(ByteTypes{}, dtype, [&](auto tag) -> sdk::Status {
      using Y = decltype(tag);
      return each([&](int64_t i, double real) { y.data<Y>()[i] = quantized<Y>(real, of_y); });
    });
  }

  double alpha_;
  bool transposes_a_, transposes_b_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qgemm(const sdk::KernelInfo& info) {
  const bool has_scale = QGemm::kYScale < info.input_count() && info.input(QGemm::kYScale);
  const bool has_zero = QGemm::kYZero < info.input_count() && info.input(QGemm::kYZero);
  if (has_zero && !has_scale) return sdk::invalid_model("it has a y_zero_point, but no y_scale: give both or neither");
  return std::make_unique<QGemm>(info);
}

}  // namespace tenon::cpu_ref
