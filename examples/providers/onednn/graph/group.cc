// Makes groups of nodes; see op.h.
#include <algorithm>

#include "graph/op.h"

namespace onednn {
namespace {

void describe_value(const sdk::ValueView& value, Numbering& numbers, Group* group) {
  if (!value) return;
  const auto index = static_cast<size_t>(numbers.of(value));
  group->values.resize(std::max(group->values.size(), index + 1));
  const sdk::TensorView info = value.info();
  group->values[index].is_constant = info.is_constant();
  group->values[index].shape.assign(info.shape().begin(), info.shape().end());
}

sdk::Status add_node(const sdk::NodeView& node, Numbering& numbers, Group* group) {
  TN_ASSIGN_OR_RETURN(Op op, read_op(node, numbers));
  for (uint32_t i = 0; i < read_inputs(node); ++i) describe_value(node.input(i), numbers, group);
  describe_value(node.output(0), numbers, group);
  for (const int input : op.inputs)
    if (input != kNone) ++group->values[static_cast<size_t>(input)].use_count;
  group->ops.push_back(std::move(op));
  return {};
}

}  // namespace

sdk::Result<Group> group_of(const sdk::NodeView& node) {
  Group group;
  Numbering numbers;
  TN_RETURN_IF_ERROR(add_node(node, numbers, &group));
  for (uint32_t i = read_inputs(node); i-- > 0;)
    if (node.input(i)) group.values[static_cast<size_t>(numbers.of(node.input(i)))].input = static_cast<int>(i);
  Value& output = group.values[static_cast<size_t>(group.ops[0].output)];
  output.output = 0;
  ++output.use_count;
  return group;
}

sdk::Result<Group> group_of(const sdk::GraphView& graph) {
  Group group;
  Numbering numbers;
  for (size_t i = 0; i < graph.node_count(); ++i) TN_RETURN_IF_ERROR(add_node(graph.node(i), numbers, &group));
  const size_t known = numbers.size();
  for (size_t i = 0; i < graph.input_count(); ++i) {
    const auto value = static_cast<size_t>(numbers.of(graph.input(i)));
    if (value < known) group.values[value].input = static_cast<int>(i);  // a bound of Clip is none that is read
  }
  for (size_t i = 0; i < graph.output_count(); ++i) {
    Value& output = group.values[static_cast<size_t>(numbers.of(graph.output(i)))];
    output.output = static_cast<int>(i);
    ++output.use_count;
  }
  return group;
}

}  // namespace onednn
