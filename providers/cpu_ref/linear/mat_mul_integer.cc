// MatMulInteger: the matrix product of A - a_zero_point and B - b_zero_point, 8-bit integers, summed in int32, which
// wraps around. Batch axes broadcast and 1-D operands count as a row and a column, as in MatMul. A zero point is a
// scalar, one per row of A or column of B, or one per row or column of each matrix, with the axis between them as 1.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// The offset that belongs to row or column i of matrix number `matrix` of an operand.
template <typename T>
struct ZeroPoints {
  const T* values = nullptr;
  int64_t per_matrix = 0, per_line = 0;
  int32_t at(int64_t matrix, int64_t i) const {
    return values ? int32_t(values[matrix * per_matrix + i * per_line]) : 0;
  }
};

/// An operand as a stack of matrices.
struct Stack {
  sdk::Shape batch;
  int64_t rows, columns;
};

Stack stack_of(const sdk::TensorView& t, bool left) {
  if (t.rank() == 1) return left ? Stack{{}, 1, t.dim(0)} : Stack{{}, t.dim(0), 1};
  return Stack{sdk::Shape(t.shape().begin(), t.shape().end() - 2), t.dim(t.rank() - 2), t.dim(t.rank() - 1)};
}

/// The product's batch axes; an empty Result's status names the mismatch.
sdk::Result<sdk::Shape> broadcast(const sdk::Shape& a, const sdk::Shape& b) {
  sdk::Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      return sdk::invalid_argument("batch axes ", sdk::shape_text(a), " of A and ", sdk::shape_text(b),
                                   " of B do not broadcast");
    out[out.size() - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

/// Which matrix of `batch` goes with number `index` of the broadcast batch `out`.
int64_t source_matrix(const sdk::Shape& batch, const sdk::Shape& out, int64_t index) {
  int64_t matrix = 0, stride = 1;
  for (size_t i = 0; i < batch.size(); ++i) {
    const int64_t size = batch[batch.size() - 1 - i], full = out[out.size() - 1 - i];
    matrix += (size == 1 ? 0 : index % full) * stride;
    stride *= size;
    index /= full;
  }
  return matrix;
}

template <typename T>
sdk::Result<ZeroPoints<T>> zero_points(sdk::RunContext& run, uint32_t input, const Stack& s, int64_t lines,
                                       const char* name) {
  if (!run.has_input(input)) return ZeroPoints<T>{};
  const sdk::TensorView t = run.input(input);
  if (t.count() == 1) return ZeroPoints<T>{t.data<T>(), 0, 0};
  if (t.rank() == 1 && t.dim(0) == lines) return ZeroPoints<T>{t.data<T>(), 0, 1};
  TN_ASSIGN_OR_RETURN(const int64_t matrices, product(s.batch, 0, s.batch.size()));
  if (t.rank() == int64_t(s.batch.size()) + 2 && t.count() == matrices * lines)
    return ZeroPoints<T>{t.data<T>(), lines, 1};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected a scalar or ",
                               lines, " values");
}

class MatMulInteger final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    if (a.rank() < 1 || b.rank() < 1) return sdk::invalid_argument("A or B is a scalar, expected rank 1 or more");
    const Stack sa = stack_of(a, true), sb = stack_of(b, false);
    if (sa.columns != sb.rows)
      return sdk::invalid_argument("A has shape ", sdk::shape_text(a.shape()), " and B ", sdk::shape_text(b.shape()),
                                   ": expected as many columns in A as rows in B");
    TN_ASSIGN_OR_RETURN(const sdk::Shape batch, broadcast(sa.batch, sb.batch));
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
    TN_ASSIGN_OR_RETURN(const ZeroPoints<A> a_zeros, zero_points<A>(run, 2, sa, sa.rows, "a_zero_point"));
    TN_ASSIGN_OR_RETURN(const ZeroPoints<B> b_zeros, zero_points<B>(run, 3, sb, sb.columns, "b_zero_point"));
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
