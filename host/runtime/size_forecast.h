// How large the values of a run will be whose shapes are new, from runs of other shapes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/runtime/memory_plan.h"

namespace tenon::host {

/// The ranks and dimensions of all inputs in order.
using ShapeSignature = std::vector<int64_t>;

struct MeasuredRun {
  const ShapeSignature* shapes;
  const MemoryPlan* plan;  // made of what its values measured
};

/// The bytes of each slot's value for `shapes`, from up to three of `runs`, the first that fit, whose shapes lie on one
/// line with it: only lengths differ that grow together. A size that is a polynomial of second degree in them, as
/// attention's scores have, comes out exact from three runs, one of first degree from two. Nothing with fewer. What the
/// polynomial makes negative or huge is 0.
std::optional<std::vector<uint64_t>> forecast_sizes(const ShapeSignature& shapes, std::span<const MeasuredRun> runs);

}  // namespace tenon::host
