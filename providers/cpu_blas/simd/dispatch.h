// Picks among the compiled versions of a function, once per instruction set, as HWY_EXPORT and HWY_DYNAMIC_DISPATCH do,
// but for cpu_blas alone: Highway's own choice lies in a shared library, whose start alone takes as long as opening a
// model, and is shared with every other user of Highway in the process. Included by files of simd/ after highway.h.
#pragma once

#include <hwy/highway.h>

namespace tenon::cpu_blas::simd {

/// Targets of Highway that this CPU and operating system run. Thread-safe.
int64_t supported_targets();
/// The choice in use; the CPU's best until hold_isa() says otherwise. Thread-safe.
hwy::ChosenTarget& chosen_target();

}  // namespace tenon::cpu_blas::simd

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0
#define TENON_SIMD_EXPORT(function) HWY_EXPORT(function)
#define TENON_SIMD(function) HWY_DYNAMIC_DISPATCH(function)
#else
// ChosenTarget counts from 1: its 0 is for a table that was never asked.
#define TENON_SIMD_EXPORT(function)                                                        \
  static decltype(&HWY_STATIC_DISPATCH(function)) const HWY_DISPATCH_TABLE(function)[] = { \
      nullptr, HWY_CHOOSE_TARGET_LIST(function), HWY_CHOOSE_FALLBACK(function)}
#define TENON_SIMD(function) (*(HWY_DISPATCH_TABLE(function)[chosen_target().GetIndex()]))
#endif
