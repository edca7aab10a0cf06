// OpenBLAS for programs that link it, where cpu_blas loads it.
#include "openblas/openblas.h"

extern "C" const tenon::cpu_blas::OpenBlas TENON_OPENBLAS_SYMBOL;

namespace tenon::cpu_blas {

sdk::Result<const OpenBlas*> openblas() {
  return &TENON_OPENBLAS_SYMBOL;
}

}  // namespace tenon::cpu_blas
