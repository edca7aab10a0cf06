// What the CPU runs, in Highway's groups: the flags that its compiled versions of a function may use.
#include "simd/dispatch.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#elif HWY_ARCH_ARM
#include <sys/auxv.h>
#ifndef HWCAP_AES
#include <asm/hwcap.h>
#endif
#endif

namespace tenon::cpu_blas::simd {
namespace {

#if HWY_ARCH_X86

// Not all compilers' __builtin_cpu_supports know these two.
bool has_f16c() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

bool has_lzcnt() {
  constexpr unsigned kLzcnt = 1u << 5;
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) != 0 && (ecx & kLzcnt) != 0;
}

int64_t detected() {
  __builtin_cpu_init();
  int64_t targets = 0;
  if (!__builtin_cpu_supports("ssse3")) return targets;
  targets |= HWY_SSSE3;
  if (!__builtin_cpu_supports("sse4.1") || !__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("aes") ||
      !__builtin_cpu_supports("pclmul"))
    return targets;
  targets |= HWY_SSE4;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2") || !has_f16c() || !has_lzcnt())
    return targets;
  targets |= HWY_AVX2;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd"))
    return targets;
  return targets | HWY_AVX3;
}

#elif HWY_ARCH_ARM

int64_t detected() {
#if HWY_ARCH_ARM_A64
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0 ? HWY_NEON : 0;
#else
  return 0;
#endif
}

#else

int64_t detected() {
  return 0;
}

#endif

}  // namespace

int64_t supported_targets() {
  static const int64_t targets = (detected() | HWY_ENABLED_BASELINE) & HWY_TARGETS;
  return targets;
}

hwy::ChosenTarget& chosen_target() {
  struct Best : hwy::ChosenTarget {
    Best() { Update(supported_targets()); }
  };
  static Best target;
  return target;
}

}  // namespace tenon::cpu_blas::simd
