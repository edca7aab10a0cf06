// HardSwish: x times a HardSigmoid of slope 1/6, or times a Clip of x + 3 to 6 and divided by 6.
#include <cmath>
#include <limits>

#include "host/optimize/constant_number.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {
namespace {

float float_of(const Node& node, std::string_view name, float otherwise) {
  const Attribute* attribute = node.find_attribute(name);
  const float* value = attribute == nullptr ? nullptr : std::get_if<float>(&attribute->payload);
  return value == nullptr ? otherwise : *value;
}

// Bounds are attributes before opset 11.
std::optional<double> bound_of(const Node& clip, size_t input, std::string_view attribute) {
  if (clip.since_version < 11) return float_of(clip, attribute, std::numeric_limits<float>::quiet_NaN());
  return input < clip.inputs.size() && clip.inputs[input] != nullptr ? number_of(*clip.inputs[input]) : std::nullopt;
}

bool clips_to_six(const Node& clip) {
  return bound_of(clip, 1, "min") == 0.0 && bound_of(clip, 2, "max") == 6.0;
}

// The slope is a float, which is no sixth to a double.
bool has_slope_of_a_sixth(const Node& sigmoid) {
  return sigmoid.inputs[0]->type.dtype != TN_DOUBLE && std::fabs(float_of(sigmoid, "alpha", 0.2F) * 6 - 1) < 1e-5F &&
         float_of(sigmoid, "beta", 0.5F) == 0.5F;
}

// An upper bound alone, behind what has none below 0.
bool clips_from_zero_to_six(const Node& clip) {
  return !(bound_of(clip, 1, "min").value_or(-INFINITY) > 0) && bound_of(clip, 2, "max") == 6.0;
}

}  // namespace

Raise raise_hard_swish() {
  const Pattern x = any("x");
  const Pattern shifted = op("Add", {x, near(3)});
  const Pattern positive = either({op("Relu", {shifted}), op("Max", {shifted, near(0)})});
  const Pattern relu6 = either({op("Clip", {shifted}, clips_to_six), op("Clip", {positive}, clips_from_zero_to_six),
                                op("Min", {positive, near(6)})});
  return {"as together they are a HardSwish",
          {product({x, op("HardSigmoid", {x}, has_slope_of_a_sixth)}), product({x, near(1.0 / 6), relu6})},
          [](const Match& match) {
            return std::vector<Proposal>{{"HardSwish", {match.value("x")}}};
          }};
}

}  // namespace tenon::host
