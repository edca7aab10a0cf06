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

}  // namespace tenon::host
