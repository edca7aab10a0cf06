// Choosing the instruction set; see isa.h.
#include "simd/isa.h"

#include <mutex>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/isa.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

int64_t target() {
  return HWY_TARGET;
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {
namespace {

TENON_SIMD_EXPORT(target);

struct Name {
  const char* text;
  int64_t target;
};

constexpr Name kNames[] = {
#if HWY_ARCH_X86
    {"avx512", HWY_AVX3},   {"avx2", HWY_AVX2},     {"sse4", HWY_SSE4}, {"ssse3", HWY_SSSE3},
#elif HWY_ARCH_ARM
    {"neon", HWY_NEON},
#endif
    {"emu128", HWY_EMU128}, {"scalar", HWY_SCALAR},
};

/// The usable target of that name, 0 when there is none.
int64_t find_target(std::string_view text) {
  for (const Name& name : kNames)
    if (name.text == text) return name.target & supported_targets();
  return 0;
}

std::string usable_names() {
  std::string text;
  for (const Name& name : kNames)
    if ((name.target & supported_targets()) != 0) text += (text.empty() ? "" : ", ") + std::string(name.text);
  return text;
}

std::mutex mutex;
std::weak_ptr<const void> holders;  // guarded by mutex

}  // namespace

const char* isa_name() {
  const int64_t now = TENON_SIMD(target)();
  for (const Name& name : kNames)
    if (name.target == now) return name.text;
  return hwy::TargetName(now);
}

sdk::Result<IsaHold> hold_isa(std::string_view name) {
  // Lower bits are better targets: the lowest in use is the one.
  const int64_t best = supported_targets() & -supported_targets();
  const int64_t wanted = name.empty() ? best : find_target(name);
  if (wanted == 0)
    return sdk::invalid_argument("option isa: '", name, "' is not usable here, expected one of ", usable_names());
  std::lock_guard lock(mutex);
  IsaHold hold = holders.lock();
  if (hold == nullptr) {
    chosen_target().Update(supported_targets() & -wanted);
    hold = std::make_shared<const int64_t>(wanted);
    holders = hold;
    return hold;
  }
  if (*static_cast<const int64_t*>(hold.get()) == wanted) return hold;
  return sdk::invalid_argument("option isa: '", name.empty() ? "the CPU's best" : name,
                               "' is wanted, but sessions of this process run cpu_blas on ", isa_name(),
                               ": close them first, or give all the same option");
}

}  // namespace tenon::cpu_blas::simd
#endif
