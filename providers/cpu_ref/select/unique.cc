// Unique: the distinct elements of X, or with `axis` its distinct slices along it; in ascending order (slices compare
// element by element, strings by their bytes, NaN last and equal to itself), or with sorted = 0 in order of appearance.
// Further outputs, int64: where each appears first, for each element or slice of X its number, and how often it
// appears. The Unique of com.microsoft is that of a vector in order of appearance, without the second output.
#include <algorithm>
#include <numeric>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

/// X as outer x count x inner, of which the `count` slices are compared.
struct Slices {
  int64_t outer, count, inner;
};

template <typename T>
int compare_numbers(T a, T b) {
  if (a < b || (b != b && a == a)) return -1;
  return b < a || (a != a && b == b) ? 1 : 0;
}

/// Elements number a and b of X, of `parts` numbers each.
template <typename T>
int compare_elements(const sdk::TensorView& x, int64_t parts, int64_t a, int64_t b) {
  const T* data = static_cast<const T*>(x.raw());
  int order = 0;
  for (int64_t p = 0; order == 0 && p < parts; ++p)
    order = compare_numbers(Compute<T>(data[a * parts + p]), Compute<T>(data[b * parts + p]));
  return order;
}

class Unique final : public sdk::Kernel {
 public:
  explicit Unique(const sdk::KernelInfo& info)
      : has_axis_(info.has_int("axis")),
        axis_(info.attr_int("axis")),
        sorted_(info.attr_int("sorted") != 0),
        is_contrib_(!info.domain().empty()) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (is_contrib_ && x.rank() != 1)
      return sdk::invalid_argument("input x has shape ", sdk::shape_text(x.shape()), ", expected a vector");
    int64_t axis = 0;
    Slices s{1, x.count(), 1};
    sdk::Shape shape{0};
    if (has_axis_) {
      TN_ASSIGN_OR_RETURN(axis, normalize_axis(axis_, x.rank()));
      shape = to_shape(x.shape());
      s.count = x.dim(axis);
      TN_ASSIGN_OR_RETURN(s.outer, product(shape, 0, size_t(axis)));
      TN_ASSIGN_OR_RETURN(s.inner, product(shape, size_t(axis) + 1, shape.size()));
    }
    std::vector<int64_t> first, inverse(static_cast<size_t>(s.count)), counts;
    TN_RETURN_IF_ERROR(group(x, s, first, inverse, counts));
    const int64_t found = int64_t(first.size());
    shape[size_t(axis)] = found;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t i = 0; i < found; ++i)
        TN_RETURN_IF_ERROR(mover.copy((o * found + i) * s.inner, (o * s.count + first[size_t(i)]) * s.inner, s.inner));
    if (!is_contrib_) TN_RETURN_IF_ERROR(write(run, 1, first));
    TN_RETURN_IF_ERROR(write(run, is_contrib_ ? 1 : 2, inverse));
    return write(run, is_contrib_ ? 2 : 3, counts);
  }

 private:
  sdk::Status group(const sdk::TensorView& x, const Slices& s, std::vector<int64_t>& first,
                    std::vector<int64_t>& inverse, std::vector<int64_t>& counts) const {
    switch (x.dtype()) {
      case TN_BOOL: group_by<uint8_t>(x, 1, s, first, inverse, counts); return {};
      case TN_COMPLEX64: group_by<float>(x, 2, s, first, inverse, counts); return {};
      case TN_COMPLEX128: group_by<double>(x, 2, s, first, inverse, counts); return {};
      case TN_STRING:
        group_with([&](int64_t a,
                       int64_t b) { return sdk::view(x.data<tn_str>()[a]).compare(sdk::view(x.data<tn_str>()[b])); },
                   s, first, inverse, counts);
        return {};
      default: break;
    }
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      group_by<decltype(tag)>(x, 1, s, first, inverse, counts);
      return {};
    });
  }

  template <typename T>
  void group_by(const sdk::TensorView& x, int64_t parts, const Slices& s, std::vector<int64_t>& first,
                std::vector<int64_t>& inverse, std::vector<int64_t>& counts) const {
    group_with([&](int64_t a, int64_t b) { return compare_elements<T>(x, parts, a, b); }, s, first, inverse, counts);
  }

  template <typename CompareElements>
  void group_with(CompareElements&& compare_elements_of_x, const Slices& s, std::vector<int64_t>& first,
                  std::vector<int64_t>& inverse, std::vector<int64_t>& counts) const {
    const auto compare = [&](int64_t a, int64_t b) {
      int order = 0;
      for (int64_t o = 0; order == 0 && o < s.outer; ++o)
        for (int64_t i = 0; order == 0 && i < s.inner; ++i)
          order = compare_elements_of_x((o * s.count + a) * s.inner + i, (o * s.count + b) * s.inner + i);
      return order;
    };
    std::vector<int64_t> by_value(inverse.size());
    std::iota(by_value.begin(), by_value.end(), 0);
    std::stable_sort(by_value.begin(), by_value.end(), [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
    for (size_t i = 0; i < by_value.size(); ++i) {
      if (i == 0 || compare(by_value[i - 1], by_value[i]) != 0) {
        first.push_back(by_value[i]);
        counts.push_back(0);
      }
      inverse[size_t(by_value[i])] = int64_t(first.size()) - 1;
      ++counts.back();
    }
    if (!sorted_) order_by_appearance(first, inverse, counts);
  }

  static void order_by_appearance(std::vector<int64_t>& first, std::vector<int64_t>& inverse,
                                  std::vector<int64_t>& counts) {
    std::vector<size_t> order(first.size()), number(first.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return first[a] < first[b]; });
    const std::vector<int64_t> old_first = first, old_counts = counts;
    for (size_t i = 0; i < order.size(); ++i) {
      first[i] = old_first[order[i]];
      counts[i] = old_counts[order[i]];
      number[order[i]] = i;
    }
    for (int64_t& n : inverse) n = int64_t(number[size_t(n)]);
  }

  static sdk::Status write(sdk::RunContext& run, uint32_t output, const std::vector<int64_t>& values) {
    if (output >= run.output_count() || !run.output_wanted(output)) return {};
    const int64_t shape[] = {int64_t(values.size())};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(output, TN_INT64, shape));
    std::copy(values.begin(), values.end(), y.data<int64_t>());
    return {};
  }

  bool has_axis_;
  int64_t axis_;
  bool sorted_, is_contrib_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_unique_op(const sdk::KernelInfo& info) {
  return std::make_unique<Unique>(info);
}

}  // namespace tenon::cpu_ref
