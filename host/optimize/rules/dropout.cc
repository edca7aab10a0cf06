// Dropout outside of training, or of none of the elements, whose mask nobody reads. From opset 12 on an input says
// whether it trains, by default it does not; from opset 7 on it never does; before, an attribute says that it does not.
#include "host/optimize/constant_number.h"
#include "host/optimize/rules/rules.h"

namespace tenon::host {
namespace {

bool is_training(const Node& node) {
  if (node.since_version < 7) return node.int_attribute("is_test") == 0;
  if (node.since_version < 12 || node.inputs.size() < 3 || node.inputs[2] == nullptr) return false;
  if (node.inputs[1] != nullptr && number_of(*node.inputs[1]) == 0.0) return false;
  const Value& mode = *node.inputs[2];
  if (!mode.is_constant() || mode.constant->data() == nullptr) return true;
  const Tensor& tensor = *mode.constant;
  return tensor.dtype() != TN_BOOL || tensor.element_count() != 1 || tensor.span<uint8_t>()[0] != 0;
}

}  // namespace

bool remove_dropout(std::string_view name, Node& node, Rewriter& rewriter) {
  if (node.inputs.empty() || node.outputs.empty() || node.inputs[0] == nullptr || node.outputs[0] == nullptr)
    return false;
  const bool has_mask = node.outputs.size() > 1 && node.outputs[1] != nullptr && node.outputs[1]->use_count() > 0;
  if (has_mask || is_training(node) || !rewriter.can_replace(*node.outputs[0], *node.inputs[0])) return false;
  rewriter.replace(name, node, *node.outputs[0], *node.inputs[0]);
  return true;
}

}  // namespace tenon::host
