#include "host/placement/layout_preference.h"

#include "host/base/exceptions.h"
#include "host/graph/layout.h"
#include "host/plugins/provider.h"

namespace tenon::host {
namespace {

Value with_channels_last(const Value& value) {
  Value moved;
  moved.name = value.name;
  moved.type = value.type;
  moved.type.dims = permuted(*value.type.dims, to_channels_last(value.type.dims->size()));
  return moved;
}

// Of the node as the layout pass would have it, outside of any graph.
LayoutWish wish_of(Provider& provider, const Node& node) {
  Value x = with_channels_last(*node.inputs[0]), y = with_channels_last(*node.outputs[0]);
  Node moved = node;
  moved.domain = kChannelsLastDomain;
  moved.inputs[0] = &x;
  moved.outputs[0] = &y;
  const auto kernel = provider.create_kernel(moved, TN_FOR_ANSWER);
  throw_if_no_memory(kernel.status());
  if (!kernel.is_ok()) return LayoutWish::kNone;
  return kernel->is_preferred() ? LayoutWish::kWants : LayoutWish::kTakes;
}

}  // namespace

LayoutPreference make_layout_preference(const ProviderList& providers) {
  return [&providers](const Node& node) {
    // In their order, so that a library is loaded only where those before it take no node.
    for (const auto& provider : providers) {
      const auto has_preferred = provider->has_preferred_kernels();
      throw_if_no_memory(has_preferred.status());
      const bool has_wishes = has_preferred.is_ok() && *has_preferred;
      const LayoutWish wish = has_wishes ? wish_of(*provider, node) : LayoutWish::kNone;
      if (wish != LayoutWish::kNone) return wish;
      const auto kernel = provider->create_kernel(node, TN_FOR_ANSWER);
      throw_if_no_memory(kernel.status());
      if (kernel.is_ok()) return LayoutWish::kNone;
    }
    return LayoutWish::kNone;
  };
}

}  // namespace tenon::host
