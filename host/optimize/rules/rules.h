// The rules: each looks at a node of one operator of the ONNX domain and, where it fits, rewrites the graph around it.
// A rule is a function in a file of this folder and a row of kRules. Rules never run a kernel and are pure: what they
// do depends on the graph alone. docs/optimizer.md says what each does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/graph/graph.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {

struct Rule {
  std::string_view name;     // for the report: "removed 3 nodes, <name>: ..."
  std::string_view op_type;  // of the node that it looks at
  /// Whether it has changed something: then it is asked again, until the node is gone or no rule fits.
  bool (*apply)(std::string_view name, Node& node, Rewriter& rewriter);
};

bool remove_identity(std::string_view name, Node& node, Rewriter& rewriter);
bool remove_cast(std::string_view name, Node& node, Rewriter& rewriter);
bool remove_dropout(std::string_view name, Node& node, Rewriter& rewriter);
bool state_shape(std::string_view name, Node& node, Rewriter& rewriter);
bool remove_reshape(std::string_view name, Node& node, Rewriter& rewriter);
bool join_reshapes(std::string_view name, Node& node, Rewriter& rewriter);
bool remove_transpose(std::string_view name, Node& node, Rewriter& rewriter);
bool join_transposes(std::string_view name, Node& node, Rewriter& rewriter);

inline constexpr Rule kRules[] = {
    {"as they hand on what they read", "Identity", remove_identity},
    {"as they cast to the type that is there", "Cast", remove_cast},
    {"as they cast to the type that is there", "CastLike", remove_cast},
    {"as they drop nothing when not training", "Dropout", remove_dropout},
    {"as a Reshape states its shape without them", "Reshape", state_shape},
    {"as they keep the shape", "Reshape", remove_reshape},
    {"as a Reshape follows", "Reshape", join_reshapes},
    {"as they keep the order of dimensions", "Transpose", remove_transpose},
    {"as a Transpose follows", "Transpose", join_transposes},
};

/// Asks the rules about every node of the model, producers before readers.
Status apply_rules(Model& model, std::span<const Rule> rules, std::vector<std::string>& notes);

/// The matcher of chains: the node of the ONNX domain that computes input `index` of `node`, if it is an `op_type`.
Node* producer_of(const Node& node, size_t index, std::string_view op_type);

}  // namespace tenon::host
