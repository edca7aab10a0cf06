// BitShift: Z = X << Y or X >> Y by the attribute direction, with broadcasting. Right shifts of signed values repeat
// the sign; a shift by a negative amount or by the width and more shifts everything out. Z may be X or Y.
#include "elementwise/elementwise.h"

namespace tenon::cpu_ref {
namespace {

template <typename T>
bool shifts_all_out(T amount) {
  return amount < 0 || static_cast<uint64_t>(amount) >= sizeof(T) * 8;
}

template <typename T>
T shift_left(T x, T amount) {
  return shifts_all_out(amount) ? T(0) : static_cast<T>(static_cast<uint64_t>(x) << amount);
}

template <typename T>
T shift_right(T x, T amount) {
  if (shifts_all_out(amount)) return x < 0 ? static_cast<T>(-1) : T(0);
  return static_cast<T>(x >> amount);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_bit_shift(const sdk::KernelInfo& info) {
  const std::string direction = info.attr_string("direction");
  if (direction == "LEFT") return make_binary<IntTypes>(info, [](auto x, auto y) { return shift_left(x, y); });
  if (direction == "RIGHT") return make_binary<IntTypes>(info, [](auto x, auto y) { return shift_right(x, y); });
  return sdk::invalid_model("attribute direction is '", direction, "', expected 'LEFT' or 'RIGHT'");
}

}  // namespace tenon::cpu_ref
