// A floating-point tensor as floats, for kernels whose inner loops know one type.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

/// The elements of `t`, whose type is T: where they lie if that is float, else rounded to float in scratch memory.
template <typename T>
sdk::Result<const float*> as_floats(sdk::RunContext& run, const sdk::TensorView& t) {
  if constexpr (std::is_same_v<T, float>) {
    return t.data<float>();
  } else {
    TN_ASSIGN_OR_RETURN(float* const floats, run.scratch<float>(static_cast<size_t>(t.count())));
    for (int64_t i = 0; i < t.count(); ++i) floats[i] = static_cast<float>(t.data<T>()[i]);
    return static_cast<const float*>(floats);
  }
}

}  // namespace tenon::cpu_ref
