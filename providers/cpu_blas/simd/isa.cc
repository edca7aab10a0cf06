// Choosing the instruction set; see isa.h.
#include "simd/isa.h"

#include <mutex>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/isa.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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

HWY_EXPORT(target);

struct Name {
  const char* text;
  int64_t target;
};

constexpr Name kNames[] = {
#if HWY_ARCH_X86
    {"avx512_dl", HWY_AVX3_DL}, {"avx512", HWY_AVX3},   {"avx2", HWY_AVX2}, {"sse4", HWY_SSE4}, {"ssse3", HWY_SSSE3},
#elif HWY_ARCH_ARM
    {"sve2_128", HWY_SVE2_128}, {"sve_256", HWY_SVE_256}, {"sve2", HWY_SVE2}, {"sve", HWY_SVE}, {"neon", HWY_NEON},
#endif
    {"emu128", HWY_EMU128},     {"scalar", HWY_SCALAR},
};

int64_t usable_targets() {
  return hwy::SupportedTargets() & HWY_TARGETS;
}

/// The usable target of that name, 0 when there is none.
int64_t find_target(std::string_view text) {
  for (const Name& name : kNames)
    if (name.text == text) return name.target & usable_targets();
  return 0;
}

std::string usable_names() {
  std::string text;
  for (const Name& name : kNames)
    if ((name.target & usable_targets()) != 0) text += (text.empty() ? "" : ", ") + std::string(name.text);
  return text;
}

std::mutex mutex;
std::weak_ptr<const void> holders;  // guarded by mutex

}  // namespace

const char* isa_name() {
  const int64_t now = HWY_DYNAMIC_DISPATCH(target)();
  for (const Name& name : kNames)
    if (name.target == now) return name.text;
  return hwy::TargetName(now);
}

sdk::Result<IsaHold> hold_isa(std::string_view name) {
  // The lowest bit is the best target.
  const int64_t wanted = name.empty() ? usable_targets() & -usable_targets() : find_target(name);
  if (wanted == 0)
    return sdk::invalid_argument("option isa: '", name, "' is not usable here, expected one of ", usable_names());
  std::lock_guard lock(mutex);
  IsaHold hold = holders.lock();
  const std::string before = hold != nullptr ? isa_name() : "";
  if (hold == nullptr) {
    hwy::GetChosenTarget().Update(wanted);
    hold = std::make_shared<const int64_t>(wanted);
    holders = hold;
    return hold;
  }
  if (*static_cast<const int64_t*>(hold.get()) == wanted) return hold;
  return sdk::invalid_argument("option isa: '", name.empty() ? "the CPU's best" : name,
                               "' is wanted, but sessions of this process run cpu_blas on ", before,
                               ": close them first, or give all the same option");
}

}  // namespace tenon::cpu_blas::simd
#endif
