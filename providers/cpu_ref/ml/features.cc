// What prepares rows of features. A row is X's last dimension; lists have one number for all features, or one for each.
//   Scaler       (x - offset) * scale
//   Imputer      imputed_value_* for what is replaced_value_*, which may be NaN
//   Normalizer   rows divided by their greatest element, the sum of magnitudes, or the length; those where that is 0
//                stay. X is N x C or C.
//   Binarizer    1 where x is above the threshold, else 0
#include <algorithm>
#include <cmath>

#include "arithmetic.h"
#include "ml/scores.h"

namespace tenon::cpu_ref {
namespace {

int64_t feature_count(const sdk::TensorView& x) {
  return x.rank() == 0 ? 1 : x.dim(x.rank() - 1);
}

/// TN_INVALID_ARGUMENT unless a list of so many is for one feature or all of X's.
sdk::Status check_features(const sdk::TensorView& x, std::string_view list, size_t length) {
  if (length == 1 || static_cast<int64_t>(length) == feature_count(x)) return {};
  return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", but attribute ", list, " has ",
                               length, " numbers: expected 1 or ", feature_count(x));
}

class Scaler final : public sdk::Kernel {
 public:
  Scaler(std::vector<float> offset, std::vector<float> scale) : offset_(std::move(offset)), scale_(std::move(scale)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_RETURN_IF_ERROR(check_features(x, "offset", offset_.size()));
    TN_RETURN_IF_ERROR(check_features(x, "scale", scale_.size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    const auto features = static_cast<size_t>(feature_count(x));
    return visit_list(MlTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      // Of floats and doubles in their own type, of integers in float.
      using T = decltype(tag);
      using C = std::conditional_t<std::is_integral_v<T>, float, T>;
      run.parallel_for(x.count(), 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const size_t f = static_cast<size_t>(i) % features;
          const C offset = offset_[offset_.size() == 1 ? 0 : f], scale = scale_[scale_.size() == 1 ? 0 : f];
          y.data<float>()[i] = static_cast<float>((static_cast<C>(x.data<T>()[i]) - offset) * scale);
        }
      });
      return {};
    });
  }

 private:
  const std::vector<float> offset_, scale_;
};

template <typename V>
class Imputer final : public sdk::Kernel {
 public:
  Imputer(std::vector<V> imputed, V replaced, std::string_view list)
      : imputed_(std::move(imputed)), replaced_(replaced), list_(list) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_RETURN_IF_ERROR(check_features(x, list_, imputed_.size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    const auto features = static_cast<size_t>(feature_count(x));
    return visit_list(MlTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(x.count(), 2, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T value = x.data<T>()[i];
          const bool is_replaced = Wide(value) == Wide(replaced_) || (value != value && replaced_ != replaced_);
          const V instead = imputed_[imputed_.size() == 1 ? 0 : static_cast<size_t>(i) % features];
          y.data<T>()[i] = is_replaced ? static_cast<T>(instead) : value;
        }
      });
      return {};
    });
  }

 private:
  // Where all values of X and of the attribute are apart.
  using Wide = std::conditional_t<std::is_integral_v<V>, int64_t, double>;

  const std::vector<V> imputed_;
  const V replaced_;
  const std::string_view list_;
};

enum class Norm { kMax, kL1, kL2 };

class Normalizer final : public sdk::Kernel {
 public:
  explicit Normalizer(Norm norm) : norm_(norm) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, rows_of(x));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    return visit_list(MlTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(rows.count, 3 * double(rows.columns), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          normalize(x.data<T>() + i * rows.columns, rows.columns, y.data<float>() + i * rows.columns);
      });
      return {};
    });
  }

 private:
  template <typename T>
  void normalize(const T* x, int64_t count, float* y) const {
    double size = norm_ == Norm::kMax ? -INFINITY : 0;
    for (int64_t c = 0; c < count; ++c) {
      const auto value = static_cast<double>(x[c]);
      if (norm_ == Norm::kMax) size = std::max(size, value);
      if (norm_ == Norm::kL1) size += std::abs(value);
      if (norm_ == Norm::kL2) size += value * value;
    }
    if (norm_ == Norm::kL2) size = std::sqrt(size);
    if (size == 0) size = 1;
    for (int64_t c = 0; c < count; ++c) y[c] = static_cast<float>(static_cast<double>(x[c]) / size);
  }

  const Norm norm_;
};

class Binarizer final : public sdk::Kernel {
 public:
  explicit Binarizer(float threshold) : threshold_(threshold) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_list(MlTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* const from = x.data<T>();
      for (int64_t i = 0; i < x.count(); ++i)
        y.data<T>()[i] = static_cast<T>(static_cast<double>(from[i]) > double(threshold_) ? 1 : 0);
      return {};
    });
  }

 private:
  const float threshold_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_scaler(const sdk::KernelInfo& info) {
  std::vector<float> offset = info.attr_floats("offset"), scale = info.attr_floats("scale");
  if (offset.empty()) offset.assign(std::max<size_t>(scale.size(), 1), 0);
  if (scale.empty()) scale.assign(offset.size(), 1);
  TN_RETURN_IF_ERROR(check_length("scale", scale.size(), offset.size(), "offset"));
  return std::make_unique<Scaler>(std::move(offset), std::move(scale));
}

sdk::Result<sdk::KernelPtr> make_imputer(const sdk::KernelInfo& info) {
  std::vector<float> floats = info.attr_floats("imputed_value_floats");
  std::vector<int64_t> ints = info.attr_ints("imputed_value_int64s");
  if (!floats.empty() && !ints.empty())
    return sdk::invalid_model("attributes imputed_value_floats and imputed_value_int64s are both given, expected one");
  const tn_dtype dtype = info.input(0).info().dtype();
  const bool is_float = dtype == TN_FLOAT || dtype == TN_DOUBLE;
  if (is_float ? floats.empty() : ints.empty())
    return sdk::invalid_model("input X is ", sdk::dtype_name(dtype), ", but attribute ",
                              is_float ? "imputed_value_floats" : "imputed_value_int64s",
                              " is empty: give the numbers to put in");
  if (is_float)
    return std::make_unique<Imputer<float>>(std::move(floats), info.attr_float("replaced_value_float"),
                                            "imputed_value_floats");
  return std::make_unique<Imputer<int64_t>>(std::move(ints), info.attr_int("replaced_value_int64"),
                                            "imputed_value_int64s");
}

sdk::Result<sdk::KernelPtr> make_normalizer(const sdk::KernelInfo& info) {
  const std::string norm = info.attr_string("norm");
  if (norm == "MAX") return std::make_unique<Normalizer>(Norm::kMax);
  if (norm == "L1") return std::make_unique<Normalizer>(Norm::kL1);
  if (norm == "L2") return std::make_unique<Normalizer>(Norm::kL2);
  return sdk::invalid_model("attribute norm is '", norm, "', expected MAX, L1 or L2");
}

sdk::Result<sdk::KernelPtr> make_binarizer(const sdk::KernelInfo& info) {
  return std::make_unique<Binarizer>(info.attr_float("threshold"));
}

}  // namespace tenon::cpu_ref
