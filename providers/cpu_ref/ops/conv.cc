// Conv: Y[n, m, o] = B[m] + sum over c, k of X[n, g * C/group + c, o * strides + k * dilations - pads] * W[m, c, k],
// where g is the group of filter m and X is 0 outside its bounds. X: N x C x D1..., W: M x C/group x k1..., B: M (0
// when left out). Sums are taken in double and rounded at the end.
#include "conv_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_conv(const sdk::KernelInfo& info) {
  return ConvKernel::create(info, Activation());
}

}  // namespace tenon::cpu_ref
