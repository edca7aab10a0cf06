// Reading and writing number blocks, type by type.
#include "convert.h"

#include <cmath>
#include <cstring>

#include "arithmetic.h"
#include "packed_bits.h"

namespace tenon::cpu_ref {
namespace {

using Kind = NumberBlock::Kind;

template <typename T>
void read_floating(const T* in, int64_t count, NumberBlock& block) {
  block.kind = Kind::kFloating;
  for (int64_t i = 0; i < count; ++i) block.floating[i] = static_cast<double>(in[i]);
}

template <typename T>
void read_whole(const T* in, int64_t count, NumberBlock& block) {
  block.kind = std::is_same_v<T, uint64_t> ? Kind::kUnsigned : Kind::kSigned;
  for (int64_t i = 0; i < count; ++i) block.whole[i] = static_cast<int64_t>(in[i]);
}

/// Writes packed codes of `bits` bits, 8 or fewer, from element `begin` on, which must start a byte; bits after the
/// last are 0.
template <typename CodeAt>
void write_packed(void* data, int64_t begin, int64_t count, int bits, CodeAt code_at) {
  uint8_t* out = static_cast<uint8_t*>(data) + begin * bits / 8;
  if (bits == 8) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(code_at(i));
    return;
  }
  std::memset(out, 0, static_cast<size_t>((count * bits + 7) / 8));
  for (int64_t i = 0; i < count; ++i) set_packed(out, i, bits, code_at(i));
}

void read_packed_whole(const void* data, int64_t begin, int64_t count, int bits, bool is_signed, NumberBlock& block) {
  block.kind = Kind::kSigned;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t code = packed_at(data, begin + i, bits);
    block.whole[i] = is_signed && code >> (bits - 1) != 0 ? code - (int64_t(1) << bits) : code;
  }
}

/// Keeps in the last bit whether any was lost, so that a later rounding to fewer bits is that of the integer itself.
double rounded_to_odd(uint64_t magnitude) {
  int shift = 0;
  while (magnitude >> shift >= uint64_t(1) << 53) ++shift;
  const uint64_t lost = magnitude & ((uint64_t(1) << shift) - 1);
  return std::ldexp(static_cast<double>((magnitude >> shift) | (lost != 0)), shift);
}

double value_to_round(const NumberBlock& block, int64_t i) {
  switch (block.kind) {
    case Kind::kFloating: return block.floating[i];
    case Kind::kUnsigned: return rounded_to_odd(static_cast<uint64_t>(block.whole[i]));
    default: {
      const int64_t v = block.whole[i];
      return v < 0 ? -rounded_to_odd(0 - static_cast<uint64_t>(v)) : rounded_to_odd(static_cast<uint64_t>(v));
    }
  }
}

/// The value as a 64-bit pattern of which narrower integers keep the low bits.
uint64_t whole_bits(const NumberBlock& block, int64_t i) {
  if (block.kind != Kind::kFloating) return static_cast<uint64_t>(block.whole[i]);
  const double v = block.floating[i];
  return v > 0 ? truncate_to<uint64_t>(v) : static_cast<uint64_t>(truncate_to<int64_t>(v));
}

bool is_nonzero(const NumberBlock& block, int64_t i) {
  return block.kind == Kind::kFloating ? block.floating[i] != 0 : block.whole[i] != 0;
}

template <typename T>
void write_native_float(const NumberBlock& block, T* out) {
  for (int64_t i = 0; i < block.count; ++i) {
    switch (block.kind) {
      case Kind::kFloating: out[i] = static_cast<T>(block.floating[i]); break;
      case Kind::kSigned: out[i] = static_cast<T>(block.whole[i]); break;
      case Kind::kUnsigned: out[i] = static_cast<T>(static_cast<uint64_t>(block.whole[i])); break;
    }
  }
}

template <typename T>
void write_whole(const NumberBlock& block, T* out) {
  for (int64_t i = 0; i < block.count; ++i) out[i] = static_cast<T>(whole_bits(block, i));
}

template <>
void write_whole<int64_t>(const NumberBlock& block, int64_t* out) {
  for (int64_t i = 0; i < block.count; ++i)
    out[i] = block.kind == Kind::kFloating ? truncate_to<int64_t>(block.floating[i]) : block.whole[i];
}

/// float16, bfloat16 and all smaller ones.
void write_small_floats(const NumberBlock& block, const Fitting& fitting, const sdk::MutableTensorView& t,
                        int64_t begin) {
  const SmallFloatFormat& format = *small_float_format(t.dtype());
  const int bits = sdk::bits_per_element(t.dtype());
  const bool saturate = fitting.saturate && bits == 8;
  const auto code_at = [&](int64_t i) { return encode_small_float(format, value_to_round(block, i), saturate); };
  if (bits <= 8) return write_packed(t.raw(), begin, block.count, bits, code_at);
  uint16_t* out = static_cast<uint16_t*>(t.raw()) + begin;
  for (int64_t i = 0; i < block.count; ++i) out[i] = static_cast<uint16_t>(code_at(i));
}

}  // namespace

bool is_number(tn_dtype dtype) {
  return sdk::bits_per_element(dtype) != 0 && dtype != TN_STRING && dtype != TN_COMPLEX64 && dtype != TN_COMPLEX128;
}

void read_block(const sdk::TensorView& t, int64_t begin, int64_t count, NumberBlock& block) {
  block.count = count;
  switch (t.dtype()) {
    case TN_FLOAT: return read_floating(t.data<float>() + begin, count, block);
    case TN_DOUBLE: return read_floating(t.data<double>() + begin, count, block);
    case TN_FLOAT16: return read_floating(t.data<sdk::Float16>() + begin, count, block);
    case TN_BFLOAT16: return read_floating(t.data<sdk::BFloat16>() + begin, count, block);
    case TN_INT8: return read_whole(t.data<int8_t>() + begin, count, block);
    case TN_INT16: return read_whole(t.data<int16_t>() + begin, count, block);
    case TN_INT32: return read_whole(t.data<int32_t>() + begin, count, block);
    case TN_INT64: return read_whole(t.data<int64_t>() + begin, count, block);
    case TN_UINT8: return read_whole(t.data<uint8_t>() + begin, count, block);
    case TN_UINT16: return read_whole(t.data<uint16_t>() + begin, count, block);
    case TN_UINT32: return read_whole(t.data<uint32_t>() + begin, count, block);
    case TN_UINT64: return read_whole(t.data<uint64_t>() + begin, count, block);
    case TN_BOOL:
      read_whole(t.data<uint8_t>() + begin, count, block);
      for (int64_t i = 0; i < count; ++i) block.whole[i] = block.whole[i] != 0;
      return;
    case TN_UINT4: return read_packed_whole(t.raw(), begin, count, 4, false, block);
    case TN_INT4: return read_packed_whole(t.raw(), begin, count, 4, true, block);
    case TN_UINT2: return read_packed_whole(t.raw(), begin, count, 2, false, block);
    case TN_INT2: return read_packed_whole(t.raw(), begin, count, 2, true, block);
    case TN_FLOAT8E8M0:
      block.kind = Kind::kFloating;
      for (int64_t i = 0; i < count; ++i) block.floating[i] = decode_e8m0(t.data<uint8_t>()[begin + i]);
      return;
    default: {
      block.kind = Kind::kFloating;
      const SmallFloatFormat& format = *small_float_format(t.dtype());
      const int bits = sdk::bits_per_element(t.dtype());
      for (int64_t i = 0; i < count; ++i) {
        const uint32_t code = bits == 8 ? t.data<uint8_t>()[begin + i] : packed_at(t.raw(), begin + i, bits);
        block.floating[i] = decode_small_float(format, code);
      }
    }
  }
}

void write_block(const NumberBlock& block, const Fitting& fitting, const sdk::MutableTensorView& t, int64_t begin) {
  const auto code_at = [&](int64_t i) { return static_cast<uint32_t>(whole_bits(block, i)); };
  switch (t.dtype()) {
    case TN_FLOAT: return write_native_float(block, t.data<float>() + begin);
    case TN_DOUBLE: return write_native_float(block, t.data<double>() + begin);
    case TN_INT8: return write_whole(block, t.data<int8_t>() + begin);
    case TN_INT16: return write_whole(block, t.data<int16_t>() + begin);
    case TN_INT32: return write_whole(block, t.data<int32_t>() + begin);
    case TN_INT64: return write_whole(block, t.data<int64_t>() + begin);
    case TN_UINT8: return write_whole(block, t.data<uint8_t>() + begin);
    case TN_UINT16: return write_whole(block, t.data<uint16_t>() + begin);
    case TN_UINT32: return write_whole(block, t.data<uint32_t>() + begin);
    case TN_UINT64: return write_whole(block, t.data<uint64_t>() + begin);
    case TN_BOOL:
      for (int64_t i = 0; i < block.count; ++i) t.data<bool>()[begin + i] = is_nonzero(block, i);
      return;
    case TN_UINT4:
    case TN_INT4: return write_packed(t.raw(), begin, block.count, 4, code_at);
    case TN_UINT2:
    case TN_INT2: return write_packed(t.raw(), begin, block.count, 2, code_at);
    case TN_FLOAT8E8M0:
      for (int64_t i = 0; i < block.count; ++i)
        t.data<uint8_t>()[begin + i] = encode_e8m0(value_to_round(block, i), fitting.saturate, fitting.round_mode);
      return;
    default: return write_small_floats(block, fitting, t, begin);
  }
}

}  // namespace tenon::cpu_ref
