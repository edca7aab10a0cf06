#include "host/runtime/control_flow/slice_stack.h"

#include <algorithm>
#include <cstring>

#include "host/graph/shape_rules/shape_context.h"
#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

constexpr int64_t kFirstRoom = 16;

void copy_block(const Tensor& from, int64_t from_block, Tensor& to, int64_t to_block, uint64_t bytes) {
  if (bytes == 0) return;
  const auto from_byte = static_cast<uint64_t>(from_block) * bytes, to_byte = static_cast<uint64_t>(to_block) * bytes;
  if (to.dtype() != TN_STRING) {
    std::memcpy(static_cast<std::byte*>(to.mutable_data()) + to_byte,
                static_cast<const std::byte*>(from.data()) + from_byte, bytes);
    return;
  }
  const auto at = [](uint64_t byte) { return static_cast<int64_t>(byte / sizeof(tn_str)); };
  for (int64_t i = 0; i < at(bytes); ++i) to.set_string(at(to_byte) + i, from.string_at(at(from_byte) + i));
}

}  // namespace

std::vector<int64_t> SliceStack::shape_of(int64_t slices) const {
  std::vector<int64_t> shape = slice_shape_;
  shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis_), slices);
  return shape;
}

Status SliceStack::begin(tn_dtype dtype, const std::vector<int64_t>& slice_shape, const HostStep& control) {
  if (slice_shape.size() >= kMaxRank)
    return error(TN_UNSUPPORTED, "a collected value has ", slice_shape.size(), " dimensions, expected less than ",
                 kMaxRank);
  slice_shape_ = slice_shape;
  TENON_ASSIGN_OR_RETURN(axis_, resolve_axis(options_.axis, slice_shape.size() + 1));
  TENON_ASSIGN_OR_RETURN(const AxisLayout layout, axis_layout(dtype, slice_shape, axis_));
  outer_ = layout.outer;
  slice_bytes_ = layout.inner_bytes;
  room_ = options_.count >= 0      ? options_.count
          : options_.expected >= 0 ? std::min(options_.expected, kFirstRoom)
                                   : kFirstRoom;
  const auto bytes = checked_byte_length(dtype, shape_of(room_)).get();
  if (!bytes) return error(TN_OUT_OF_MEMORY, "the size of the collected values does not fit in 64 bits");
  TENON_RETURN_IF_ERROR(control.check_memory(*bytes));
  TENON_ASSIGN_OR_RETURN(memory_, Tensor::allocate(dtype, shape_of(room_), Residence::kRuntime));
  return {};
}

// Doubles the room; only stacks of unknown length grow, and their dimension is the first.
Status SliceStack::grow(const HostStep& control) {
  const auto doubled = (CheckedSize::from_signed(room_) * 2).get();
  if (!doubled || *doubled > INT64_MAX) return error(TN_OUT_OF_MEMORY, "the number of iterations passes 63 bits");
  int64_t room = static_cast<int64_t>(*doubled);
  if (options_.expected >= 0) room = std::min(room, options_.expected);
  const auto bytes = checked_byte_length(memory_.dtype(), shape_of(room)).get();
  if (!bytes) return error(TN_OUT_OF_MEMORY, "the size of the collected values does not fit in 64 bits");
  TENON_RETURN_IF_ERROR(control.check_memory(*bytes));
  TENON_ASSIGN_OR_RETURN(Tensor larger, Tensor::allocate(memory_.dtype(), shape_of(room), Residence::kRuntime));
  copy_block(memory_, 0, larger, 0, static_cast<uint64_t>(added_) * slice_bytes_);
  memory_ = std::move(larger);
  room_ = room;
  return {};
}

Status SliceStack::add(const Tensor& slice, const HostStep& control) {
  if (added_ == 0) {
    TENON_RETURN_IF_ERROR(begin(slice.dtype(), slice.shape(), control));
  } else if (slice.dtype() != memory_.dtype() || slice.shape() != slice_shape_) {
    return error(TN_INVALID_ARGUMENT, "a collected value is ", describe(slice), ", expected ",
                 dtype_name(memory_.dtype()), " ", shape_text(slice_shape_),
                 " as in the iterations before: only values of one shape can be joined");
  }
  if (added_ == room_) TENON_RETURN_IF_ERROR(grow(control));
  for (int64_t o = 0; o < outer_; ++o) copy_block(slice, o, memory_, o * room_ + place_of(added_), slice_bytes_);
  ++added_;
  return {};
}

// Strings are empty to begin with.
void SliceStack::clear_missing() {
  if (memory_.dtype() == TN_STRING || slice_bytes_ == 0) return;
  auto* memory = static_cast<std::byte*>(memory_.mutable_data());
  for (int64_t slice = added_; slice < room_; ++slice)
    for (int64_t o = 0; o < outer_; ++o)
      std::memset(memory + static_cast<uint64_t>(o * room_ + place_of(slice)) * slice_bytes_, 0, slice_bytes_);
}

Result<Tensor> SliceStack::finish(const ValueType& type, const HostStep& control) {
  if (added_ == 0) {
    if (type.dtype == TN_UNDEFINED)
      return error(TN_INVALID_MODEL,
                   "no iteration was run, and the subgraph does not say the type of what it collects: declare it");
    std::vector<int64_t> shape = numeric_shape(type).value_or(std::vector<int64_t>());
    for (int64_t& d : shape) d = std::max<int64_t>(d, 0);
    TENON_RETURN_IF_ERROR(begin(type.dtype, shape, control));
  }
  if (options_.count >= 0) clear_missing();
  const int64_t slices = options_.count >= 0 ? options_.count : added_;
  if (slices == room_) return std::move(memory_);
  return Tensor(memory_.dtype(), shape_of(slices), memory_.data(), static_cast<uint64_t>(slices) * slice_bytes_,
                memory_.owner(), Residence::kRuntime);
}

}  // namespace tenon::host
