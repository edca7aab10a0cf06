// What MaxPool and AveragePool of either layout share: which nodes they take, and what sums are multiplied with.
#pragma once

#include <algorithm>
#include <vector>

#include "conv/window.h"

namespace tenon::cpu_blas {

/// The window of a pool over one or two spatial dimensions that gives no indices; TN_UNSUPPORTED for others.
inline sdk::Result<WindowAttributes> parse_pool(const sdk::NodeView& node) {
  TN_ASSIGN_OR_RETURN(WindowAttributes window, WindowAttributes::parse(node));
  if (window.kernel.empty()) return sdk::invalid_model(describe(node), ": kernel_shape is missing");
  if (window.kernel.size() > 2)
    return sdk::unsupported(describe(node), ": ", window.kernel.size(), " spatial dimensions, expected 1 or 2 here");
  if (node.output(1)) return sdk::unsupported(describe(node), ": output Indices is there, which only cpu_ref computes");
  return window;
}

/// For each place of the output, row by row, 1 / how many inputs its window has; with those in padding if
/// `with_padding`.
inline std::vector<float> pool_factors(const Window2d& window, bool with_padding) {
  const auto positions = [&](const WindowAxis& axis, int64_t o) {
    return with_padding ? axis.taps_between(o, -axis.pad_begin, axis.in + axis.pad_end)
                        : axis.taps_between(o, 0, axis.in);
  };
  std::vector<float> factors;
  factors.reserve(static_cast<size_t>(window.h.out * window.w.out));
  for (int64_t oh = 0; oh < window.h.out; ++oh) {
    const int64_t rows = positions(window.h, oh);
    for (int64_t ow = 0; ow < window.w.out; ++ow)
      factors.push_back(1.0f / static_cast<float>(std::max<int64_t>(rows * positions(window.w, ow), 1)));
  }
  return factors;
}

}  // namespace tenon::cpu_blas
