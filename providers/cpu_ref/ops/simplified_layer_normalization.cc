// SimplifiedLayerNormalization: RMSNormalization under its older name, with the inverse deviation of each row as a
// second output. Y may be X.
#include "normalize.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_simplified_layer_normalization(const sdk::KernelInfo& info) {
  return NormalizeKernel::create(info, false);
}

}  // namespace tenon::cpu_ref
