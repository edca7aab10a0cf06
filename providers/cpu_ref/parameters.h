// Small floating-point inputs, such as the scales of a normalization, read into double whatever their type.
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

}  // namespace tenon::cpu_ref
