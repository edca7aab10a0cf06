#include "quantize/packed_formats.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tenon/sdk/dtype.hpp>

#include "quantize/packed_grids.inc"

namespace tenon::cpu_ref {
namespace {

// What the codes of IQ4 stand for.
constexpr int8_t kUneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

uint32_t bytes_at(const uint8_t* at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value |= uint32_t(at[i]) << (8 * i);
  return value;
}

float half_at(const uint8_t* at) {
  return float(sdk::Float16::from_bits(static_cast<uint16_t>(bytes_at(at, 2))));
}

void decode_float(const uint8_t* b, float* out) {
  const uint32_t bits = bytes_at(b, 4);
  std::memcpy(out, &bits, sizeof bits);
}

void decode_half(const uint8_t* b, float* out) {
  *out = half_at(b);
}

void decode_bfloat(const uint8_t* b, float* out) {
  *out = float(sdk::BFloat16::from_bits(static_cast<uint16_t>(bytes_at(b, 2))));
}

// Element i of the first half is the low nibble of byte i, of the second the high one.
int nibble_of(const uint8_t* nibbles, int i, int half) {
  return i < half ? nibbles[i] & 15 : nibbles[i - half] >> 4;
}

void decode_q4_0(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  for (int i = 0; i < 32; ++i) out[i] = scale * float(nibble_of(b + 2, i, 16) - 8);
}

void decode_q5_0(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  const uint32_t high = bytes_at(b + 2, 4);
  for (int i = 0; i < 32; ++i) out[i] = scale * float(nibble_of(b + 6, i, 16) + int(high >> i & 1) * 16 - 16);
}

void decode_q8_0(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  for (int i = 0; i < 32; ++i) out[i] = scale * float(static_cast<int8_t>(b[2 + i]));
}

// Scale, least number, 8 scales and 8 minima of 6 bits, a high bit for each element, 4 low bits for each.
void decode_q5_k(const uint8_t* b, float* out) {
  const float scale = half_at(b), least = half_at(b + 2);
  const uint8_t *const six = b + 4, *const high = b + 16, *const low = b + 48;
  for (int group = 0; group < 8; ++group) {
    const bool is_first = group < 4;
    const int factor = is_first ? six[group] & 63 : (six[group + 4] & 15) | (six[group - 4] >> 6 << 4);
    const int minimum = is_first ? six[group + 4] & 63 : (six[group + 4] >> 4) | (six[group] >> 6 << 4);
    for (int i = 0; i < 32; ++i) {
      const uint8_t pair = low[group / 2 * 32 + i];
      const int code = (group % 2 == 0 ? pair & 15 : pair >> 4) + (high[i] >> group & 1) * 16;
      out[group * 32 + i] = scale * float(factor) * float(code) - least * float(minimum);
    }
  }
}

// 4 low bits for each element, 2 high ones, 16 scales of 8 bits, a scale of these.
void decode_q6_k(const uint8_t* b, float* out) {
  const float scale = half_at(b + 208);
  for (int i = 0; i < 256; ++i) {
    const int half = i / 128, quarter = i % 128 / 32, at = i % 32;
    const uint8_t pair = b[half * 64 + quarter % 2 * 32 + at];
    const int low = quarter < 2 ? pair & 15 : pair >> 4, high = b[128 + half * 32 + at] >> (2 * quarter) & 3;
    out[i] = scale * float(static_cast<int8_t>(b[192 + i / 16])) * float((low | high << 4) - 32);
  }
}

void decode_q2_0(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  for (int i = 0; i < 64; ++i) out[i] = scale * float((b[2 + i / 4] >> (2 * (i % 4)) & 3) - 1);
}

void decode_iq4_nl(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  for (int i = 0; i < 32; ++i) out[i] = scale * float(kUneven[nibble_of(b + 2, i, 16)]);
}

// A scale, 8 scales of which 2 bits come first and then 4, 4 bits for each element.
void decode_iq4_xs(const uint8_t* b, float* out) {
  const float scale = half_at(b);
  const uint32_t high = bytes_at(b + 2, 2), low = bytes_at(b + 4, 4);
  for (int group = 0; group < 8; ++group) {
    const int factor = int(low >> (4 * group) & 15) | int(high >> (2 * group) & 3) << 4;
    for (int i = 0; i < 32; ++i)
      out[group * 32 + i] = scale * float(factor - 32) * float(kUneven[nibble_of(b + 8 + group * 16, i, 16)]);
  }
}

// The sign of the eighth number makes the negative ones even.
uint32_t with_parity(uint32_t signs) {
  uint32_t parity = signs;
  for (const int shift : {4, 2, 1}) parity ^= parity >> shift;
  return signs | (parity & 1) << 7;
}

// Eight numbers of an entry of the codebook, negative where a bit of `signs` is set.
void write_eight(uint16_t entry, uint32_t signs, float scale, float* out) {
  constexpr float kLevels[4] = {8, 25, 43, 0};
  for (int i = 0; i < 8; ++i) {
    const float value = scale * kLevels[entry >> (2 * i) & 3];
    out[i] = signs >> i & 1 ? -value : value;
  }
}

void write_four(uint16_t entry, uint32_t signs, float scale, float* out) {
  constexpr float kLevels[8] = {4, 12, 20, 28, 36, 44, 52, 62};
  for (int i = 0; i < 4; ++i) {
    const float value = scale * kLevels[entry >> (3 * i) & 7];
    out[i] = signs >> i & 1 ? -value : value;
  }
}

float iq2_scale(float scale, uint32_t code) {
  return scale * (0.5f + float(code)) * 0.25f;
}

// Of 32 numbers each: four entries of 8, and four times 7 signs with a scale of 4 bits.
void decode_iq2_xxs(const uint8_t* b, float* out) {
  for (int group = 0; group < 8; ++group) {
    const uint8_t* const entries = b + 2 + 8 * group;
    const uint32_t rest = bytes_at(entries + 4, 4);
    const float scale = iq2_scale(half_at(b), rest >> 28);
    for (int i = 0; i < 4; ++i)
      write_eight(kGrid2Xxs[entries[i]], with_parity(rest >> (7 * i) & 127), scale, out + group * 32 + i * 8);
  }
}

// Of 8 numbers each: an entry of 9 bits and 7 signs; of 16 each: a scale of 4 bits.
void decode_iq2_xs(const uint8_t* b, float* out) {
  for (int i = 0; i < 32; ++i) {
    const uint32_t code = bytes_at(b + 2 + 2 * i, 2), factor = b[66 + i / 4] >> (i % 4 / 2 * 4) & 15u;
    write_eight(kGrid2Xs[code & 511], with_parity(code >> 9), iq2_scale(half_at(b), factor), out + i * 8);
  }
}

// Of 8 numbers each: 8 bits of an entry, later 2 more, and 8 signs; of 16 each: a scale of 4 bits.
void decode_iq2_s(const uint8_t* b, float* out) {
  for (int i = 0; i < 32; ++i) {
    const uint32_t entry = b[2 + i] | (b[66 + i / 4] >> (i % 4 * 2) & 3u) << 8;
    const uint32_t factor = b[74 + i / 4] >> (i % 4 / 2 * 4) & 15u;
    write_eight(kGrid2S[entry], b[34 + i], iq2_scale(half_at(b), factor), out + i * 8);
  }
}

// Of 4 numbers each: an entry; then of 32 each: four times 7 signs with a scale of 4 bits.
void decode_iq3_xxs(const uint8_t* b, float* out) {
  for (int i = 0; i < 64; ++i) {
    const uint32_t rest = bytes_at(b + 66 + i / 8 * 4, 4);
    const uint32_t signs = with_parity(rest >> (i % 8 / 2 * 7) & 127) >> (i % 2 * 4);
    const float scale = half_at(b) * (0.5f + float(rest >> 28)) * 0.5f;
    write_four(kGrid3Xxs[b[2 + i]], signs, scale, out + i * 4);
  }
}

constexpr PackedFormat kFormats[] = {
    {0, 1, 4, decode_float},       {1, 1, 2, decode_half},        {2, 32, 18, decode_q4_0},
    {6, 32, 22, decode_q5_0},      {8, 32, 34, decode_q8_0},      {13, 256, 176, decode_q5_k},
    {14, 256, 210, decode_q6_k},   {16, 256, 66, decode_iq2_xxs}, {17, 256, 74, decode_iq2_xs},
    {18, 256, 98, decode_iq3_xxs}, {20, 32, 18, decode_iq4_nl},   {22, 256, 82, decode_iq2_s},
    {23, 256, 136, decode_iq4_xs}, {30, 1, 2, decode_bfloat},     {42, 64, 18, decode_q2_0},
};

}  // namespace

const PackedFormat* find_packed_format(int64_t number) {
  const auto found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                  [&](const PackedFormat& format) { return format.number == number; });
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace tenon::cpu_ref
