// TopK: the K largest (or smallest) elements along `axis` and their indices, the best first; of equals the one with the
// lower index. NaN counts as larger than any number. K is an attribute in opset 1 and an input from opset 10.
#include <algorithm>
#include <numeric>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class TopK final : public sdk::Kernel {
 public:
  explicit TopK(const sdk::KernelInfo& info)
      : axis_(info.attr_int("axis")),
        from_attribute_(info.since_version() < 10),
        k_(info.attr_int("k")),
        largest_(info.attr_int("largest", 1) != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    int64_t k = k_;
    if (!from_attribute_) {
      TN_ASSIGN_OR_RETURN(const sdk::Shape values, read_ints(run.input(1), "K"));
      if (values.size() != 1) return sdk::invalid_argument("input K has ", values.size(), " values, expected 1");
      k = values[0];
    }
    const int64_t size = x.dim(axis);
    if (k < 0 || k > size)
      return sdk::invalid_argument("K is ", k, ", expected 0 to ", size, ", the size of axis ", axis);
    sdk::Shape shape = to_shape(x.shape());
    shape[size_t(axis)] = k;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView values, run.output(0, x.dtype(), shape));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView indices, run.output(1, TN_INT64, shape));
    if (values.count() == 0) return {};
    const int64_t inner = row_major_strides(x.shape())[size_t(axis)];
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      std::vector<int64_t> order(static_cast<size_t>(size));
      for (int64_t line = 0; line < x.count() / size; ++line) {
        const int64_t outer = line / inner, offset = line % inner;
        select(x.data<T>() + outer * size * inner + offset, inner, k, order);
        for (int64_t i = 0; i < k; ++i) {
          const int64_t to = (outer * k + i) * inner + offset;
          values.data<T>()[to] = x.data<T>()[(outer * size + order[size_t(i)]) * inner + offset];
          indices.data<int64_t>()[to] = order[size_t(i)];
        }
      }
      return {};
    });
  }

 private:
  /// Puts the indices of the k best of the elements line[i * step] at the front of `order`.
  template <typename T>
  void select(const T* line, int64_t step, int64_t k, std::vector<int64_t>& order) const {
    const auto less = [](Compute<T> a, Compute<T> b) { return a < b || (b != b && a == a); };
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t i, int64_t j) {
      const Compute<T> a(line[i * step]), b(line[j * step]);
      const bool before = largest_ ? less(b, a) : less(a, b), after = largest_ ? less(a, b) : less(b, a);
      return before || (!after && i < j);
    });
  }

  int64_t axis_;
  bool from_attribute_;
  int64_t k_;
  bool largest_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_top_k(const sdk::KernelInfo& info) {
  return std::make_unique<TopK>(info);
}

}  // namespace tenon::cpu_ref
