#include "host/optimize/rules/rules.h"

namespace tenon::host {

bool remove_identity(std::string_view name, Node& node, Rewriter& rewriter) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == nullptr || node.outputs[0] == nullptr)
    return false;
  if (!rewriter.can_replace(*node.outputs[0], *node.inputs[0])) return false;
  rewriter.replace(name, node, *node.outputs[0], *node.inputs[0]);
  return true;
}

}  // namespace tenon::host
