// CPU features of x86-64. AMX needs the operating system to save the tiles, which XCR0 tells.
#if defined(__x86_64__)

#include <cpuid.h>
#include <elf.h>
#include <tenon/kernel_api/descriptor.h>

#include "host/plugins/loading/cpu_features.h"

namespace tenon::host {
namespace {

bool has_amx() {
  constexpr unsigned kOsXsave = 1u << 27, kTile = 1u << 24, kInt8 = 1u << 25;
  constexpr unsigned kTileState = 3u << 17;
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kOsXsave) == 0) return false;
  unsigned xcr0_low, xcr0_high;
  __asm__("xgetbv" : "=a"(xcr0_low), "=d"(xcr0_high) : "c"(0));
  if ((xcr0_low & kTileState) != kTileState) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & (kTile | kInt8)) == (kTile | kInt8);
}

uint32_t detected_features() {
  __builtin_cpu_init();
  uint32_t found = 0;
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")) found |= TN_CPU_X86_64_V2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2"))
    found |= TN_CPU_X86_64_V3;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    found |= TN_CPU_X86_64_V4;
  if (__builtin_cpu_supports("avx512vnni")) found |= TN_CPU_X86_VNNI;
  if (has_amx()) found |= TN_CPU_X86_AMX;
  return found;
}

}  // namespace

uint32_t cpu_features() {
  // A virtual machine's host answers each question about the CPU, which takes microseconds.
  static const uint32_t features = detected_features();
  return features;
}

uint16_t native_elf_machine() {
  return EM_X86_64;
}

}  // namespace tenon::host

#endif
