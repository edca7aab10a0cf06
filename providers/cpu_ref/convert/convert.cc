// Reading and writing number blocks, type by type.
#include "convert/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "arithmetic.h"
#include "dispatch.h"
#include "movement/packed_bits.h"

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

double rounded_to_odd(int64_t value) {
  return value < 0 ? -rounded_to_odd(0 - static_cast<uint64_t>(value)) : rounded_to_odd(static_cast<uint64_t>(value));
}

/// Calls write(i, value) with the values of the block, each a double, an int64_t or a uint64_t: one loop per kind.
template <typename Write>
void for_each_value(const NumberBlock& block, Write&& write) {
  switch (block.kind) {
    case Kind::kFloating:
      for (int64_t i = 0; i < block.count; ++i) write(i, block.floating[i]);
      return;
    case Kind::kSigned:
      for (int64_t i = 0; i < block.count; ++i) write(i, block.whole[i]);
      return;
    case Kind::kUnsigned:
      for (int64_t i = 0; i < block.count; ++i) write(i, static_cast<uint64_t>(block.whole[i]));
      return;
  }
}

/// The value as a double from which a rounding to fewer bits is that of the value itself.
template <typename V>
double value_to_round(V value) {
  if constexpr (std::is_same_v<V, double>) {
    return value;
  } else {
    return rounded_to_odd(value);
  }
}

/// The value as a 64-bit pattern of which narrower integers keep the low bits.
template <typename V>
uint64_t whole_bits(V value) {
  if constexpr (std::is_same_v<V, double>) {
    return value > 0 ? truncate_to<uint64_t>(value) : static_cast<uint64_t>(truncate_to<int64_t>(value));
  } else {
    return static_cast<uint64_t>(value);
  }
}

template <typename T>
void write_native_float(const NumberBlock& block, T* out) {
  for_each_value(block, [&](int64_t i, auto value) { out[i] = static_cast<T>(value); });
}

/// Whether every value is a number that int32_t holds when it is truncated.
bool fit_int32(const NumberBlock& block) {
  bool all_fit = block.kind == Kind::kFloating;
  for (int64_t i = 0; all_fit && i < block.count; i += 8) {
    const int64_t end = std::min<int64_t>(i + 8, block.count);
    for (int64_t j = i; j < end; ++j) all_fit &= std::fabs(block.floating[j]) < 2147483648.0;
  }
  return all_fit;
}

template <typename T>
void write_whole(const NumberBlock& block, T* out) {
  if (fit_int32(block)) {  // what processors convert by themselves
    for (int64_t i = 0; i < block.count; ++i) out[i] = static_cast<T>(static_cast<int32_t>(block.floating[i]));
    return;
  }
  for_each_value(block, [&](int64_t i, auto value) {
    if constexpr (std::is_same_v<T, int64_t> && std::is_same_v<decltype(value), double>) {
      out[i] = truncate_to<int64_t>(value);
    } else {
      out[i] = static_cast<T>(whole_bits(value));
    }
  });
}

/// Writes packed codes of `bits` bits, 8 or fewer, from element `begin` on, which must start a byte; bits after the
/// last are 0.
template <typename CodeOf>
void write_packed(const NumberBlock& block, void* data, int64_t begin, int bits, CodeOf code_of) {
  uint8_t* out = static_cast<uint8_t*>(data) + begin * bits / 8;
  if (bits == 8)
    return for_each_value(block, [&](int64_t i, auto value) { out[i] = static_cast<uint8_t>(code_of(value)); });
  std::memset(out, 0, static_cast<size_t>((block.count * bits + 7) / 8));
  for_each_value(block, [&](int64_t i, auto value) { set_packed(out, i, bits, code_of(value)); });
}

/// The values of all codes of an 8-bit format.
const double* decoded_bytes(const SmallFloatFormat& format) {
  struct Table {
    double values[256];
    explicit Table(const SmallFloatFormat& f) {
      for (uint32_t code = 0; code < 256; ++code) values[code] = decode_small_float(f, code);
    }
  };
  static const Table tables[] = {
      Table(*small_float_format(TN_FLOAT8E4M3FN)), Table(*small_float_format(TN_FLOAT8E4M3FNUZ)),
      Table(*small_float_format(TN_FLOAT8E5M2)), Table(*small_float_format(TN_FLOAT8E5M2FNUZ))};
  if (&format == small_float_format(TN_FLOAT8E4M3FN)) return tables[0].values;
  if (&format == small_float_format(TN_FLOAT8E4M3FNUZ)) return tables[1].values;
  return tables[&format == small_float_format(TN_FLOAT8E5M2) ? 2 : 3].values;
}

/// Most values are floats, which T converts by itself; rounding others to float first would round them twice.
template <typename T, typename CodeOf>
void write_halves(const NumberBlock& block, uint16_t* out, CodeOf code_of) {
  float singles[NumberBlock::kCapacity];
  bool are_exact = block.kind == Kind::kFloating;
  if (are_exact)
    for (int64_t i = 0; i < block.count; ++i) {
      singles[i] = static_cast<float>(block.floating[i]);
      are_exact &= static_cast<double>(singles[i]) == block.floating[i];
    }
  if (are_exact) {
    for (int64_t i = 0; i < block.count; ++i) out[i] = T(singles[i]).bits;
  } else {
    for_each_value(block, [&](int64_t i, auto value) { out[i] = static_cast<uint16_t>(code_of(value)); });
  }
}

/// float16, bfloat16 and all smaller ones.
void write_small_floats(const NumberBlock& block, const Fitting& fitting, const sdk::MutableTensorView& t,
                        int64_t begin) {
  const SmallFloatFormat& format = *small_float_format(t.dtype());
  const int bits = sdk::bits_per_element(t.dtype());
  const bool saturate = fitting.saturate && bits == 8;
  const auto code_of = [&](auto value) { return encode_small_float(format, value_to_round(value), saturate); };
  if (bits <= 8) return write_packed(block, t.raw(), begin, bits, code_of);
  uint16_t* out = static_cast<uint16_t*>(t.raw()) + begin;
  if (t.dtype() == TN_FLOAT16) return write_halves<sdk::Float16>(block, out, code_of);
  write_halves<sdk::BFloat16>(block, out, code_of);
}

}  // namespace

bool is_number(tn_dtype dtype) {
  return contains(NumberTypes{}, dtype);
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
      if (bits == 8) {
        const double* values = decoded_bytes(format);
        for (int64_t i = 0; i < count; ++i) block.floating[i] = values[t.data<uint8_t>()[begin + i]];
        return;
      }
      for (int64_t i = 0; i < count; ++i)
        block.floating[i] = decode_small_float(format, packed_at(t.raw(), begin + i, bits));
    }
  }
}

void write_block(const NumberBlock& block, const Fitting& fitting, const sdk::MutableTensorView& t, int64_t begin) {
  // The standard has these alone rounded to nearest even: "by rounding to the nearest-integer (with ties to even)".
  const auto rounded_code_of = [](auto value) {
    if constexpr (std::is_same_v<decltype(value), double>)
      return static_cast<uint32_t>(whole_bits(std::nearbyint(value)));
    return static_cast<uint32_t>(whole_bits(value));
  };
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
    case TN_BOOL: return for_each_value(block, [&](int64_t i, auto value) { t.data<bool>()[begin + i] = value != 0; });
    case TN_UINT4:
    case TN_INT4: return write_packed(block, t.raw(), begin, 4, rounded_code_of);
    case TN_UINT2:
    case TN_INT2: return write_packed(block, t.raw(), begin, 2, rounded_code_of);
    case TN_FLOAT8E8M0:
      return for_each_value(block, [&](int64_t i, auto value) {
        t.data<uint8_t>()[begin + i] = encode_e8m0(value_to_round(value), fitting.saturate, fitting.round_mode);
      });
    default: return write_small_floats(block, fitting, t, begin);
  }
}

}  // namespace tenon::cpu_ref
