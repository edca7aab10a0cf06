// Draws whole cases. Stateless.
#pragma once

#include "conform/cases/case.h"
#include "conform/cases/draw.h"
#include "conform/cases/shared_operators.h"

namespace tenon::cases {

/// A seed of its own for each case, so that one can be run again alone.
uint64_t seed_of(const host::OpSchema& schema, uint64_t seed, int64_t index);
/// Most draws are legal; some break one rule.
Case draw_case(const SharedOperator& op, Draw& draw);

}  // namespace tenon::cases
