// RMSNormalization: Y = X / sqrt(mean of X^2 + epsilon) * scale, the mean taken over the axes from `axis` on; Y has
// scale's type and may be X.
#include "normalize.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_rms_normalization(const sdk::KernelInfo& info) {
  return NormalizeKernel::create(info, false);
}

}  // namespace tenon::cpu_ref
