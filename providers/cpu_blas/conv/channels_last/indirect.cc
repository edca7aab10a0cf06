// Convolution through pointers; see ways.h.
#include "conv/channels_last/ways.h"

namespace tenon::cpu_blas {
}  // namespace tenon::cpu_blas
