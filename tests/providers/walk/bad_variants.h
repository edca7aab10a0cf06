// What makes a case that computes a bad one: each change of one attribute or of one input that the schema lets anybody
// write down. A case may still compute afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conform/cases/case.h"

namespace tenon::cases {

struct Variant {
  std::string change;  // "attribute axis is -1"
  Case changed;
};

/// The same for the same base and seed.
std::vector<Variant> variants_of(const Case& base, uint64_t seed);

/// Of cases that the provider computes the one with the most inputs that are not empty, among some; nothing: no draw
/// computed, and `is_left` says whether all were left to other providers when they were placed.
std::optional<Case> draw_base(const host::OpSchema& schema, const std::string& provider, uint64_t seed, bool* is_left);

}  // namespace tenon::cases
