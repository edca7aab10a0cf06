// MurmurHash3: for each element of X its 32-bit hash, that of MurmurHash3_x86_32 over the bytes of a number (the lowest
// first) or of a string, from `seed`. The output is uint32, or int32 where `positive` is 0.
#include <cstring>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

uint32_t rotated(uint32_t x, int by) {
  return x << by | x >> (32 - by);
}

uint32_t scrambled(uint32_t word) {
  return rotated(word * 0xcc9e2d51u, 15) * 0x1b873593u;
}

/// The words are read lowest byte first, as x86 does.
uint32_t murmur_hash(const void* bytes, size_t length, uint32_t seed) {
  const auto* data = static_cast<const uint8_t*>(bytes);
  const auto word_at = [&](size_t at, size_t count) {
    uint32_t word = 0;
    for (size_t i = 0; i < count; ++i) word |= uint32_t(data[at + i]) << (8 * i);
    return word;
  };
  uint32_t hash = seed;
  const size_t whole = length / 4 * 4;
  for (size_t at = 0; at < whole; at += 4) hash = rotated(hash ^ scrambled(word_at(at, 4)), 13) * 5 + 0xe6546b64u;
  if (length > whole) hash ^= scrambled(word_at(whole, length - whole));
  hash ^= uint32_t(length);
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

class MurmurHash final : public sdk::Kernel {
 public:
  MurmurHash(uint32_t seed, bool positive) : seed_(seed), type_(positive ? TN_UINT32 : TN_INT32) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, type_, x.shape()));
    auto* out = static_cast<uint32_t*>(y.raw());
    if (x.dtype() == TN_STRING) {
      for (int64_t i = 0; i < x.count(); ++i) {
        const std::string_view text = sdk::view(x.data<tn_str>()[i]);
        out[i] = murmur_hash(text.data(), text.size(), seed_);
      }
      return {};
    }
    const size_t size = size_t(sdk::bits_per_element(x.dtype())) / 8;
    const auto* data = static_cast<const uint8_t*>(x.raw());
    for (int64_t i = 0; i < x.count(); ++i) out[i] = murmur_hash(data + size_t(i) * size, size, seed_);
    return {};
  }

 private:
  uint32_t seed_;
  tn_dtype type_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_murmur_hash(const sdk::KernelInfo& info) {
  return std::make_unique<MurmurHash>(uint32_t(info.attr_int("seed")), info.attr_int("positive") == 1);
}

}  // namespace tenon::cpu_ref
