#include "host/optimize/node_traits.h"

#include <algorithm>
#include <array>

namespace tenon::host {

bool is_random(const Node& node) {
  static constexpr std::array<std::string_view, 6> kOperators = {
      "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"};
  if (node.op_type == "Dropout") return node.inputs.size() > 2 && node.inputs[2] != nullptr;
  return std::find(kOperators.begin(), kOperators.end(), node.op_type) != kOperators.end();
}

bool has_only_tensors(const Node& node) {
  const auto is_tensor = [](const Value* v) { return v == nullptr || v->type.kind == ValueType::Kind::kTensor; };
  return std::all_of(node.inputs.begin(), node.inputs.end(), is_tensor) &&
         std::all_of(node.outputs.begin(), node.outputs.end(), is_tensor);
}

}  // namespace tenon::host
