// Broadcasting; see broadcast.h.
#include "broadcast.h"

#include <algorithm>

namespace tenon::cpu_blas {
namespace {

/// A loop over the result with the step of each operand, in elements; 0 where it repeats.
struct Loop {
  int64_t size, a_step, b_step;
};

/// Steps of `shape` against a result of `rank` dimensions, 0 where the dimension is missing or repeats.
std::vector<int64_t> broadcast_steps(sdk::ShapeView shape, size_t rank) {
  std::vector<int64_t> steps(rank, 0);
  int64_t step = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t from_end = shape.size() - 1 - i;
    if (shape[from_end] != 1) steps[rank - 1 - i] = step;
    step *= shape[from_end];
  }
  return steps;
}

/// The loops from the outermost to the innermost; those that step through both operands evenly are merged.
std::vector<Loop> plan_loops(sdk::ShapeView result, sdk::ShapeView a, sdk::ShapeView b) {
  const std::vector<int64_t> a_steps = broadcast_steps(a, result.size());
  const std::vector<int64_t> b_steps = broadcast_steps(b, result.size());
  std::vector<Loop> loops;
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 1) continue;
    const Loop loop{result[i], a_steps[i], b_steps[i]};
    if (!loops.empty() && loops.back().a_step == loop.a_step * loop.size &&
        loops.back().b_step == loop.b_step * loop.size) {
      loops.back() = {loops.back().size * loop.size, loop.a_step, loop.b_step};
    } else {
      loops.push_back(loop);
    }
  }
  if (loops.empty()) loops.push_back({1, 1, 1});
  return loops;
}

}  // namespace

void broadcast_binary(sdk::RunContext& run, simd::Binary op, const Operand& a, const Operand& b, float* y) {
  const sdk::Shape result = sdk::broadcast_shape(a.shape, b.shape).value();
  if (sdk::element_count(result) == 0) return;
  run.count(TN_COUNT_FLOPS, static_cast<uint64_t>(sdk::element_count(result)));
  const std::vector<Loop> loops = plan_loops(result, a.shape, b.shape);
  const Loop inner = loops.back();
  if (loops.size() == 1) {
    constexpr int64_t kBlock = 4096;
    run.parallel_for((inner.size + kBlock - 1) / kBlock, kBlock / 4.0, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kBlock;
      const int64_t count = std::min(end * kBlock, inner.size) - first;
      simd::binary(op, a.data + first * inner.a_step, static_cast<int>(inner.a_step), b.data + first * inner.b_step,
                   static_cast<int>(inner.b_step), y + first, count);
    });
    return;
  }
  const int64_t rows = sdk::element_count(result) / inner.size;
  run.parallel_for(rows, static_cast<double>(inner.size) / 4.0 + 10.0, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t rest = row, a_at = 0, b_at = 0;
      for (size_t i = loops.size() - 1; i-- > 0;) {
        a_at += rest % loops[i].size * loops[i].a_step;
        b_at += rest % loops[i].size * loops[i].b_step;
        rest /= loops[i].size;
      }
      simd::binary(op, a.data + a_at, static_cast<int>(inner.a_step), b.data + b_at, static_cast<int>(inner.b_step),
                   y + row * inner.size, inner.size);
    }
  });
}

void parallel_unary(sdk::RunContext& run, const simd::Activation& f, const float* x, float* y, int64_t n) {
  constexpr int64_t kBlock = 4096;
  if (f.function != simd::Unary::kIdentity) run.count(TN_COUNT_FLOPS, static_cast<uint64_t>(n));
  const double cost = f.function == simd::Unary::kRelu || f.function == simd::Unary::kClip ? 0.2 : 1.5;
  run.parallel_for((n + kBlock - 1) / kBlock, kBlock * cost, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kBlock;
    simd::unary(f, x + first, y + first, std::min(end * kBlock, n) - first);
  });
}

}  // namespace tenon::cpu_blas
