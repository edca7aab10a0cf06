// ArgMin: the index of the smallest element along the axis, as int64; a NaN counts as the smallest. The first of
// several, or the last with select_last_index=1.
#include "arg_pick.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_arg_min(const sdk::KernelInfo& info) {
  return std::make_unique<ArgPick>(info, -1);
}

}  // namespace tenon::cpu_ref
