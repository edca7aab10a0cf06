// ScatterElements, called Scatter before opset 11: the data, in which y[indices[i, j, k], j, k] = updates[i, j, k] for
// axis 0, and so on for the others. ScatterND: the data, in which the slice at each tuple of indices is replaced by
// that of the updates. With a reduction the update is combined with what is there, in the order of the updates; without
// one the last of several wins. Negative indices count from the end. Y may be the data.
#include <algorithm>

#include "ops/select/index.h"

namespace tenon::cpu_blas {
namespace {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

/// Integers wrap around; NaN wins.
template <typename T>
T combine(Reduction reduction, T a, T b) {
  switch (reduction) {
    case Reduction::kAdd:
      if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
      return a + b;
    case Reduction::kMul:
      if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
      return a * b;
    case Reduction::kMax: return a != a ? a : b != b || a < b ? b : a;
    case Reduction::kMin: return a != a ? a : b != b || b < a ? b : a;
    default: return b;
  }
}

/// Puts n elements of the updates, or combines them with those that are there.
using Put = void (*)(Reduction reduction, char* to, const char* from, int64_t n);

template <typename T>
void put(Reduction reduction, char* to, const char* from, int64_t n) {
  T* y = reinterpret_cast<T*>(to);
  const T* x = reinterpret_cast<const T*>(from);
  for (int64_t i = 0; i < n; ++i) y[i] = combine(reduction, y[i], x[i]);
}

template <size_t bytes>
void replace(Reduction, char* to, const char* from, int64_t n) {
  copy_slice(to, from, static_cast<size_t>(n) * bytes);
}

Put put_of(Reduction reduction, uint32_t dtype) {
  if (reduction == Reduction::kNone) {
    switch (element_size(dtype)) {
      case 1: return replace<1>;
      case 2: return replace<2>;
      case 4: return replace<4>;
      case 8: return replace<8>;
      default: return replace<16>;
    }
  }
  switch (dtype) {
    case TN_FLOAT: return put<float>;
    case TN_DOUBLE: return put<double>;
    case TN_INT32: return put<int32_t>;
    case TN_INT64: return put<int64_t>;
    default: return nullptr;
  }
}

class Scatter : public sdk::Kernel {
 public:
  Scatter(const sdk::KernelInfo& info, Reduction reduction, Put put)
      : node_(describe(info)), reduction_(reduction), put_(put) {}

 protected:
  /// Output 0 with the data in it.
  static sdk::Result<char*> start(sdk::RunContext& run) {
    const sdk::TensorView data = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, data.dtype(), data.shape()));
    run.count(TN_COUNT_BYTES, y.byte_length() + 2 * run.input(2).byte_length());
    char* to = static_cast<char*>(y.raw());
    const char* from = static_cast<const char*>(data.raw());
    if (to != from)
      run.parallel_for(static_cast<int64_t>(y.byte_length()), 0.1, [&](int64_t begin, int64_t end) {
        std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
      });
    return to;
  }

  std::string node_;
  Reduction reduction_;
  Put put_;
};

class ScatterElements final : public Scatter {
 public:
  ScatterElements(const sdk::KernelInfo& info, Reduction reduction, Put put)
      : Scatter(info, reduction, put), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1), updates = run.input(2);
    if (!std::equal(updates.shape().begin(), updates.shape().end(), indices.shape().begin(), indices.shape().end()))
      return sdk::invalid_argument(node_, ": input updates has shape ", sdk::shape_text(updates.shape()), ", expected ",
                                   sdk::shape_text(indices.shape()), ", that of the indices");
    TN_ASSIGN_OR_RETURN(const ElementRows rows, ElementRows::create(node_, data, indices, axis_));
    TN_ASSIGN_OR_RETURN(char* const to, start(run));
    const auto unit = static_cast<int64_t>(element_size(data.dtype()));
    const char* from = static_cast<const char*>(updates.raw());
    return rows.each(0, rows.rows(),
                     [&](int64_t i, int64_t at) { put_(reduction_, to + at * unit, from + i * unit, 1); });
  }

 private:
  int64_t axis_;
};

class ScatterNd final : public Scatter {
 public:
  using Scatter::Scatter;

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1), updates = run.input(2);
    TN_ASSIGN_OR_RETURN(const Tuples tuples, Tuples::create(node_, data, indices, 0));
    sdk::Shape shape(indices.shape().begin(), indices.shape().end() - 1);
    shape.insert(shape.end(), data.shape().begin() + tuples.depth(), data.shape().end());
    if (!std::equal(updates.shape().begin(), updates.shape().end(), shape.begin(), shape.end()))
      return sdk::invalid_argument(node_, ": input updates has shape ", sdk::shape_text(updates.shape()), ", expected ",
                                   sdk::shape_text(shape), ": a slice of the data for each tuple of indices");
    TN_ASSIGN_OR_RETURN(char* const to, start(run));
    const auto unit = static_cast<int64_t>(element_size(data.dtype()));
    const char* from = static_cast<const char*>(updates.raw());
    const int64_t slice = tuples.slice();
    for (int64_t t = 0; t < tuples.count(); ++t) {
      TN_ASSIGN_OR_RETURN(const int64_t at, tuples.position(t));
      if (slice != 0) put_(reduction_, to + at * unit, from + t * slice * unit, slice);
    }
    return {};
  }
};

template <typename K>
sdk::Result<sdk::KernelPtr> make_scatter(const sdk::KernelInfo& info) {
  const std::string name = info.attr_string("reduction", "none");
  Reduction reduction = Reduction::kNone;
  if (name == "add") {
    reduction = Reduction::kAdd;
  } else if (name == "mul") {
    reduction = Reduction::kMul;
  } else if (name == "max") {
    reduction = Reduction::kMax;
  } else if (name == "min") {
    reduction = Reduction::kMin;
  } else if (name != "none") {
    return sdk::invalid_model("attribute reduction is '", name, "', expected none, add, mul, max or min");
  }
  const uint32_t dtype = info.input(0).info().dtype();
  const Put put = put_of(reduction, dtype);
  if (put == nullptr)
    return sdk::unsupported(describe(info), ": elements of type ", sdk::dtype_name(static_cast<tn_dtype>(dtype)),
                            " are not combined here: cpu_ref does it");
  // The data's memory is written while the other inputs are read.
  const std::string_view data = info.input(0).name();
  if (data != info.input(1).name() && data != info.input(2).name())
    info.terms().aliases.push_back({0, 0, TN_ALIAS_MAY_REUSE});
  return sdk::KernelPtr(std::make_unique<K>(info, reduction, put));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_scatter_elements(const sdk::KernelInfo& info) {
  return make_scatter<ScatterElements>(info);
}

sdk::Result<sdk::KernelPtr> make_scatter_nd(const sdk::KernelInfo& info) {
  return make_scatter<ScatterNd>(info);
}

}  // namespace tenon::cpu_blas
