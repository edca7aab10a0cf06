// LayerNormalization: Y = (X - mean) / sqrt(variance + epsilon) * Scale + B, the statistics taken over the axes from
// `axis` on. Mean and InvStdDev keep X's shape with those axes at 1, in the type that stash_type names. Y may be X.
#include "normalize.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_layer_normalization(const sdk::KernelInfo& info) {
  return NormalizeKernel::create(info, true);
}

}  // namespace tenon::cpu_ref
