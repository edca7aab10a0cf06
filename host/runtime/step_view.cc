#include "host/runtime/step_view.h"

#include <array>

#include "host/graph/view_rules.h"

namespace tenon::host {
namespace {

constexpr size_t kMostInputs = 8;  // an operator with more is no view

}  // namespace

bool view_input(const Step& step, RunState& state) {
  if (step.inputs.size() > kMostInputs) return false;
  std::array<const tn_tensor*, kMostInputs> inputs{};
  for (size_t i = 0; i < step.inputs.size(); ++i)
    inputs[i] = step.inputs[i] == kNoSlot ? nullptr : &state.slot(step.inputs[i]).view;
  const auto shape = whole_view_shape(*step.nodes.front(), std::span(inputs.data(), step.inputs.size()));
  if (!shape) return false;
  const tn_tensor& source = *inputs[0];
  // Of a Cast to the own type that is not known before the run, for one.
  if (source.dtype != static_cast<uint32_t>(step.output_values[0]->type.dtype)) return false;
  state.set_arena(step.outputs[0], source.dtype, shape->data(), static_cast<uint32_t>(shape->size()), source.data,
                  source.byte_length);
  return true;
}

}  // namespace tenon::host
