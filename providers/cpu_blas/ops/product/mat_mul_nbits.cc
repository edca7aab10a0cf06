// MatMulNBits: Y = A W' + bias for a constant W of N x K numbers of 2, 4 or 8 bits, quantized in blocks along K: W[n,
// k] = (B[n, k] - zero_points[n, block]) * scales[n, block]; see matmul/nbits_weight.h. A is [..., K] and Y [..., N].
// All is computed in float: accuracy_level lets a kernel round A, and this one never does. What it refuses cpu_ref
// takes, which also says what is wrong with inputs that do not fit.
#include <algorithm>

#include "common.h"
#include "matmul/nbits_weight.h"

namespace tenon::cpu_blas {
namespace {

constexpr uint32_t kCodes = 1, kScales = 2, kZeros = 3, kGroups = 4, kBias = 5;

class MatMulNBits final : public sdk::Kernel {
 public:
  MatMulNBits(const sdk::KernelInfo& info, const NBitsFormat& format) : node_(describe(info)), weight_(format) {}

  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    sdk::PackPlan plan;
    plan.byte_length = weight_.byte_length();
    plan.inputs = {kCodes, kScales};
    if (has_zeros()) plan.inputs.push_back(kZeros);
    plan.key = weight_.key();
    return plan;
  }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    const NBitsSources from = sources(pack.source(0), pack.source(1), has_zeros() ? pack.source(2).raw() : nullptr);
    const int64_t panels = weight_.panel_count();
    const double cost = static_cast<double>(pack.byte_length()) / static_cast<double>(panels);
    pack.parallel_for(panels, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) weight_.pack_panel(from, i, pack.blob());
    });
    return {};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    weight_.bind(blob);
    return {};
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const NBitsFormat& f = weight_.format();
    const sdk::TensorView a = run.input(0);
    if (a.rank() == 0 || a.dim(a.rank() - 1) != f.k)
      return sdk::invalid_argument(node_, ": input A has shape ", sdk::shape_text(a.shape()),
                                   ", expected ... x K = ", f.k);
    const float* bias = nullptr;
    if (run.has_input(kBias)) {
      const sdk::TensorView b = run.input(kBias);
      if (b.rank() != 1 || b.dim(0) != f.n)
        return sdk::invalid_argument(node_, ": input bias has shape ", sdk::shape_text(b.shape()),
                                     ", expected N = ", f.n);
      bias = b.data<float>();
    }
    sdk::Shape shape(a.shape().begin(), a.shape().end());
    shape.back() = f.n;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    NBitsSources originals;
    if (!weight_.is_bound())
      originals = sources(run.input(kCodes), run.input(kScales), has_zeros() ? run.input(kZeros).raw() : nullptr);
    return weight_.multiply(run, originals, a.data<float>(), a.count() / f.k, bias, y.data<float>());
  }

 private:
  bool has_zeros() const { return weight_.format().zeros != simd::ZeroPoints::kMiddle; }
  static NBitsSources sources(const sdk::TensorView& codes, const sdk::TensorView& scales, const void* zeros) {
    return {codes.data<uint8_t>(), scales.data<float>(), zeros};
  }

  std::string node_;
  NBitsWeight weight_;
};

/// Whether the input is constant and has the shape, or as many elements in one dimension.
bool is_constant_of(const sdk::NodeView& node, uint32_t input, std::initializer_list<int64_t> shape, bool may_be_flat) {
  const sdk::TensorView t = node.input(input).info();
  if (!t.is_constant() || !t.has_rank()) return false;
  if (std::equal(t.shape().begin(), t.shape().end(), shape.begin(), shape.end())) return true;
  return may_be_flat && t.rank() == 1 && t.dim(0) == sdk::element_count(sdk::ShapeView(shape.begin(), shape.size()));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_nbits(const sdk::KernelInfo& info) {
  NBitsFormat f;
  f.n = info.attr_int("N"), f.k = info.attr_int("K");
  f.block = info.attr_int("block_size");
  const int64_t bits = info.attr_int("bits"), level = info.attr_int("accuracy_level");
  f.bits = static_cast<int>(bits);
  const auto given = [&](uint32_t input) { return info.input_count() > input && bool(info.input(input)); };
  if (f.n <= 0 || f.k <= 0 || (bits != 2 && bits != 4 && bits != 8) || f.block < 16 || (f.block & (f.block - 1)) != 0 ||
      f.block > int64_t(1) << 40 || level < 0 || level > 4 || info.attr_int("weight_prepacked") != 0 || given(kGroups))
    return sdk::unsupported(
        "only weights of 2, 4 or 8 bits in blocks of a power of two, without g_idx and "
        "weight_prepacked, are implemented");
  // N x blocks x bytes of a block fit where B has that shape, and the others have fewer elements.
  bool fits = is_constant_of(info, kCodes, {f.n, f.blocks(), f.block_bytes()}, false) &&
              is_constant_of(info, kScales, {f.n, f.blocks()}, true);
  if (given(kZeros)) {
    const bool packed = info.input(kZeros).info().dtype() == TN_UINT8;
    f.zeros = packed ? simd::ZeroPoints::kBytes : simd::ZeroPoints::kFloats;
    fits = fits && is_constant_of(info, kZeros, {f.n, packed ? f.zero_row_bytes() : f.blocks()}, true);
  }
  if (!fits)
    return sdk::unsupported("B, scales or zero_points is not constant, or not of the shape that the attributes give");
  auto kernel = std::make_unique<MatMulNBits>(info, f);
  return sdk::KernelPtr(std::move(kernel));
}

}  // namespace tenon::cpu_blas
