// MatMulInteger: the matrix product of A - a_zero_point and B - b_zero_point, 8-bit integers, summed in int32, which
// wraps around. Batch axes broadcast and 1-D operands count as a row and a column, as in MatMul. A zero point is a
// scalar, one per row of A or column of B, or one per row or column of each matrix, with the axis between them as 1.
#include "dispatch.h"
#include "linear/integer_matrices.h"

namespace tenon::cpu_ref {
namespace {

class MatMulInteger final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    if (a.rank() < 1 || b.rank() < 1) return sdk::invalid_argument("A or B is a scalar, expected rank 1 or more");
    const Stack sa = stack_of(a, true), sb = stack_of(b, false);
    if (sa.columns != sb.rows)
      return sdk::invalid_argument("A has shape ", sdk::shape_text(a.shape()), " and B ", sdk::shape_text(b.shape()),
                                   ": expected as many columns in A as rows in B");
    TN_ASSIGN_OR_RETURN(const sdk::Shape batch, broadcast_batch(sa.batch, sb.batch));
    sdk::Shape shape = batch;
    if (a.rank() > 1) shape.push_back(sa.rows);
    if (b.rank() > 1) shape.push_back(sb.columns);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT32, shape));
    if (y.count() == 0) return {};
    return visit_types<int8_t, uint8_t>(a.dtype(), [&](auto a_tag) {
      return visit_types<int8_t, uint8_t>(b.dtype(), [&](auto b_tag) {
        return multiply_types<decltype(a_tag), decltype(b_tag)>(run, sa, sb, batch, y);
      });
    });
  }

 private:
  template <typename A, typename B>
  static sdk::Status multiply_types(sdk::RunContext& run, const Stack& sa, const Stack& sb, const sdk::Shape& batch,
                                    const sdk::MutableTensorView& y) {
    TN_ASSIGN_OR_RETURN(const PerLine<A> a_zeros, per_line<A>(run, 2, sa, sa.rows, "a_zero_point"));
    TN_ASSIGN_OR_RETURN(const PerLine<B> b_zeros, per_line<B>(run, 3, sb, sb.columns, "b_zero_point"));
    const int64_t rows = sa.rows, depth = sa.columns, columns = sb.columns;
    const A* a = run.input(0).data<A>();
    const B* b = run.input(1).data<B>();
    int32_t* out = y.data<int32_t>();
    run.parallel_for(y.count() / columns, double(depth) * double(columns), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end && !run.cancelled(); ++line) {
        const int64_t row = line % rows, matrix = line / rows;
        const int64_t ma = source_matrix(sa.batch, batch, matrix), mb = source_matrix(sb.batch, batch, matrix);
        const int32_t a_zero = a_zeros.at(ma, row);
        for (int64_t c = 0; c < columns; ++c) {
          const int32_t b_zero = b_zeros.at(mb, c);
          uint32_t sum = 0;  // unsigned, so that it wraps around by definition
          for (int64_t k = 0; k < depth; ++k)
            sum += uint32_t((int32_t(a[(ma * rows + row) * depth + k]) - a_zero) *
                            (int32_t(b[(mb * depth + k) * columns + c]) - b_zero));
          out[line * columns + c] = int32_t(sum);
        }
      }
    });
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_integer(const sdk::KernelInfo&) {
  return std::make_unique<MatMulInteger>();
}

}  // namespace tenon::cpu_ref
