// MatMulNBits: Y = A x W' + bias for a W of N x K numbers of 2, 4 or 8 bits, quantized in blocks along K: W[n, k] =
// (B[n, k] - zero_points[n, block]) * scales[n, block]. A is [..., K] and Y [..., N]. W is read where it lies, a row at
// a time, and all is computed in double: accuracy_level lets a kernel round A, and this one never does.
#include <algorithm>

#include "linear/convert_row.h"
#include "linear/dot.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Values of `count` codes of `bits` bits, packed from the low bits of each byte on.
template <int bits>
void dequantize_block(const uint8_t* codes, int64_t count, double zero, double scale, double* values) {
  constexpr int per_byte = 8 / bits;
  constexpr unsigned mask = (1u << bits) - 1;
  for (int64_t i = 0; i < count; ++i) {
    const unsigned code = (codes[i / per_byte] >> (i % per_byte * bits)) & mask;
    values[i] = (double(code) - zero) * scale;
  }
}

/// The attributes, checked; k_blocks and blob follow from them.
struct NBitsFormat {
  int64_t N, K, bits, block_size;

  int64_t k_blocks() const { return (K - 1) / block_size + 1; }
  int64_t blob_bytes() const { return block_size / 8 * bits; }
  int64_t zero_row_bytes() const { return (k_blocks() * bits + 7) / 8; }
};

class MatMulNBits final : public sdk::Kernel {
 public:
  explicit MatMulNBits(const NBitsFormat& format) : format_(format) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    if (a.rank() == 0 || a.dim(a.rank() - 1) != format_.K)
      return sdk::invalid_argument("input A has shape ", sdk::shape_text(a.shape()),
                                   ", expected ... x K = ", format_.K);
    TN_ASSIGN_OR_RETURN(const bool omitted, check_weights(run));
    sdk::Shape shape = to_shape(a.shape());
    shape.back() = format_.N;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      if (!omitted) return multiply<T>(run, a, y);
      const T* bias = run.has_input(5) ? run.input(5).data<T>() : nullptr;
      for (int64_t i = 0; i < y.count(); ++i) y.template data<T>()[i] = bias ? bias[i % format_.N] : T(0);
      return {};
    });
  }

 private:
  /// True when B is empty, which stands for weights of 0.
  sdk::Result<bool> check_weights(sdk::RunContext& run) const {
    const NBitsFormat& f = format_;
    const int64_t expected[] = {f.N, f.k_blocks(), f.blob_bytes()};
    const sdk::TensorView b = run.input(1), scales = run.input(2);
    bool matches = b.rank() == 3, omitted = false;
    for (int64_t d = 0; matches && d < 3; ++d) {
      omitted = omitted || b.dim(d) == 0;
      matches = b.dim(d) == expected[d] || b.dim(d) == 0;
    }
    if (!matches)
      return sdk::invalid_argument("input B has shape ", sdk::shape_text(b.shape()), ", expected ",
                                   sdk::shape_text(expected), ": N x blocks of K x bytes of a block");
    if (run.has_input(5) && (run.input(5).rank() != 1 || run.input(5).dim(0) != f.N))
      return sdk::invalid_argument("input bias has shape ", sdk::shape_text(run.input(5).shape()),
                                   ", expected N = ", f.N);
    if (omitted) return true;
    // N x k_blocks numbers fit: B holds more bytes than that.
    TN_RETURN_IF_ERROR(check_per_block(scales, "scales", f.k_blocks()));
    if (!run.has_input(3)) return false;
    const sdk::TensorView zeros = run.input(3);
    TN_RETURN_IF_ERROR(
        check_per_block(zeros, "zero_points", zeros.dtype() == TN_UINT8 ? f.zero_row_bytes() : f.k_blocks()));
    return false;
  }

  sdk::Status check_per_block(const sdk::TensorView& t, const char* name, int64_t columns) const {
    const bool flat = t.rank() == 1 && t.dim(0) == format_.N * columns;
    if (flat || (t.rank() == 2 && t.dim(0) == format_.N && t.dim(1) == columns)) return {};
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", format_.N,
                                 "x", columns, " or as many elements in one dimension, for N = ", format_.N,
                                 " rows of ", format_.k_blocks(), " blocks");
  }

  template <typename T>
  sdk::Status multiply(sdk::RunContext& run, const sdk::TensorView& a, const sdk::MutableTensorView& y) const {
    const int64_t N = format_.N, K = format_.K, M = a.count() / K;
    const T* bias = run.has_input(5) ? run.input(5).data<T>() : nullptr;
    TN_ASSIGN_OR_RETURN(const float* const left, as_floats<T>(run, a));
    TN_ASSIGN_OR_RETURN(double* const rows, run.scratch<double>(size_t(run.max_workers()) * size_t(K)));
    const sdk::TensorView b = run.input(1), scales = run.input(2);
    const sdk::TensorView zeros = run.has_input(3) ? run.input(3) : sdk::TensorView();
    run.count_products(M, N, K);
    run.parallel_for(N, double(K) * double(M + 1), [&](uint32_t worker, int64_t begin, int64_t end) {
      double* row = rows + int64_t(worker) * K;
      for (int64_t n = begin; n < end && !run.cancelled(); ++n) {
        dequantize_row<T>(b, scales, zeros, n, row);
        for (int64_t m = 0; m < M; ++m)
          y.data<T>()[m * N + n] = from_double<T>(dot(left + m * K, row, K) + (bias ? double(bias[n]) : 0.0));
      }
    });
    return {};
  }

  template <typename T>
  void dequantize_row(const sdk::TensorView& b, const sdk::TensorView& scales, const sdk::TensorView& zeros, int64_t n,
                      double* row) const {
    const NBitsFormat& f = format_;
    for (int64_t block = 0; block < f.k_blocks(); ++block) {
      const int64_t at = n * f.k_blocks() + block, first = block * f.block_size;
      const uint8_t* codes = b.data<uint8_t>() + at * f.blob_bytes();
      const int64_t count = std::min(f.block_size, f.K - first);
      const double scale = double(scales.data<T>()[at]), zero = zero_point<T>(zeros, n, block);
      if (f.bits == 8) dequantize_block<8>(codes, count, zero, scale, row + first);
      if (f.bits == 4) dequantize_block<4>(codes, count, zero, scale, row + first);
      if (f.bits == 2) dequantize_block<2>(codes, count, zero, scale, row + first);
    }
  }

  template <typename T>
  double zero_point(const sdk::TensorView& zeros, int64_t n, int64_t block) const {
    if (zeros.raw() == nullptr) return double(1 << (format_.bits - 1));
    if (zeros.dtype() != TN_UINT8) return double(zeros.data<T>()[n * format_.k_blocks() + block]);
    const uint8_t byte = zeros.data<uint8_t>()[n * format_.zero_row_bytes() + block * format_.bits / 8];
    return double((byte >> (block * format_.bits % 8)) & ((1 << format_.bits) - 1));
  }

  NBitsFormat format_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_nbits(const sdk::KernelInfo& info) {
  const NBitsFormat f{info.attr_int("N"), info.attr_int("K"), info.attr_int("bits"), info.attr_int("block_size")};
  if (f.N <= 0 || f.K <= 0)
    return sdk::invalid_model("attributes N and K are ", f.N, " and ", f.K,
                              ", expected the positive sizes of the weight");
  if (f.bits != 2 && f.bits != 4 && f.bits != 8)
    return sdk::unsupported("attribute bits is ", f.bits, ", expected 2, 4 or 8");
  if (f.block_size < 16 || f.block_size > (int64_t(1) << 40) || (f.block_size & (f.block_size - 1)) != 0)
    return sdk::invalid_model("attribute block_size is ", f.block_size, ", expected a power of two from 16 on");
  const int64_t level = info.attr_int("accuracy_level");
  if (level < 0 || level > 4)
    return sdk::invalid_model("attribute accuracy_level is ", level,
                              ", expected 0 (unset), 1 (float), 2 (float16), 3 (bfloat16) or 4 (int8)");
  if (info.attr_int("weight_prepacked") != 0)
    return sdk::unsupported("attribute weight_prepacked is ", info.attr_int("weight_prepacked"),
                            ", a layout of CUDA alone: export the model with weight_prepacked=0");
  if (info.input_count() > 3 && info.input(3)) {
    const auto zeros = info.input(3).info().dtype(), scales = info.input(2).info().dtype();
    if (zeros != TN_UINT8 && zeros != scales)
      return sdk::unsupported("input zero_points is ", sdk::dtype_name(zeros), ", expected packed uint8 or ",
                              sdk::dtype_name(scales), " as scales");
  }
  if (info.input_count() > 4 && info.input(4))
    return sdk::unsupported("input g_idx is given, but no kernel reorders groups: it is deprecated, export without it");
  return std::make_unique<MatMulNBits>(f);
}

}  // namespace tenon::cpu_ref
