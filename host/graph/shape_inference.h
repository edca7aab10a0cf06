// Infers element types and shapes of all values of a model from its inputs and constants. Types follow the schemas'
// type parameters; shapes come from one rule per operator (graph/shape_rules/). A missing rule leaves the shape
// unknown, which costs nothing but knowledge: outputs are sized by the kernels.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

/// Fills in Value::type in topological order, subgraphs included. Known facts of the model that contradict what is
/// inferred are TN_INVALID_MODEL, naming node, expected and found. Idempotent; call again after a pass has changed the
/// graph.
Status infer_shapes(Model& model);
/// The same for one graph and those below it.
Status infer_graph(Graph& graph);
/// The same for one node, from the current types and constants of its inputs.
Status infer_node(Node& node);
/// Gives a constant value the type of its tensor.
void set_constant_type(Value& value);

}  // namespace tenon::host
