// ReduceL1, ReduceL2, ReduceLogSumExp, ReduceMax, ReduceMean, ReduceMin, ReduceProd, ReduceSum and
// ReduceSumSquare of floats, and those of integers that shapes are computed with: fold the elements along `axes`, which
// are an attribute or input 1. Long folds are cut at places that do not depend on the threads: results are the same for
// any number of them.
#include "simd/reduce.h"

#include <cfloat>
#include <cmath>
#include <limits>

#include "ops/reduce/walk.h"

namespace tenon::cpu_blas {
namespace {

using simd::Fold;

enum class Kind { kL1, kL2, kLogSumExp, kMax, kMean, kMin, kProd, kSum, kSumSquare };

/// The numbers that a fold ends in, from the fold of n elements.
double finish(Kind kind, double folded, int64_t n) {
  switch (kind) {
    case Kind::kL2: return std::sqrt(folded);
    case Kind::kMean: return folded / static_cast<double>(n);
    default: return folded;
  }
}

Fold fold_of(Kind kind) {
  switch (kind) {
    case Kind::kL1: return Fold::kMagnitudes;
    case Kind::kL2:
    case Kind::kSumSquare: return Fold::kSquares;
    case Kind::kMax: return Fold::kMax;
    case Kind::kMin: return Fold::kMin;
    default: return Fold::kSum;
  }
}

/// Calls f(element) for all that fold into the result at `base`.
template <typename T, typename F>
void each(const FoldWalk& walk, const T* base, F&& f) {
  const std::vector<FoldLoop>& loops = walk.folded();
  if (loops.empty()) return f(base[0]);
  const FoldLoop last = loops.back();
  const int64_t outer = FoldWalk::count(loops, 1);
  for (int64_t o = 0; o < outer; ++o) {
    const T* x = base + FoldWalk::offset(loops, o, 1);
    for (int64_t i = 0; i < last.size; ++i) f(x[i * last.step]);
  }
}

/// One result in double, as precisely as can be: for what float sums overflow or vanish in, and for rare folds.
float fold_exactly(Kind kind, const FoldWalk& walk, const float* base, int64_t n) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double all = kind == Kind::kProd ? 1 : 0;
  switch (kind) {
    case Kind::kL1: each(walk, base, [&](double v) { all += std::fabs(v); }); break;
    case Kind::kL2:
    case Kind::kSumSquare: each(walk, base, [&](double v) { all += v * v; }); break;
    case Kind::kProd: each(walk, base, [&](double v) { all *= v; }); break;
    case Kind::kLogSumExp: {
      double largest = -kInfinity;
      each(walk, base, [&](double v) { largest = largest > v || largest != largest ? largest : v; });
      if (std::isinf(largest)) return static_cast<float>(largest);
      each(walk, base, [&](double v) { all += std::exp(v - largest); });
      return static_cast<float>(largest + std::log(all));
    }
    default: each(walk, base, [&](double v) { all += v; });
  }
  return static_cast<float>(finish(kind, all, n));
}

class Reduce final : public sdk::Kernel {
 public:
  Reduce(const sdk::KernelInfo& info, Kind kind)
      : node_(describe(info)),
        kind_(kind),
        keeps_dims_(info.attr_int("keepdims") != 0),
        none_if_empty_(info.attr_int("noop_with_empty_axes") != 0),
        axes_(info.attr_ints("axes")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    sdk::Shape given;
    const bool by_input = run.has_input(1);
    if (by_input) {
      if (run.input(1).rank() > 1)
        return sdk::invalid_argument(node_, ": input axes has shape ", sdk::shape_text(run.input(1).shape()),
                                     ", expected a 1-D tensor");
      TN_ASSIGN_OR_RETURN(given, read_integers(node_, run.input(1)));
    }
    TN_ASSIGN_OR_RETURN(const std::vector<bool> folds,
                        sdk::reduced_axes(by_input ? given : axes_, none_if_empty_, x.shape().size()));
    const sdk::Shape shape = sdk::reduced_shape(x.shape(), folds, keeps_dims_, int64_t{1});
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    const int64_t results = y.count();
    if (results == 0) return {};
    int64_t n = 1;
    for (size_t i = 0; i < folds.size(); ++i)
      if (folds[i]) n *= x.shape()[i];
    const FoldWalk walk(x.shape(), folds);
    run.count(TN_COUNT_FLOPS, static_cast<uint64_t>(x.count()));
    switch (x.dtype()) {
      case TN_INT32: integers(run, walk, x.data<int32_t>(), y.data<int32_t>(), results, n); return {};
      case TN_INT64: integers(run, walk, x.data<int64_t>(), y.data<int64_t>(), results, n); return {};
      default: return floats(run, walk, x.data<float>(), y.data<float>(), results, n);
    }
  }

 private:
  sdk::Status floats(sdk::RunContext& run, const FoldWalk& walk, const float* x, float* y, int64_t results,
                     int64_t n) const {
    const bool columns = !walk.kept().empty() && walk.kept().back().step == 1;
    const bool small = is_sum() && results * n <= kSmall;
    if (n == 0 || small || kind_ == Kind::kProd || (kind_ == Kind::kLogSumExp && columns)) {
      exactly(run, walk, x, y, results, n);
      return {};
    }
    if (columns) {
      TN_RETURN_IF_ERROR(fold_columns(run, walk, x, y, results, n));
    } else {
      TN_RETURN_IF_ERROR(fold_rows(run, walk, x, y, results, n));
    }
    return {};
  }

  void exactly(sdk::RunContext& run, const FoldWalk& walk, const float* x, float* y, int64_t results, int64_t n) const {
    if (n == 0 && (kind_ == Kind::kMax || kind_ == Kind::kMin)) {
      std::fill_n(y, results, kind_ == Kind::kMax ? -HUGE_VALF : HUGE_VALF);
      return;
    }
    const double cost = static_cast<double>(n) * (kind_ == Kind::kLogSumExp ? 8 : 1.5) + 10;
    run.parallel_for(results, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = fold_exactly(kind_, walk, x + FoldWalk::offset(walk.kept(), i), n);
    });
  }

  bool is_sum() const { return kind_ != Kind::kMax && kind_ != Kind::kMin; }

  /// The result from what floats folded to; once more in double where that ran out of range.
  float result(const FoldWalk& walk, const float* x, int64_t i, double folded, int64_t n) const {
    if (!is_sum()) return static_cast<float>(folded);
    const bool tiny = kind_ == Kind::kL2 && folded < 1e-30;
    if (!(std::fabs(folded) <= FLT_MAX) || tiny)
      return fold_exactly(kind_, walk, x + FoldWalk::offset(walk.kept(), i), n);
    return static_cast<float>(finish(kind_, folded, n));
  }

  static constexpr int64_t kSmall = 512;      // elements that are summed in double throughout
  static constexpr int64_t kDenseRow = 4096;  // elements of a row whose sum is a float
  static constexpr int64_t kPiece = 1 << 16;  // elements of a row or a column's rows that are one piece of work

  double join(double a, double b) const {
    if (is_sum()) return a + b;
    if (a != a || b != b) return a != a ? a : b;
    return (kind_ == Kind::kMax) == (a < b) ? b : a;
  }

  /// The innermost loop folds: rows, which lie some places apart.
  sdk::Status fold_rows(sdk::RunContext& run, const FoldWalk& walk, const float* x, float* y, int64_t results,
                        int64_t n) const {
    const std::vector<FoldLoop>& loops = walk.folded();
    const int64_t row = loops.empty() ? 1 : loops.back().size, rows = loops.empty() ? 1 : FoldWalk::count(loops, 1);
    const bool dense = rows == 1 && walk.kept().size() == 1 && walk.kept()[0].step == row;
    if (dense && row <= kDenseRow && kind_ != Kind::kLogSumExp) {
      run.parallel_for(results, static_cast<double>(row) * 0.1 + 5, [&](int64_t begin, int64_t end) {
        simd::fold_each_row(fold_of(kind_), x + begin * row, end - begin, row, y + begin);
        for (int64_t i = begin; i < end; ++i) y[i] = result(walk, x, i, static_cast<double>(y[i]), n);
      });
      return {};
    }
    const auto fold_one = [&](int64_t i) {
      const float* base = x + FoldWalk::offset(walk.kept(), i);
      if (kind_ == Kind::kLogSumExp) {
        if (rows != 1) return fold_exactly(kind_, walk, base, n);
        const auto largest = static_cast<float>(simd::fold_row(Fold::kMax, base, row));
        if (!std::isfinite(largest)) return largest;
        return static_cast<float>(largest + std::log(simd::sum_of_powers(base, row, largest)));
      }
      double all = simd::fold_row(fold_of(kind_), base, row);
      for (int64_t o = 1; o < rows; ++o)
        all = join(all, simd::fold_row(fold_of(kind_), base + FoldWalk::offset(loops, o, 1), row));
      return result(walk, x, i, all, n);
    };
    if (results >= 16 || n < 2 * kPiece || rows != 1 || kind_ == Kind::kLogSumExp) {
      run.parallel_for(results, static_cast<double>(n) * (kind_ == Kind::kLogSumExp ? 1 : 0.1) + 10,
                       [&](int64_t begin, int64_t end) {
                         for (int64_t i = begin; i < end; ++i) y[i] = fold_one(i);
                       });
      return {};
    }
    const int64_t pieces = ceil_div(row, kPiece);
    TN_ASSIGN_OR_RETURN(double* const part, run.scratch<double>(static_cast<size_t>(results * pieces)));
    run.parallel_for(results * pieces, static_cast<double>(kPiece) * 0.1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t at = p % pieces * kPiece;
        part[p] = simd::fold_row(fold_of(kind_), x + FoldWalk::offset(walk.kept(), p / pieces) + at,
                                 std::min(kPiece, row - at));
      }
    });
    for (int64_t i = 0; i < results; ++i) {
      double all = part[i * pieces];
      for (int64_t p = 1; p < pieces; ++p) all = join(all, part[i * pieces + p]);
      y[i] = result(walk, x, i, all, n);
    }
    return {};
  }

  /// The innermost loop stays: rows are added to each other.
  sdk::Status fold_columns(sdk::RunContext& run, const FoldWalk& walk, const float* x, float* y, int64_t results,
                           int64_t n) const {
    const std::vector<FoldLoop>&loops = walk.folded(), &kept = walk.kept();
    const int64_t width = kept.back().size, outer = results / width;
    const FoldLoop last = loops.empty() ? FoldLoop{1, 0} : loops.back();
    const int64_t groups = loops.empty() ? 1 : FoldWalk::count(loops, 1);
    const auto fold_piece = [&](int64_t o, int64_t first, int64_t rows, int64_t c, int64_t columns, float* to) {
      const float* base = x + FoldWalk::offset(kept, o, 1) + c;
      for (int64_t g = 0; g < groups; ++g)
        simd::fold_columns(fold_of(kind_), base + FoldWalk::offset(loops, g, 1) + first * last.step, rows, last.step,
                           columns, g > 0, to);
    };
    // Pieces of columns; or of rows where one piece of columns is all there is, and they are many.
    constexpr int64_t kColumns = 256;
    const int64_t column_pieces = ceil_div(width, kColumns);
    const int64_t rows_of_piece = std::max<int64_t>(64, kPiece / std::min(width, kColumns));
    const int64_t row_pieces = groups == 1 && outer * column_pieces < 8 ? ceil_div(last.size, rows_of_piece) : 1;
    float* to = y;
    if (row_pieces > 1) {
      TN_ASSIGN_OR_RETURN(to, run.scratch<float>(static_cast<size_t>(row_pieces * results)));
    }
    const auto each_piece = static_cast<double>(std::min(kColumns, width)) * static_cast<double>(n / row_pieces);
    run.parallel_for(row_pieces * outer * column_pieces, each_piece * 0.1 + 20, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t c = p % column_pieces * kColumns, o = p / column_pieces % outer, r = p / column_pieces / outer;
        const int64_t first = r * rows_of_piece;
        const int64_t rows = row_pieces == 1 ? last.size : std::min(rows_of_piece, last.size - first);
        fold_piece(o, first, rows, c, std::min(kColumns, width - c), to + r * results + o * width + c);
      }
    });
    if (row_pieces > 1) {
      const bool sums = is_sum();
      // What is folded once is only to be added, or compared, from here on.
      simd::fold_columns(sums ? Fold::kSum : fold_of(kind_), to, row_pieces, results, results, false, y);
    }
    if (is_sum())
      for (int64_t i = 0; i < results; ++i) y[i] = result(walk, x, i, static_cast<double>(y[i]), n);
    return {};
  }

  /// Integers wrap around.
  template <typename T>
  void integers(sdk::RunContext& run, const FoldWalk& walk, const T* x, T* y, int64_t results, int64_t n) const {
    run.parallel_for(results, static_cast<double>(n) + 10, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* base = x + FoldWalk::offset(walk.kept(), i);
        if (n == 0) {
          y[i] = kind_ == Kind::kMax   ? std::numeric_limits<T>::min()
                 : kind_ == Kind::kMin ? std::numeric_limits<T>::max()
                                       : static_cast<T>(kind_ == Kind::kProd);
          continue;
        }
        uint64_t sum = 0, product = 1;
        T best = base[0];
        switch (kind_) {
          case Kind::kMax: each(walk, base, [&](T v) { best = v > best ? v : best; }); break;
          case Kind::kMin: each(walk, base, [&](T v) { best = v < best ? v : best; }); break;
          case Kind::kProd: each(walk, base, [&](T v) { product *= static_cast<uint64_t>(v); }); break;
          default: each(walk, base, [&](T v) { sum += static_cast<uint64_t>(v); });
        }
        y[i] = is_sum() ? static_cast<T>(kind_ == Kind::kProd ? product : sum) : best;
      }
    });
  }

  std::string node_;
  Kind kind_;
  bool keeps_dims_, none_if_empty_;
  sdk::Shape axes_;
};

template <Kind kind>
sdk::Result<sdk::KernelPtr> make(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Reduce>(info, kind));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_reduce_l1(const sdk::KernelInfo& info) {
  return make<Kind::kL1>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_l2(const sdk::KernelInfo& info) {
  return make<Kind::kL2>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_log_sum_exp(const sdk::KernelInfo& info) {
  return make<Kind::kLogSumExp>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_max(const sdk::KernelInfo& info) {
  return make<Kind::kMax>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_mean(const sdk::KernelInfo& info) {
  return make<Kind::kMean>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_min(const sdk::KernelInfo& info) {
  return make<Kind::kMin>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_prod(const sdk::KernelInfo& info) {
  return make<Kind::kProd>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_sum(const sdk::KernelInfo& info) {
  return make<Kind::kSum>(info);
}
sdk::Result<sdk::KernelPtr> make_reduce_sum_square(const sdk::KernelInfo& info) {
  return make<Kind::kSumSquare>(info);
}

}  // namespace tenon::cpu_blas
