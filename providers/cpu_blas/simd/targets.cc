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

/// CPUID and XCR0 as far as they are asked for here. __builtin_cpu_supports asks a dozen more questions while the
/// library is loaded, and each takes microseconds in a virtual machine.
struct Cpu {
  unsigned basic = 0, extended = 0;  // leaf 1, ecx; leaf 0x80000001, ecx
  unsigned more = 0;                 // leaf 7, ebx
  unsigned saved = 0;                // XCR0: register sets that the operating system saves

  static Cpu ask() {
    Cpu cpu;
    unsigned eax, ebx, ecx, edx, last;
    __cpuid(0, last, ebx, ecx, edx);
    __cpuid(1, eax, ebx, cpu.basic, edx);
    if (last >= 7) __cpuid_count(7, 0, eax, cpu.more, ecx, edx);
    __cpuid(0x80000000, last, ebx, ecx, edx);
    if (last >= 0x80000001) __cpuid(0x80000001, eax, ebx, cpu.extended, edx);
    if ((cpu.basic & bit_OSXSAVE) != 0) __asm__("xgetbv" : "=a"(cpu.saved), "=d"(edx) : "c"(0));
    return cpu;
  }
};

bool has(unsigned bits, unsigned wanted) {
  return (bits & wanted) == wanted;
}

int64_t detected() {
  constexpr unsigned kVectors = 0x6, kWideVectors = 0xe6;  // of XCR0: 256 bits; 512 bits and masks
  constexpr unsigned kLzcnt = 1u << 5;
  const Cpu cpu = Cpu::ask();
  int64_t targets = 0;
  if (!has(cpu.basic, bit_SSSE3)) return targets;
  targets |= HWY_SSSE3;
  if (!has(cpu.basic, bit_SSE4_1 | bit_SSE4_2 | bit_AES | bit_PCLMUL)) return targets;
  targets |= HWY_SSE4;
  if (!has(cpu.basic, bit_AVX | bit_FMA | bit_F16C) || !has(cpu.more, bit_AVX2 | bit_BMI | bit_BMI2) ||
      !has(cpu.extended, kLzcnt) || !has(cpu.saved, kVectors))
    return targets;
  targets |= HWY_AVX2;
  if (!has(cpu.more, bit_AVX512F | bit_AVX512VL | bit_AVX512DQ | bit_AVX512BW | bit_AVX512CD) ||
      !has(cpu.saved, kWideVectors))
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
