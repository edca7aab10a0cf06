// QLinearMatMul: y = saturate(round(sum / y_scale) + y_zero_point), where sum is the matrix product of (a -
// a_zero_point) a_scale and (b - b_zero_point) b_scale, with the integers summed in int32, which wraps around. Scale
// and zero point are one for all, one per row of a or column of b, or so for each matrix. Rounds half to even.
#include <cmath>

#include "arithmetic.h"
#include "linear/integer_matrices.h"
#include "parameters.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kA = 0, kAScale = 1, kAZero = 2, kB = 3, kBScale = 4, kBZero = 5, kYScale = 6, kYZero = 7;

using Bytes = TypeList<int8_t, uint8_t>;

class QLinearMatMul final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(kA), b = run.input(kB);
    if (a.rank() < 1 || b.rank() < 1) return sdk::invalid_argument("a or b is a scalar, expected rank 1 or more");
    const Stack sa = stack_of(a, true), sb = stack_of(b, false);
    if (sa.columns != sb.rows)
      return sdk::invalid_argument("a has shape ", sdk::shape_text(a.shape()), " and b ", sdk::shape_text(b.shape()),
                                   ": expected as many columns in a as rows in b");
    TN_ASSIGN_OR_RETURN(const sdk::Shape batch, broadcast_batch(sa.batch, sb.batch));
    sdk::Shape shape = batch;
    if (a.rank() > 1) shape.push_back(sa.rows);
    if (b.rank() > 1) shape.push_back(sb.columns);
    const tn_dtype result = run.input(kYZero).dtype();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, result, shape));
    return visit_list(Bytes{}, a.dtype(), [&](auto a_tag) {
      return visit_list(Bytes{}, b.dtype(), [&](auto b_tag) {
        return visit_list(Bytes{}, result, [&](auto y_tag) {
          return multiply_types<decltype(a_tag), decltype(b_tag), decltype(y_tag)>(run, sa, sb, batch, y);
        });
      });
    });
  }

 private:
  /// A scale of any floating-point type, held as doubles in `memory`.
  static sdk::Result<PerLine<double>> scales(const sdk::RunContext& run, uint32_t input, const Stack& s, int64_t lines,
                                             const char* name, std::vector<double>* memory) {
    const sdk::TensorView t = run.input(input);
    TN_ASSIGN_OR_RETURN(*memory, read_doubles(t, t.count(), name));
    PerLine<double> found;
    TN_RETURN_IF_ERROR(visit_floats(t.dtype(), [&](auto tag) -> sdk::Status {
      TN_ASSIGN_OR_RETURN(const auto form, per_line<decltype(tag)>(run, input, s, lines, name));
      found = {memory->data(), form.per_matrix, form.step};
      return {};
    }));
    return found;
  }

  template <typename A, typename B, typename Y>
  static sdk::Status multiply_types(sdk::RunContext& run, const Stack& sa, const Stack& sb, const sdk::Shape& batch,
                                    const sdk::MutableTensorView& y) {
    std::vector<double> a_memory, b_memory;
    TN_ASSIGN_OR_RETURN(const auto a_scales, scales(run, kAScale, sa, sa.rows, "a_scale", &a_memory));
    TN_ASSIGN_OR_RETURN(const auto b_scales, scales(run, kBScale, sb, sb.columns, "b_scale", &b_memory));
    TN_ASSIGN_OR_RETURN(const auto a_zeros, per_line<A>(run, kAZero, sa, sa.rows, "a_zero_point"));
    TN_ASSIGN_OR_RETURN(const auto b_zeros, per_line<B>(run, kBZero, sb, sb.columns, "b_zero_point"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> y_scale, read_doubles(run.input(kYScale), 1, "y_scale"));
    if (run.input(kYZero).count() != 1)
      return sdk::invalid_argument("input y_zero_point has shape ", sdk::shape_text(run.input(kYZero).shape()),
                                   ", expected one number");
    if (y.count() == 0) return {};
    const double y_zero = *run.input(kYZero).data<Y>();
    const int64_t rows = sa.rows, depth = sa.columns, columns = sb.columns;
    const A* a = run.input(kA).data<A>();
    const B* b = run.input(kB).data<B>();
    run.parallel_for(y.count() / columns, double(depth) * double(columns), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end && !run.cancelled(); ++line) {
        const int64_t row = line % rows, matrix = line / rows;
        const int64_t ma = source_matrix(sa.batch, batch, matrix), mb = source_matrix(sb.batch, batch, matrix);
        const int32_t a_zero = a_zeros.at(ma, row);
        const double row_scale = a_scales.at(ma, row) / y_scale[0];
        for (int64_t c = 0; c < columns; ++c) {
          const int32_t b_zero = b_zeros.at(mb, c);
          uint32_t sum = 0;  // unsigned, so that it wraps around by definition
          for (int64_t k = 0; k < depth; ++k)
            sum += uint32_t((int32_t(a[(ma * rows + row) * depth + k]) - a_zero) *
                            (int32_t(b[(mb * depth + k) * columns + c]) - b_zero));
          const double exact = double(int32_t(sum)) * row_scale * b_scales.at(mb, c);
          y.data<Y>()[line * columns + c] = truncate_to<Y>(std::nearbyint(exact) + y_zero);
        }
      }
    });
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_mat_mul(const sdk::KernelInfo& info) {
  for (const uint32_t input : {kA, kB, kYZero})
    TN_RETURN_IF_ERROR(check_type(Bytes{}, info.input(input), "of a quantized matrix"));
  return std::make_unique<QLinearMatMul>();
}

}  // namespace tenon::cpu_ref
