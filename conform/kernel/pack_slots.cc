#include "conform/kernel/pack_slots.h"

#include <cstring>

#include "conform/kernel/breaches.h"

namespace tenon::conform {
namespace {

uint64_t planned_bytes(const host::Kernel& kernel, uint32_t slot) {
  return must("packing", kernel.pack_plan(slot)).byte_length;
}

}  // namespace

std::optional<PackedSlot> plan_slot(const host::Kernel& kernel, uint32_t slot) {
  const tn_pack_plan plan = must("packing", kernel.pack_plan(slot));
  if (plan.byte_length == 0) return std::nullopt;
  PackedSlot packed;
  packed.number = slot;
  packed.key.assign(plan.key.data == nullptr ? "" : plan.key.data, plan.key.size);
  packed.inputs.assign(plan.inputs, plan.inputs + plan.input_count);
  packed.alignment = plan.alignment;
  packed.sources_needed = plan.sources_needed;
  packed.length_is_known = plan.byte_length != TN_LENGTH_UNKNOWN;
  return packed;
}

void pack_slot(const host::Kernel& kernel, uint32_t slot, const std::vector<host::Tensor>& inputs, std::byte fill,
               unsigned threads, PackedSlot* packed, std::string* breach) {
  std::vector<const host::Tensor*> sources;
  for (const uint32_t input : packed->inputs) sources.push_back(&inputs.at(input));
  const std::string what = host::concat("packed slot ", slot);
  if (packed->length_is_known) {
    packed->blob = std::make_shared<GuardedRegion>(planned_bytes(kernel, slot), packed->alignment,
                                                   GuardedRegion::Place::kAtEnd, what);
    packed->blob->fill(fill);
    must("packing", kernel.pack(slot, sources, {packed->blob->data(), packed->blob->bytes(), nullptr, threads}));
    if (const std::string trespass = packed->blob->trespass(); !trespass.empty())
      *breach = host::concat("pack wrote ", trespass, " of ", what);
  } else {
    std::vector<std::byte> appended;
    must("packing", kernel.pack(slot, sources, {nullptr, TN_LENGTH_UNKNOWN, &appended, threads}));
    packed->blob =
        std::make_shared<GuardedRegion>(appended.size(), packed->alignment, GuardedRegion::Place::kAtEnd, what);
    if (!appended.empty()) std::memcpy(packed->blob->data(), appended.data(), appended.size());
  }
}

BoundPacks pack_and_bind(host::Kernel& kernel, const std::vector<host::Tensor>& inputs,
                         const std::vector<bool>& constant) {
  BoundPacks bound;
  bound.is_packed_away.resize(inputs.size());
  std::vector<bool> is_needed(inputs.size());
  const uint32_t count = must("pack_count", kernel.pack_count());
  for (uint32_t slot = 0; slot < count; ++slot) {
    auto packed = plan_slot(kernel, slot);
    if (!packed) continue;
    for (const uint32_t input : packed->inputs) {
      if (input >= inputs.size() || !constant[input])
        throw Breach("packs-variable",
                     host::concat("slot ", slot, " is made of input ", input, ", which is no constant"));
      (packed->sources_needed ? is_needed : bound.is_packed_away)[input] = true;
    }
    std::string breach;
    pack_slot(kernel, slot, inputs, std::byte{0}, 1, &*packed, &breach);
    if (!breach.empty()) throw Breach("writes-beyond", breach);
    packed->blob->make_read_only();
    must("bind_pack", kernel.bind_pack(slot, packed->blob->data(), packed->blob->bytes()));
    bound.slots.push_back(*std::move(packed));
  }
  for (size_t i = 0; i < inputs.size(); ++i) bound.is_packed_away[i] = bound.is_packed_away[i] && !is_needed[i];
  return bound;
}

BoundPacks bind_copies(host::Kernel& kernel, const BoundPacks& packs, const DamageBlob& damage) {
  BoundPacks bound = packs;
  for (PackedSlot& slot : bound.slots) {
    const auto planned = plan_slot(kernel, slot.number);
    if (!planned || planned->key != slot.key)
      throw Breach("key-not-stable",
                   host::concat("slot ", slot.number, " of a second kernel for the case has the key '",
                                planned ? planned->key : "", "', that of the first '", slot.key, "'"));
    auto copy = std::make_shared<GuardedRegion>(slot.blob->bytes(), slot.alignment, GuardedRegion::Place::kAtBegin,
                                                host::concat("packed slot ", slot.number));
    if (copy->bytes() > 0) std::memcpy(copy->data(), slot.blob->data(), copy->bytes());
    if (damage) damage({copy->data(), copy->bytes()});
    copy->make_read_only();
    const host::Status status = kernel.bind_pack(slot.number, copy->data(), copy->bytes());
    if (damage && !status.is_ok()) throw Refused(status.message());
    must("bind_pack", status);
    slot.blob = std::move(copy);
  }
  return bound;
}

}  // namespace tenon::conform
