// Cast and CastLike whose result has the type of their input: every such conversion hands on each element as it is.
#include "host/optimize/rules/rules.h"

namespace tenon::host {

bool remove_cast(std::string_view name, Node& node, Rewriter& rewriter) {
  if (node.inputs.empty() || node.outputs.size() != 1 || node.inputs[0] == nullptr || node.outputs[0] == nullptr)
    return false;
  const ValueType& from = node.inputs[0]->type;
  const ValueType& to = node.outputs[0]->type;
  if (from.kind != ValueType::Kind::kTensor || from.dtype == TN_UNDEFINED || from.dtype != to.dtype) return false;
  if (!rewriter.can_replace(*node.outputs[0], *node.inputs[0])) return false;
  rewriter.replace(name, node, *node.outputs[0], *node.inputs[0]);
  return true;
}

}  // namespace tenon::host
