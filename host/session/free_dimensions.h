// Numbers for the free dimensions of a model's inputs, so that folding, memory plan and kernels may rely on them.
// Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// The size that all dimensions of a name or a denotation have.
struct DimensionSize {
  std::string name;
  int64_t size = 0;
  bool operator==(const DimensionSize&) const = default;
};

/// Of "batch=1,height=224"; nothing for "". Names may hold ',' and '=', as exporters make them of expressions.
/// TN_INVALID_ARGUMENT: it is no such list, or has a name twice.
Result<std::vector<DimensionSize>> parse_dimension_sizes(std::string_view text);
std::string dimension_sizes_text(std::span<const DimensionSize> sizes);
/// The same text for whatever gives the same model; "" where nothing is fixed.
std::string identity_of(std::span<const DimensionSize> by_name, std::span<const DimensionSize> by_denotation);

/// Gives free dimensions of the main graph's inputs their size, and all dimensions in that graph that have the same
/// name. Inputs with a default stay as they are. TN_INVALID_ARGUMENT: no input has the name or the denotation, which
/// lists those that there are, or a dimension is to have two sizes. Before any pass.
Status fix_dimensions(Graph& graph, std::span<const DimensionSize> by_name,
                      std::span<const DimensionSize> by_denotation);

}  // namespace tenon::host
