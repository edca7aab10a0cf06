// The shape rule of Resize and Upsample: sizes by scales or as they are stated.
#include <algorithm>
#include <tenon/sdk/geometry/resample.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"
#include "host/graph/shape_rules/told_dims.h"

namespace tenon::host::shape_rules {
namespace {

// Of X where its size is known; stands for one that is not, which then tells nothing of the output.
constexpr int64_t kAnySize = 1;

bool has_elements(const ShapeContext& c, size_t input) {
  const Dims* dims = c.shape(input);
  return dims != nullptr && !dims->empty() && dims->front().value != 0;
}

// What the values that shapes follow from are, as far as they are known when a session opens.
struct Given {
  std::optional<std::vector<double>> scales, roi;
  std::optional<std::vector<ToldDim>> sizes;

  bool has_all_sizes() const {
    return !sizes || std::all_of(sizes->begin(), sizes->end(), [](const ToldDim& d) { return d.number.has_value(); });
  }
};

// Nothing: a run has to tell them.
std::optional<Given> given(const ShapeContext& c, const sdk::Resampling& node) {
  Given g;
  const auto doubles = [&](size_t input, std::optional<std::vector<double>>& to) {
    const auto values = c.floats(input);
    if (values) to.emplace(values->begin(), values->end());
    return values.has_value();
  };
  const size_t scales = node.scales_input();
  if (node.crops() && !doubles(scales - 1, g.roi)) return std::nullopt;
  if (!node.has_attribute_scales() && c.has_input(scales)) {
    if (c.shape(scales) == nullptr || (has_elements(c, scales) && !doubles(scales, g.scales))) return std::nullopt;
  }
  if (node.has_sizes_input() && c.has_input(3)) {
    if (c.shape(3) == nullptr) return std::nullopt;
    if (has_elements(c, 3) && !(g.sizes = told(c, 3))) return std::nullopt;
  }
  return g;
}

// Of every axis of x, as if those that are not known had a size.
Result<std::vector<sdk::ResampleAxis>> resolve(const ShapeContext& c, const sdk::Resampling& node, const Dims& x,
                                               const Given& g) {
  std::vector<int64_t> in = sizes_of(x), out;
  for (int64_t& size : in) size = size < 0 ? kAnySize : size;
  if (g.sizes)
    for (const ToldDim& size : *g.sizes) out.push_back(size.number.value_or(kAnySize));
  const sdk::ResampleInputs inputs{g.scales ? &*g.scales : nullptr, g.sizes ? &out : nullptr,
                                   g.roi ? &*g.roi : nullptr};
  return from_sdk(c, node.resolve(in, inputs, c.has_input(node.scales_input()) || c.has_input(3)));
}

}  // namespace

Status resample(ShapeContext& c) {
  const bool is_upsample = c.node().op_type == "Upsample";
  TENON_ASSIGN_OR_RETURN(const sdk::Resampling node,
                         from_sdk(c, sdk::Resampling::parse(NodeAttributes{c.node()}, is_upsample)));
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  Dims y(x->size());
  const auto known = given(c, node);
  if (!known) {
    c.set(0, std::move(y));
    return {};
  }
  TENON_ASSIGN_OR_RETURN(const auto axes, resolve(c, node, *x, *known));
  TENON_ASSIGN_OR_RETURN(const std::vector<size_t> chosen, from_sdk(c, node.chosen_axes(x->size())));
  // Other policies than to stretch look at all sizes for each.
  bool has_all = known->has_all_sizes();
  for (const size_t a : chosen) has_all &= is_known((*x)[a]);
  y = *x;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const sdk::ResampleAxis& axis = axes[chosen[i]];
    Dim& d = y[chosen[i]];
    if (known->sizes && node.policy == "stretch") {
      const ToldDim& size = (*known->sizes)[i];
      d = size.number ? known_dim(*size.number) : size.dim;
    } else if (known->sizes ? has_all : is_known(d)) {
      d = known_dim(axis.output);
    } else if (known->sizes || axis.scale != 1 || node.crops()) {
      d = unknown_dim();
    }
  }
  c.set(0, std::move(y));
  return {};
}

}  // namespace tenon::host::shape_rules
