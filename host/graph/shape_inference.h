// Infers element types and shapes of all values of a model from its inputs and constants. Types follow the schemas'
// type parameters; shapes come from one rule per operator (graph/shape_rules/). A missing rule leaves the shape
// unknown, which costs nothing but knowledge: outputs are sized by the kernels.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

/// Fills in Value::type in topological order, subgraphs included. Inputs of a node that do not fit each other and
/// declared element types that contradict the inferred ones are TN_INVALID_MODEL, naming node, expected and found. A
/// declared shape that contradicts the inferred one gives way, with a warning and a note (Graph::notes): exporters
/// often write wrong ones. Idempotent; call again after a pass has changed the graph.
Status infer_shapes(Model& model);
/// The same for one graph and those below it.
Status infer_graph(Graph& graph);
/// The same for one node, from the current types and constants of its inputs.
Status infer_node(Node& node);
/// Gives a constant value the type of its tensor.
void set_constant_type(Value& value);
/// Warns and notes that an output of `node` has the shape `dims` rather than the known one, which is left to the
/// caller.
void note_overruled(const Node& node, const Value& value, const std::vector<Dim>& dims);

}  // namespace tenon::host
