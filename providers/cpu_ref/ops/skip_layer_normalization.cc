// SkipLayerNormalization: the sum of input, skip and bias, normalized over its last axis to mean 0 and variance 1, with
// the sum itself as a further output. Output may be input.
#include "skip_normalize.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_skip_layer_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<SkipNormalizeKernel>(info, true);
}

}  // namespace tenon::cpu_ref
