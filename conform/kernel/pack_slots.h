// Packs the constants of a kernel and binds them, in guarded memory. Used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "conform/kernel/guarded_region.h"
#include "host/graph/tensor.h"
#include "host/plugins/kernel.h"

namespace tenon::conform {

/// One slot as it was packed.
struct PackedSlot {
  uint32_t number = 0;
  std::string key;
  std::vector<uint32_t> inputs;  // of the kernel
  uint32_t alignment = 64;
  bool length_is_known = true, sources_needed = true;
  std::shared_ptr<GuardedRegion> blob;
};

/// What the slot's plan says; nothing where it packs nothing. Throws std::runtime_error where the kernel fails.
std::optional<PackedSlot> plan_slot(const host::Kernel& kernel, uint32_t slot);
/// Packs it into memory of the given contents. `breach`: what the kernel did wrong, if anything.
void pack_slot(const host::Kernel& kernel, uint32_t slot, const std::vector<host::Tensor>& inputs, std::byte fill,
               unsigned threads, PackedSlot* packed, std::string* breach);
struct BoundPacks {
  std::vector<PackedSlot> slots;
  std::vector<bool> is_packed_away;  // of each input: the kernel has said that it is not read any more
};
/// All slots of the kernel, packed and bound as an open does it.
BoundPacks pack_and_bind(host::Kernel& kernel, const std::vector<host::Tensor>& inputs,
                         const std::vector<bool>& constant);

/// A kernel that will not have damaged bytes, which is its right.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// What is done to the bytes of a slot before they are bound.
using DamageBlob = std::function<void(std::span<std::byte>)>;
/// Binds the kernel, which has packed nothing, to copies of the blobs, damaged by `damage` if there is one. A bind that
/// is refused then is Refused.
BoundPacks bind_copies(host::Kernel& kernel, const BoundPacks& packs, const DamageBlob& damage = {});

}  // namespace tenon::conform
