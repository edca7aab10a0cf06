// The buffer pool of OpenBLAS, locked. Its serial archive has no threads and no lock either, so two calls at once could
// be given the same buffer. The linker turns OpenBLAS's calls of blas_memory_alloc and blas_memory_free to these
// (--wrap in CMakeLists.txt). Thread-safe.
#include <mutex>

extern "C" {
void* __real_blas_memory_alloc(int purpose);
void __real_blas_memory_free(void* buffer);
void* __wrap_blas_memory_alloc(int purpose);
void __wrap_blas_memory_free(void* buffer);
}

namespace {
std::mutex pool;
}

void* __wrap_blas_memory_alloc(int purpose) {
  std::lock_guard lock(pool);
  return __real_blas_memory_alloc(purpose);
}

void __wrap_blas_memory_free(void* buffer) {
  std::lock_guard lock(pool);
  __real_blas_memory_free(buffer);
}
