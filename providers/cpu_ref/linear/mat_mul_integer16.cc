// MatMulInteger16: the product of 16-bit integers as MatMul makes it, modulo 2^32. A is [..., M, K], B [..., K, N].
#include <tenon/sdk/geometry/matmul.hpp>

#include "broadcast.h"
#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class MatMulInteger16 final : public sdk::Kernel {
 public:
  explicit MatMulInteger16(tn_dtype result) : result_(result) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::ProductDims dims, sdk::product_dims(a.shape(), {}, b.shape(), {}));
    const auto size = [](const sdk::TensorView& t, size_t i) { return sdk::MatrixDims::size(t.shape(), i); };
    const int64_t M = size(a, dims.a.rows), K = size(a, dims.a.columns), N = size(b, dims.b.columns);
    sdk::Shape left, right;
    for (const size_t i : dims.a.batch) left.push_back(a.shape()[i]);
    for (const size_t i : dims.b.batch) right.push_back(b.shape()[i]);
    const sdk::ShapeView batches[] = {left, right};
    TN_ASSIGN_OR_RETURN(const Broadcast batch, Broadcast::create(batches));
    sdk::Shape shape = to_shape(batch.shape());
    if (a.rank() > 1) shape.push_back(M);
    if (b.rank() > 1) shape.push_back(N);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, result_, shape));
    if (y.count() == 0) return {};
    return visit_types<int16_t, uint16_t>(a.dtype(), [&](auto tag) -> sdk::Status {
      return visit_types<int16_t, uint16_t>(b.dtype(), [&](auto other) -> sdk::Status {
        using A = decltype(tag);
        using B = decltype(other);
        batch.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
          for (int64_t i = 0; i < n && !run.cancelled(); ++i)
            multiply_one(a.data<A>() + (at[0] + i * step[0]) * M * K, b.data<B>() + (at[1] + i * step[1]) * K * N, M, N,
                         K, static_cast<uint32_t*>(y.raw()) + (begin + i) * M * N);
        });
        return {};
      });
    });
  }

 private:
  template <typename A, typename B>
  static void multiply_one(const A* a, const B* b, int64_t M, int64_t N, int64_t K, uint32_t* y) {
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        uint32_t sum = 0;
        for (int64_t k = 0; k < K; ++k) sum += uint32_t(a[m * K + k]) * uint32_t(b[k * N + n]);
        y[m * N + n] = sum;
      }
  }

  tn_dtype result_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_integer16(const sdk::KernelInfo& info) {
  // Where nothing says the type of the result, it is signed, as onnxruntime's.
  const tn_dtype told = info.output(0).info().dtype();
  return std::make_unique<MatMulInteger16>(told == TN_UINT32 ? TN_UINT32 : TN_INT32);
}

}  // namespace tenon::cpu_ref
