// Which CPU features of kernel_api/descriptor.h this machine has, and what it is. One implementation per architecture
// (cpu_features_<architecture>_posix.cc). Thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace tenon::host {

/// TN_CPU_... bits of what CPU and operating system offer.
uint32_t cpu_features();
/// The ELF machine number (EM_...) of this process.
uint16_t native_elf_machine();
/// The names of the TN_CPU_... bits in `features`, for messages: "x86-64-v3 (AVX2, FMA, BMI)". Unknown bits by number.
std::string cpu_feature_names(uint32_t features);

}  // namespace tenon::host
