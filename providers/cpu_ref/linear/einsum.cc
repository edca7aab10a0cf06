// Einsum: Output[output term] = the sum, over all labels that are not in the output term, of the product of the
// operands' elements. A label repeated within a term takes the diagonal; "..." stands for leading dimensions that
// broadcast, as many in each term; without "->" the output has the dimensions of "...", then the labels that occur
// once, in ASCII order. Products and sums are held in Accumulator<T>. Two operands are multiplied as matrices. Scratch:
// that of multiply_matrices. The output must not be an input.
#include <algorithm>
#include <map>
#include <tenon/sdk/geometry/einsum.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "linear/matrix.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

using LabelLoop = sdk::EinsumLoop;

bool is_empty(const std::vector<LabelLoop>& loops) {
  return std::any_of(loops.begin(), loops.end(), [](const LabelLoop& l) { return l.extent == 0; });
}

/// Calls body() for every combination of the loops, the last one innermost, with `at` moved to its elements.
template <typename Body>
void for_each(const std::vector<LabelLoop>& loops, sdk::Shape& at, Body&& body) {
  if (is_empty(loops)) return;
  sdk::Shape index(loops.size(), 0);
  while (true) {
    body();
    size_t d = loops.size();
    for (; d > 0; --d) {
      const LabelLoop& loop = loops[d - 1];
      const bool wraps = ++index[d - 1] == loop.extent;
      for (size_t k = 0; k < at.size(); ++k) at[k] += loop.strides[k] * (wraps ? 1 - loop.extent : 1);
      if (!wraps) break;
      index[d - 1] = 0;
    }
    if (d == 0) return;
  }
}

/// Where the elements of operand or output number k lie for every combination of the loops.
std::vector<int64_t> offsets_of(const std::vector<LabelLoop>& loops, size_t k) {
  std::vector<int64_t> offsets;
  if (loops.empty()) return {0};
  sdk::Shape at(loops.front().strides.size(), 0);
  for_each(loops, at, [&] { offsets.push_back(at[k]); });
  return offsets;
}

/// Whether two operands are a product of matrices whose offsets are not more than their elements.
bool are_matrices(const std::vector<LabelLoop>& summed) {
  const auto lacks = [&](size_t k) {
    return std::any_of(summed.begin(), summed.end(), [&](const LabelLoop& l) { return l.strides[k] == 0; });
  };
  return !(lacks(0) && lacks(1));
}

/// The loops of two operands and their output, number 2, as those of a product of matrices: labels of both and of the
/// output, of one and of the output, and of none but operands.
struct MatrixLoops {
  std::vector<LabelLoop> batch, rows, columns, summed;

  MatrixLoops(const std::vector<LabelLoop>& kept, std::vector<LabelLoop> gone) : summed(std::move(gone)) {
    for (const LabelLoop& loop : kept) {
      auto& kind = loop.strides[0] == 0 ? columns : loop.strides[1] == 0 ? rows : batch;
      kind.push_back(loop);
    }
  }
};

template <typename T>
sdk::Status multiply_operands(sdk::RunContext& run, const MatrixLoops& loops, const T* a, const T* b, T* y) {
  const std::vector<int64_t> a_rows = offsets_of(loops.rows, 0), a_columns = offsets_of(loops.summed, 0),
                             b_rows = offsets_of(loops.summed, 1), b_columns = offsets_of(loops.columns, 1),
                             y_rows = offsets_of(loops.rows, 2), y_columns = offsets_of(loops.columns, 2);
  const auto M = int64_t(a_rows.size()), K = int64_t(a_columns.size()), N = int64_t(b_columns.size());
  OffsetMatrix<T> left{a, a_rows.data(), a_columns.data()}, right{b, b_rows.data(), b_columns.data()};
  TN_ASSIGN_OR_RETURN(const int64_t panel_size, product_scratch(right, M, N, K));
  TN_ASSIGN_OR_RETURN(T* const panel, run.scratch<T>(static_cast<size_t>(panel_size)));
  sdk::Shape at(3, 0);
  for_each(loops.batch, at, [&] {
    if (run.cancelled()) return;
    left.data = a + at[0];
    right.data = b + at[1];
    multiply_matrices<T>(run, left, right, M, N, K, panel, [&](int64_t m, int64_t n, auto sum) {
      y[at[2] + y_rows[size_t(m)] + y_columns[size_t(n)]] = from_accumulator<T>(sum);
    });
  });
  return {};
}

class Einsum final : public sdk::Kernel {
 public:
  explicit Einsum(sdk::EinsumEquation equation) : equation_(std::move(equation)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    std::vector<sdk::TensorView> operands;
    std::vector<sdk::ShapeView> shapes;
    for (uint32_t k = 0; k < run.input_count(); ++k) {
      operands.push_back(run.input(k));
      shapes.push_back(operands.back().shape());
    }
    TN_ASSIGN_OR_RETURN(const sdk::EinsumTerms terms, equation_.resolve(shapes));
    TN_ASSIGN_OR_RETURN(const auto loops, sdk::einsum_loops(terms, shapes));
    std::vector<LabelLoop> kept, summed;
    sdk::Shape shape;
    for (int label : terms.output) {
      kept.push_back(loops.at(label));
      shape.push_back(kept.back().extent);
    }
    for (const auto& [label, loop] : loops)
      if (std::find(terms.output.begin(), terms.output.end(), label) == terms.output.end()) summed.push_back(loop);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, operands[0].dtype(), shape));
    if (y.count() == 0) return {};
    if (operands.size() == 2 && are_matrices(summed)) {
      const sdk::Shape strides = row_major_strides(shape);
      for (size_t d = 0; d < kept.size(); ++d) kept[d].strides.push_back(strides[d]);
      for (LabelLoop& loop : summed) loop.strides.push_back(0);
      const MatrixLoops matrices(kept, summed);
      return visit_numeric(y.dtype(), [&](auto tag) {
        using T = decltype(tag);
        return multiply_operands<T>(run, matrices, operands[0].data<T>(), operands[1].data<T>(), y.data<T>());
      });
    }
    return visit_numeric(operands[0].dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      T* out = y.template data<T>();
      sdk::Shape at(operands.size(), 0);
      if (operands.size() == 1 && summed.empty() && !kept.empty()) {  // its elements in another order
        const LabelLoop row = kept.back();
        kept.pop_back();
        for_each(kept, at, [&] {
          const T* in = operands[0].data<T>() + at[0];
          for (int64_t i = 0; i < row.extent; ++i) *out++ = in[i * row.strides[0]];
        });
        return {};
      }
      for_each(kept, at, [&] {
        Accumulator<T> sum = 0;
        for_each(summed, at, [&] {
          Accumulator<T> product = 1;
          for (size_t k = 0; k < operands.size(); ++k)
            product = wrapping_multiply(
                product, static_cast<Accumulator<T>>(static_cast<Compute<T>>(operands[k].data<T>()[at[k]])));
          sum = wrapping_add(sum, product);
        });
        *out++ = from_accumulator<T>(sum);
      });
      return {};
    });
  }

 private:
  sdk::EinsumEquation equation_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_einsum(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::EinsumEquation equation, sdk::EinsumEquation::parse(info.attr_string("equation")));
  return std::make_unique<Einsum>(std::move(equation));
}

}  // namespace tenon::cpu_ref
