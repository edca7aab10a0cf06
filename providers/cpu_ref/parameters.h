// Floating-point inputs read as double whatever their type, such as the scales of a normalization.
#pragma once

#include "dispatch.h"

namespace tenon::cpu_ref {

/// The `count` values of a floating-point input; `name` is the input's, for the message when it holds another number.
inline sdk::Result<std::vector<double>> read_doubles(const sdk::TensorView& t, int64_t count, std::string_view name) {
  if (t.count() != count)
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", count,
                                 " elements");
  std::vector<double> values;
  TN_RETURN_IF_ERROR(visit_floats(t.dtype(), [&](auto tag) -> sdk::Status {
    for (const auto& v : t.span<decltype(tag)>()) values.push_back(double(v));
    return {};
  }));
  return values;
}

/// The same of an input of one dimension.
inline sdk::Result<std::vector<double>> read_vector(const sdk::TensorView& t, int64_t count, std::string_view name) {
  if (t.rank() == 1) return read_doubles(t, count, name);
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", count,
                               " elements in one dimension");
}

/// The elements of a floating-point tensor, for inputs whose type is not that of the others. Borrows from the tensor.
class Reals {
 public:
  Reals() = default;
  explicit Reals(const sdk::TensorView& t) : data_(t.raw()), dtype_(t.dtype()) {}
  double operator[](int64_t i) const {
    switch (dtype_) {
      case TN_FLOAT: return double(static_cast<const float*>(data_)[i]);
      case TN_FLOAT16: return double(static_cast<const sdk::Float16*>(data_)[i]);
      case TN_BFLOAT16: return double(static_cast<const sdk::BFloat16*>(data_)[i]);
      default: return static_cast<const double*>(data_)[i];
    }
  }

 private:
  const void* data_ = nullptr;
  tn_dtype dtype_ = TN_FLOAT;
};

}  // namespace tenon::cpu_ref
