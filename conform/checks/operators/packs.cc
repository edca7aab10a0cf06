#include <map>

#include "conform/cases/case_parts.h"
#include "conform/cases/elements.h"
#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/pack_digests.h"
#include "conform/checks/operators/trial.h"
#include "host/storage/digest.h"

namespace tenon::conform {
namespace {

using host::concat;

Outcome fail(const char* finding, const std::string& what, const KernelCase& c) {
  return Outcome::fail(finding, concat(what, "; ", c.text()));
}

std::string digest_text(std::span<const std::byte> bytes) {
  const host::Digest digest = host::digest_of(bytes);
  return concat(digest.high, "/", digest.low);
}

/// Key and sources: all that the bytes may depend on.
std::string source_text(const PackedSlot& slot, const KernelCase& c) {
  std::string text = slot.key;
  for (const uint32_t input : slot.inputs) {
    const host::Tensor& t = c.inputs[input];
    text += concat(" ", describe(t), " ", digest_text({static_cast<const std::byte*>(t.data()), t.byte_length()}));
  }
  return text;
}

std::string bytes_text(const PackedSlot& slot) {
  return digest_text({slot.blob->data(), slot.blob->bytes()});
}

std::optional<Outcome> check_slot(const KernelCase& c, PackedSlot slot) {
  const uint32_t number = slot.number;
  std::string breach;
  const std::string first = bytes_text(slot);
  pack_slot(c.kernel, number, c.inputs, std::byte{0xA5}, 1, &slot, &breach);
  const std::string other_fill = bytes_text(slot);
  pack_slot(c.kernel, number, c.inputs, std::byte{0xA5}, 1, &slot, &breach);
  const std::string again = bytes_text(slot);
  pack_slot(c.kernel, number, c.inputs, std::byte{0xA5}, 3, &slot, &breach);
  if (!breach.empty()) return fail("writes-beyond", breach, c);
  if (again != other_fill) return fail("pack-not-deterministic", concat("slot ", number, " packed twice differs"), c);
  if (other_fill != first)
    return fail("pack-unwritten", concat("slot ", number, " packed into memory of other contents differs"), c);
  if (bytes_text(slot) != first)
    return fail("pack-depends-on-threads", concat("slot ", number, " packed by 3 threads differs from 1"), c);
  return std::nullopt;
}

/// A kernel that finds its blobs packed must answer like the one that packed them.
std::optional<Outcome> check_warm_kernel(OperatorBench& bench, const KernelCase& c) {
  if (c.is_random || !c.kernel.is_deterministic()) return std::nullopt;
  const auto warm = bench.open_warm(c);
  if (warm == nullptr) return std::nullopt;
  if (const auto why = byte_difference(try_run(c, {}), try_run(*warm, {})))
    return fail("pack-keeps-state", "a kernel that is given packed bytes, and one that packed them: " + *why, c);
  return std::nullopt;
}

/// The case with one thing changed that no slot of the case is made of.
std::vector<cases::Case> siblings(const KernelCase& c, uint64_t seed) {
  std::vector<cases::Case> found;
  cases::Draw draw(seed);
  const auto& drawn = c.drawn;
  for (const host::AttributeSchema& attribute : drawn.schema->attributes) {
    cases::Case changed = drawn;
    std::erase_if(changed.attributes, [&](const host::Attribute& a) { return a.name == attribute.name; });
    if (changed.attributes.size() < drawn.attributes.size() && !attribute.required) found.push_back(changed);
    const cases::Shape x = drawn.inputs.empty() ? cases::Shape() : drawn.inputs[0].shape();
    for (int i = 0; i < 3; ++i) {
      cases::Case other = changed;
      other.attributes.push_back(cases::draw_attribute(drawn, attribute, x, draw));
      found.push_back(std::move(other));
    }
  }
  for (size_t i = 0; i < drawn.inputs.size(); ++i) {
    if (drawn.inputs[i].dtype() == TN_UNDEFINED || drawn.inputs[i].dtype() == TN_STRING) continue;
    for (int again = 0; again < 4; ++again) {
      cases::Case other = drawn;
      other.inputs[i] = cases::draw_tensor(drawn.inputs[i].dtype(), drawn.inputs[i].shape(), cases::Edges::kNone, draw);
      found.push_back(std::move(other));
    }
  }
  return found;
}

/// Bytes by all that they may depend on.
using Known = std::map<std::string, std::pair<std::string, std::string>>;

std::optional<Outcome> learn(const KernelCase& c, Known* known) {
  for (const PackedSlot& slot : c.packs.slots) {
    const auto [at, is_new] = known->try_emplace(source_text(slot, c), bytes_text(slot), describe(c.drawn));
    if (!is_new && at->second.first != bytes_text(slot))
      return fail(
          "key-too-small",
          concat("the key '", slot.key, "' and equal constants stand for other bytes than in ", at->second.second), c);
  }
  return std::nullopt;
}

/// What was changed may make no sense: a kernel that refuses it breaks no rule.
std::unique_ptr<KernelCase> open_sibling(OperatorBench& bench, const cases::Case& sibling, cases::Sight sight) {
  try {
    return bench.open(sibling, sight);
  } catch (const Breach& breach) {
    if (breach.finding() == "fails-unasked") return nullptr;
    throw;
  }
}

}  // namespace

std::string pack_digests(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  DrawSettings draws;
  draws.needs_constants = true;
  std::string text;
  for (int64_t i = 0; i < subject.cases; ++i) {
    const auto c = bench.next(draws);
    if (c == nullptr) break;
    for (const PackedSlot& slot : c->packs.slots)
      text += concat(c->index, " ", source_text(slot, *c), " ", bytes_text(slot), "\n");
  }
  return text;
}

Outcome check_packs(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  DrawSettings draws;
  draws.needs_constants = true;
  Known known;
  int64_t slots = 0;
  // More than of other checks: what a key has to tell hangs on the rarer attributes and inputs.
  for (int64_t count = 0; count < 3 * subject.cases; ++count) {
    const auto c = bench.next(draws);
    if (c == nullptr) break;
    for (const PackedSlot& slot : c->packs.slots)
      if (auto outcome = check_slot(*c, slot)) return *std::move(outcome);
    slots += static_cast<int64_t>(c->packs.slots.size());
    if (auto outcome = learn(*c, &known)) return *std::move(outcome);
    if (c->packs.slots.empty()) continue;
    if (auto outcome = check_warm_kernel(bench, *c)) return *std::move(outcome);
    for (const cases::Case& sibling : siblings(*c, subject.seed + static_cast<uint64_t>(count)))
      if (const auto other = open_sibling(bench, sibling, c->sight))
        if (auto outcome = learn(*other, &known)) return *std::move(outcome);
  }
  if (slots == 0) return Outcome::pass("packs nothing");
  const std::string own = pack_digests(subject, op), foreign = pack_digests_elsewhere(subject, op);
  if (own != foreign)
    return Outcome::fail("pack-differs-by-process",
                         "another process packs under other keys or to other bytes: " + first_difference(own, foreign));
  return Outcome::pass(concat(slots, " slots"));
}

}  // namespace tenon::conform
