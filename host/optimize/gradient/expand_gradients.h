// Gradient of ai.onnx.preview.training: the nodes that compute it, in its place.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

/// Whether the node is one.
bool is_gradient(const Node& node);
/// Replaces every Gradient node by a copy of the nodes between the tensors that its attributes name and their
/// derivatives, of reverse mode. Before any pass, since values go by the names that the model gives them. Schemas must
/// be resolved; types of what is made are not inferred yet. TN_INVALID_MODEL: names that mean nothing, or inputs that
/// are not as many; TN_UNSUPPORTED: an operator in between has no derivative here.
[[nodiscard]] Status expand_gradients(Model& model);

}  // namespace tenon::host
