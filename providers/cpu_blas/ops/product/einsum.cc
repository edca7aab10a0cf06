// Einsum of two operands as products of matrices: labels of both operands and of the output number the products, those
// of one and the output are rows or columns, all others are summed over. An operand, or the output, whose rows and
// columns lie at regular distances is read, or written, in place; another is copied. Where a label of one operand alone
// is summed over, cpu_ref takes the node.
#include <algorithm>
#include <optional>
#include <tenon/sdk/geometry/einsum.hpp>

#include "common.h"
#include "gemm.h"
#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

using Loops = std::vector<sdk::EinsumLoop>;
constexpr size_t kOutput = 2;  // of the strides

int64_t size_of(const Loops& loops) {
  int64_t size = 1;
  for (const sdk::EinsumLoop& loop : loops) size *= loop.extent;
  return size;
}

/// Several loops as one: the distance between neighbours, if it is the same throughout.
std::optional<int64_t> stride_of(const Loops& loops, size_t k) {
  std::optional<int64_t> least;
  int64_t next = 0;
  for (size_t i = loops.size(); i-- > 0;) {
    const sdk::EinsumLoop& loop = loops[i];
    if (loop.extent == 1) continue;
    if (!least) {
      least = loop.strides[k];
    } else if (loop.strides[k] != next) {
      return std::nullopt;
    }
    next = loop.strides[k] * loop.extent;
  }
  return least.value_or(1);
}

/// Operand k's matrix of each product: how BLAS reads it, and from where.
struct Matrix {
  int64_t stride = 1;
  bool is_transposed = false;
  const float* data = nullptr;
};

/// As it lies: rows x columns, or the transpose, whose neighbours of a row are neighbours in memory.
std::optional<Matrix> matrix_in_place(const Loops& rows, const Loops& columns, size_t k) {
  const auto r = stride_of(rows, k), c = stride_of(columns, k);
  const int64_t m = size_of(rows), n = size_of(columns);
  if (!r || !c) return std::nullopt;
  if ((*c == 1 || n == 1) && (m == 1 || *r >= n)) return Matrix{m == 1 ? std::max<int64_t>(n, 1) : *r, false};
  if ((*r == 1 || m == 1) && (n == 1 || *c >= m)) return Matrix{n == 1 ? std::max<int64_t>(m, 1) : *c, true};
  return std::nullopt;
}

class Einsum final : public sdk::Kernel {
 public:
  Einsum(std::string node, sdk::EinsumEquation equation) : node_(std::move(node)), equation_(std::move(equation)) {}
  sdk::Status run(sdk::RunContext& run) const override;

 private:
  struct Product {
    Loops batch, rows, columns, summed;
  };

  sdk::Status multiply(sdk::RunContext& run, Product product, const float* a, const float* b, float* y) const;
  static sdk::Result<Matrix> operand(sdk::RunContext& run, Loops* batch, const Loops& rows, const Loops& columns,
                                     size_t k, const float* data);

  std::string node_;
  sdk::EinsumEquation equation_;
};

/// Makes loops over operand k alone dense, and copies the operand to that where it is needed.
sdk::Result<Matrix> Einsum::operand(sdk::RunContext& run, Loops* batch, const Loops& rows, const Loops& columns,
                                    size_t k, const float* data) {
  if (auto matrix = matrix_in_place(rows, columns, k)) {
    matrix->data = data;
    return *matrix;
  }
  sdk::Shape shape, steps;
  const auto append = [&](const Loops& loops, bool varies_alone) {
    for (const sdk::EinsumLoop& loop : loops) {
      if (varies_alone && loop.strides[k] == 0) continue;
      shape.push_back(loop.extent), steps.push_back(loop.strides[k]);
    }
  };
  append(*batch, true), append(rows, false), append(columns, false);
  int64_t count;
  const int64_t m = size_of(rows), n = size_of(columns);
  if (__builtin_mul_overflow(m, n, &count))
    return sdk::invalid_argument("an operand of ", m, " x ", n, " is too large");
  int64_t stride = count;
  for (size_t i = batch->size(); i-- > 0;) {
    sdk::EinsumLoop& loop = (*batch)[i];
    if (loop.strides[k] == 0) continue;
    loop.strides[k] = stride;
    if (__builtin_mul_overflow(stride, loop.extent, &stride))
      return sdk::invalid_argument("the operands of ", m, " x ", n, " are too many");
  }
  TN_ASSIGN_OR_RETURN(float* const copy, run.scratch<float>(static_cast<size_t>(stride)));
  copy_strided_view(run, data, 0, steps, shape, sizeof(float), copy);
  return Matrix{std::max<int64_t>(n, 1), false, copy};
}

/// The offset of operand k in product `index`.
int64_t offset_of(const Loops& batch, size_t k, int64_t index) {
  int64_t at = 0;
  for (size_t i = batch.size(); i-- > 0; index /= batch[i].extent) at += index % batch[i].extent * batch[i].strides[k];
  return at;
}

sdk::Status Einsum::multiply(sdk::RunContext& run, Product p, const float* a, const float* b, float* y) const {
  auto result = matrix_in_place(p.rows, p.columns, kOutput);
  if (result && result->is_transposed) {  // then its transpose is the product of the other order
    for (Loops* loops : {&p.batch, &p.rows, &p.columns, &p.summed})
      for (sdk::EinsumLoop& loop : *loops) std::swap(loop.strides[0], loop.strides[1]);
    std::swap(p.rows, p.columns);
    std::swap(a, b);
  }
  const int64_t m = size_of(p.rows), n = size_of(p.columns), k = size_of(p.summed), count = size_of(p.batch);
  TN_ASSIGN_OR_RETURN(const Matrix left, operand(run, &p.batch, p.rows, p.summed, 0, a));
  TN_ASSIGN_OR_RETURN(const Matrix right, operand(run, &p.batch, p.summed, p.columns, 1, b));
  float* to = y;
  Loops places = p.batch;  // of the products' results
  if (!result) {
    TN_ASSIGN_OR_RETURN(to, run.scratch<float>(static_cast<size_t>(count * m * n)));
    int64_t stride = m * n;
    for (size_t i = places.size(); i-- > 0; stride *= places[i].extent) places[i].strides[kOutput] = stride;
  }
  Gemm g;
  g.m = m, g.n = n, g.k = k;
  g.lda = left.stride, g.transpose_a = left.is_transposed;
  g.ldb = right.stride, g.transpose_b = right.is_transposed;
  g.ldc = result ? result->stride : n;
  TN_RETURN_IF_ERROR(check_gemm(node_, g));
  const auto product = [&](int64_t i) {
    Gemm one = g;
    one.a = left.data + offset_of(p.batch, 0, i);
    one.b = right.data + offset_of(p.batch, 1, i);
    one.c = to + offset_of(places, kOutput, i);
    return one;
  };
  if (count < run.max_workers()) {
    for (int64_t i = 0; i < count; ++i) gemm(run, product(i), {});
  } else {
    run.count_products(m, n, k, count);
    run.parallel_for(count, gemm_cost_ns(m, n, k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) gemm_tile(product(i), {}, 0, m, 0, n);
    });
  }
  if (result) return {};
  // Y's dimensions by falling strides are its own order.
  Loops all = p.batch;
  all.insert(all.end(), p.rows.begin(), p.rows.end());
  all.insert(all.end(), p.columns.begin(), p.columns.end());
  std::vector<int64_t> dense(all.size());
  int64_t stride = 1;
  for (size_t i = all.size(); i-- > 0; stride *= all[i].extent) dense[i] = stride;
  std::vector<size_t> order(all.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t i, size_t j) { return all[i].strides[kOutput] > all[j].strides[kOutput]; });
  sdk::Shape shape, steps;
  for (const size_t i : order) shape.push_back(all[i].extent), steps.push_back(dense[i]);
  copy_strided_view(run, to, 0, steps, shape, sizeof(float), y);
  return {};
}

/// Element by element: where each operand is 1 long along some of what is summed over, so that copies of both would be
/// much larger than they are.
void sum_plainly(sdk::RunContext& run, const Loops& kept, const Loops& summed, const float* a, const float* b,
                 float* y) {
  const int64_t terms = size_of(summed);
  run.count_products(1, size_of(kept), terms);
  run.parallel_for(size_of(kept), static_cast<double>(terms) * 20, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
      double sum = 0;
      for (int64_t t = 0; t < terms; ++t)
        sum += static_cast<double>(a[offset_of(kept, 0, i) + offset_of(summed, 0, t)]) *
               static_cast<double>(b[offset_of(kept, 1, i) + offset_of(summed, 1, t)]);
      y[i] = static_cast<float>(sum);
    }
  });
}

sdk::Status Einsum::run(sdk::RunContext& run) const {
  const sdk::TensorView a = run.input(0), b = run.input(1);
  const sdk::ShapeView shapes[] = {a.shape(), b.shape()};
  TN_ASSIGN_OR_RETURN(const sdk::EinsumTerms terms, equation_.resolve(shapes));
  TN_ASSIGN_OR_RETURN(auto loops, sdk::einsum_loops(terms, shapes));
  sdk::Shape shape;
  for (const int label : terms.output) shape.push_back(loops.at(label).extent);
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
  if (y.count() == 0) return {};
  Product product;
  int64_t stride = 1;
  for (auto& [label, loop] : loops) loop.strides.push_back(0);
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d]) loops.at(terms.output[d]).strides[kOutput] = stride;
  for (const int label : terms.output) {
    const sdk::EinsumLoop& loop = loops.at(label);
    // What is 1 long in one operand varies in the other alone.
    (loop.strides[0] == 0 ? product.columns : loop.strides[1] == 0 ? product.rows : product.batch).push_back(loop);
  }
  for (const auto& [label, loop] : loops)
    if (std::find(terms.output.begin(), terms.output.end(), label) == terms.output.end())
      product.summed.push_back(loop);
  if (size_of(product.summed) == 0) {
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    return {};
  }
  const auto repeats = [&](size_t k) {
    return std::any_of(product.summed.begin(), product.summed.end(),
                       [&](const sdk::EinsumLoop& l) { return l.extent > 1 && l.strides[k] == 0; });
  };
  if (repeats(0) && repeats(1)) {
    Loops kept;
    for (const int label : terms.output) kept.push_back(loops.at(label));
    sum_plainly(run, kept, product.summed, a.data<float>(), b.data<float>(), y.data<float>());
    return {};
  }
  return multiply(run, std::move(product), a.data<float>(), b.data<float>(), y.data<float>());
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_einsum(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::EinsumEquation equation, sdk::EinsumEquation::parse(info.attr_string("equation")));
  if (info.input_count() != 2 || !equation.is_product())
    return sdk::unsupported(describe(info), ": the equation '", info.attr_string("equation"),
                            "' is no product of two matrices: cpu_ref has all others");
  return sdk::KernelPtr(std::make_unique<Einsum>(describe(info), std::move(equation)));
}

}  // namespace tenon::cpu_blas
