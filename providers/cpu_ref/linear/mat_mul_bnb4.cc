// MatMulBnb4: Y = A x W' for a W of N x K numbers of 4 bits, or A x W where transB is 0. Each code, of which the first
// of a byte has the high bits, stands for one of the 16 values of quant_type, 0: FP4 or 1: NF4, times the absmax of its
// block of block_size numbers of W as it lies in memory. A is [..., K] and Y [..., N], or the reverse. In double.
// Scratch: W as numbers of A's type, and for each thread that of multiply_matrices.
#include <tenon/sdk/kernel.hpp>

#include "linear/matrix.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

// What the codes stand for: a 4-bit float with a bias of 3 over 12, and the quantiles of a normal distribution.
constexpr float kFp4[16] = {0, 5.208333333e-03f,  0.66666667f,  1,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
                            0, -5.208333333e-03f, -0.66666667f, -1, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
constexpr float kNf4[16] = {-1,
                            -0.6961928009986877f,
                            -0.5250730514526367f,
                            -0.39491748809814453f,
                            -0.28444138169288635f,
                            -0.18477343022823334f,
                            -0.09105003625154495f,
                            0,
                            0.07958029955625534f,
                            0.16093020141124725f,
                            0.24611230194568634f,
                            0.33791524171829224f,
                            0.44070982933044434f,
                            0.5626170039176941f,
                            0.7229568362236023f,
                            1};

class MatMulBnb4 final : public sdk::Kernel {
 public:
  MatMulBnb4(int64_t n, int64_t k, int64_t block_size, const float* values, bool transposed)
      : n_(n), k_(k), block_size_(block_size), values_(values), transposed_(transposed) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1), scales = run.input(2);
    const int64_t depth = transposed_ ? k_ : n_, columns = transposed_ ? n_ : k_;
    if (a.rank() == 0 || a.dim(a.rank() - 1) != depth)
      return sdk::invalid_argument("input A has shape ", sdk::shape_text(a.shape()), ", expected ... x ", depth);
    TN_ASSIGN_OR_RETURN(const int64_t count, multiply(n_, k_));
    const int64_t blocks = (count - 1) / block_size_ + 1;
    if (b.count() != count / 2 + count % 2 || scales.count() != blocks)
      return sdk::invalid_argument("inputs B and absmax have shapes ", sdk::shape_text(b.shape()), " and ",
                                   sdk::shape_text(scales.shape()), ", expected ", count / 2 + count % 2, " bytes and ",
                                   blocks, " blocks");
    sdk::Shape shape = to_shape(a.shape());
    shape.back() = columns;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(T* const weights, run.scratch<T>(size_t(count)));
      for (int64_t i = 0; i < count; ++i) {
        const unsigned byte = b.data<uint8_t>()[i / 2], code = i % 2 == 0 ? byte >> 4 : byte & 15;
        weights[i] = T(Compute<T>(T(values_[code])) * Compute<T>(scales.data<T>()[i / block_size_]));
      }
      const MatrixView<T> right{weights, transposed_ ? 1 : k_, transposed_ ? k_ : 1};
      const int64_t rows = a.count() / depth;
      TN_ASSIGN_OR_RETURN(const int64_t panel_size, product_scratch(right, rows, columns, depth));
      TN_ASSIGN_OR_RETURN(T* const panels, run.scratch<T>(size_t(run.max_workers()) * size_t(panel_size)));
      const double cost = double(depth) * double(columns);
      run.parallel_for(rows, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
        for (int64_t first = begin; first < end && !run.cancelled(); first += kRowsInOneGo) {
          const MatrixView<T> left{a.data<T>() + first * depth, depth, 1};
          T* const out = y.data<T>() + first * columns;
          multiply_matrices<T>(run, left, right, std::min(kRowsInOneGo, end - first), columns, depth,
                               panels + int64_t(worker) * panel_size,
                               [&](int64_t m, int64_t n, double sum) { out[m * columns + n] = from_double<T>(sum); });
        }
      });
      return {};
    });
  }

 private:
  int64_t n_, k_, block_size_;
  const float* values_;
  bool transposed_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_bnb4(const sdk::KernelInfo& info) {
  const int64_t n = info.attr_int("N"), k = info.attr_int("K"), block = info.attr_int("block_size");
  const int64_t type = info.attr_int("quant_type");
  if (n < 1 || k < 1)
    return sdk::invalid_model("attributes N and K are ", n, " and ", k, ", expected the positive sizes of the weight");
  if (block < 16 || (block & (block - 1)) != 0)
    return sdk::invalid_model("attribute block_size is ", block, ", expected a power of two from 16 on");
  if (type != 0 && type != 1)
    return sdk::invalid_model("attribute quant_type is ", type, ", expected 0 (FP4) or 1 (NF4)");
  return std::make_unique<MatMulBnb4>(n, k, block, type == 0 ? kFp4 : kNf4, info.attr_int("transB") != 0);
}

}  // namespace tenon::cpu_ref
