// Moves elements of any type between tensors: whole-byte types by their size, narrower types bit by bit where they
// lie across bytes, strings through the host. What the bits mean is never looked at.
#pragma once

#include <cstring>
#include <tenon/sdk/run.hpp>

#include "movement/packed_bits.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// run.output for a mover: packed types start zeroed, so that bits past the last element are defined.
inline sdk::Result<sdk::MutableTensorView> movable_output(sdk::RunContext& run, uint32_t output, tn_dtype dtype,
                                                          sdk::ShapeView shape) {
  TN_ASSIGN_OR_RETURN(sdk::MutableTensorView to, run.output(output, dtype, shape));
  if (sdk::bits_per_element(dtype) < 8 && to.byte_length() > 0) std::memset(to.raw(), 0, to.byte_length());
  return to;
}

/// Copies elements of `from` into output number `output`, whose memory is `to`, of the same type. Positions count
/// elements; the caller keeps them within both tensors. The two must not overlap unless they start at the same place.
class ElementMover {
 public:
  ElementMover(sdk::RunContext& run, uint32_t output, const sdk::MutableTensorView& to, const sdk::TensorView& from)
      : run_(run), output_(output), bits_(sdk::bits_per_element(from.dtype())), string_(from.dtype() == TN_STRING) {
    to_ = static_cast<uint8_t*>(to.raw());
    from_ = static_cast<const uint8_t*>(from.raw());
  }

  /// to[dst + i * dst_step] = from[src + i * src_step] for i in [0, count). Steps may be negative or zero.
  sdk::Status copy(int64_t dst, int64_t dst_step, int64_t src, int64_t src_step, int64_t count) {
    if (count <= 0) return {};
    if (string_) return copy_strings(dst, dst_step, src, src_step, count);
    if (dst_step == 1 && src_step == 1) {
      copy_run(dst, src, count);
      return {};
    }
    switch (bits_) {
      case 8: copy_sized<uint8_t>(dst, dst_step, src, src_step, count); break;
      case 16: copy_sized<uint16_t>(dst, dst_step, src, src_step, count); break;
      case 32: copy_sized<uint32_t>(dst, dst_step, src, src_step, count); break;
      case 64: copy_sized<uint64_t>(dst, dst_step, src, src_step, count); break;
      case 128: copy_sized<Bytes16>(dst, dst_step, src, src_step, count); break;
      default: copy_packed(dst, dst_step, src, src_step, count);
    }
    return {};
  }
  sdk::Status copy(int64_t dst, int64_t src, int64_t count) { return copy(dst, 1, src, 1, count); }

  /// to[dst + i] = from[src + offsets[i]] for i in [0, count).
  sdk::Status gather(int64_t dst, int64_t src, const int64_t* offsets, int64_t count) {
    switch (string_ ? 0 : bits_) {
      case 8: gather_sized<uint8_t>(dst, src, offsets, count); return {};
      case 16: gather_sized<uint16_t>(dst, src, offsets, count); return {};
      case 32: gather_sized<uint32_t>(dst, src, offsets, count); return {};
      case 64: gather_sized<uint64_t>(dst, src, offsets, count); return {};
      default: break;
    }
    for (int64_t i = 0; i < count; ++i) TN_RETURN_IF_ERROR(copy(dst + i, src + offsets[i], 1));
    return {};
  }

 private:
  struct Bytes16 {
    uint64_t low, high;
  };

  template <typename Unit>
  void copy_sized(int64_t dst, int64_t dst_step, int64_t src, int64_t src_step, int64_t count) {
    constexpr int64_t kSize = sizeof(Unit);
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(to_ + (dst + i * dst_step) * kSize, from_ + (src + i * src_step) * kSize, sizeof(Unit));
  }

  template <typename Unit>
  void gather_sized(int64_t dst, int64_t src, const int64_t* offsets, int64_t count) {
    constexpr int64_t kSize = sizeof(Unit);
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(to_ + (dst + i) * kSize, from_ + (src + offsets[i]) * kSize, sizeof(Unit));
  }

  void copy_run(int64_t dst, int64_t src, int64_t count) {
    if (bits_ >= 8) {
      const int64_t size = bits_ / 8;
      std::memmove(to_ + dst * size, from_ + src * size, static_cast<size_t>(count * size));
      return;
    }
    const int64_t group = bits_ == 4 ? 2 : 4;  // the fewest elements that fill whole bytes
    int64_t whole = 0;
    if (dst % group == 0 && src % group == 0) {
      whole = count / group * group;
      std::memmove(to_ + dst * bits_ / 8, from_ + src * bits_ / 8, static_cast<size_t>(whole * bits_ / 8));
    }
    copy_packed(dst + whole, 1, src + whole, 1, count - whole);
  }

  void copy_packed(int64_t dst, int64_t dst_step, int64_t src, int64_t src_step, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      set_packed(to_, dst + i * dst_step, bits_, packed_at(from_, src + i * src_step, bits_));
  }

  sdk::Status copy_strings(int64_t dst, int64_t dst_step, int64_t src, int64_t src_step, int64_t count) {
    const tn_str* strings = reinterpret_cast<const tn_str*>(from_);
    for (int64_t i = 0; i < count; ++i)
      TN_RETURN_IF_ERROR(run_.set_string(output_, dst + i * dst_step, sdk::view(strings[src + i * src_step])));
    return {};
  }

  sdk::RunContext& run_;
  uint32_t output_;
  uint8_t* to_;
  const uint8_t* from_;
  int bits_;
  bool string_;
};

/// Where a box of elements lies in a tensor: its first element, and the elements between neighbours along each axis.
struct BoxLayout {
  int64_t offset = 0;
  sdk::Shape strides;
};

/// to[i] = from[i] for every index i of a box of `shape`.
inline sdk::Status copy_box(ElementMover& mover, sdk::ShapeView shape, const BoxLayout& to, const BoxLayout& from) {
  for (int64_t d : shape)
    if (d == 0) return {};
  if (shape.empty()) return mover.copy(to.offset, from.offset, 1);
  const size_t last = shape.size() - 1;
  sdk::Shape index(shape.size(), 0);
  int64_t dst = to.offset, src = from.offset;
  while (true) {
    TN_RETURN_IF_ERROR(mover.copy(dst, to.strides[last], src, from.strides[last], shape[last]));
    size_t axis = last;
    while (true) {
      if (axis-- == 0) return {};
      dst += to.strides[axis];
      src += from.strides[axis];
      if (++index[axis] < shape[axis]) break;
      dst -= to.strides[axis] * shape[axis];
      src -= from.strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/// Output 0 = the elements of `from` in their order, with another shape of as many elements. Copies nothing when the
/// host gave the output the input's memory.
inline sdk::Status copy_reshaped(sdk::RunContext& run, const sdk::TensorView& from, sdk::ShapeView shape) {
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView to, run.output(0, from.dtype(), shape));
  if (to.raw() == from.raw() || from.count() == 0) return {};
  if (sdk::bits_per_element(from.dtype()) < 8) std::memset(to.raw(), 0, to.byte_length());
  return ElementMover(run, 0, to, from).copy(0, 0, from.count());
}

}  // namespace tenon::cpu_ref
