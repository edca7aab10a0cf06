#include "host/plugins/loading/cpu_features.h"

#include <tenon/kernel_api/descriptor.h>

#include <bit>

namespace tenon::host {
namespace {

struct FeatureName {
  uint32_t bit;
  const char* name;
};

constexpr FeatureName kNames[] = {
    {TN_CPU_X86_64_V2, "x86-64-v2 (SSE4.2, POPCNT)"},
    {TN_CPU_X86_64_V3, "x86-64-v3 (AVX2, FMA, BMI)"},
    {TN_CPU_X86_64_V4, "x86-64-v4 (AVX-512 F, BW, CD, DQ, VL)"},
    {TN_CPU_X86_VNNI, "AVX512_VNNI"},
    {TN_CPU_X86_AMX, "AMX (tile, int8)"},
    {TN_CPU_ARM64_DOTPROD, "Arm dot product"},
    {TN_CPU_ARM64_SVE, "Arm SVE"},
};

}  // namespace

std::string cpu_feature_names(uint32_t features) {
  std::string text;
  const auto add = [&](const std::string& name) { text += (text.empty() ? "" : ", ") + name; };
  for (const FeatureName& f : kNames) {
    if ((features & f.bit) != 0) add(f.name);
    features &= ~f.bit;
  }
  for (; features != 0; features &= features - 1)
    add("feature bit " + std::to_string(std::countr_zero(features)) + ", which this host does not know");
  return text;
}

}  // namespace tenon::host
