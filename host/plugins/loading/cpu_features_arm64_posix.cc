// CPU features of 64-bit Arm, as the kernel tells them.
#if defined(__aarch64__)

#include <asm/hwcap.h>
#include <elf.h>
#include <sys/auxv.h>
#include <tenon/kernel_api/descriptor.h>

#include "host/plugins/loading/cpu_features.h"

namespace tenon::host {

uint32_t cpu_features() {
  const unsigned long capabilities = getauxval(AT_HWCAP);
  uint32_t found = 0;
  if ((capabilities & HWCAP_ASIMDDP) != 0) found |= TN_CPU_ARM64_DOTPROD;
  if ((capabilities & HWCAP_SVE) != 0) found |= TN_CPU_ARM64_SVE;
  return found;
}

uint16_t native_elf_machine() {
  return EM_AARCH64;
}

}  // namespace tenon::host

#endif
