// The raises: each finds nodes that together mean one operator, and has that operator take their place if a provider
// of the session runs it at least as well as them. A raise is a file of this folder and a row of kRaises: the forms
// that exporters write, and what is made of a match. docs/optimizer.md has the table of forms.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/graph/graph.h"
#include "host/optimize/raises/pattern.h"

namespace tenon::host {

/// The place, in the user's order, of the first provider that runs the node; nothing when none does.
using ProviderRank = std::function<std::optional<size_t>(const Node& node)>;

/// A node to be made, with one output.
struct Proposal {
  /// What it reads: a value that is there, a constant, or what another node computes that is made with it.
  using Operand = std::variant<Value*, Tensor, std::shared_ptr<Proposal>>;

  std::string op;  // may carry a domain: "com.microsoft:Gelu"
  std::vector<Operand> inputs;
  std::vector<Attribute> attributes = {};
  int64_t opset = 1;  // whose form it has, or a later one that takes the same
  int64_t last_opset = INT64_MAX;  // the operators of later ones mean another thing
};

struct Raise {
  std::string_view name;       // for the report: "removed 5 nodes, <name>: ..."
  std::vector<Pattern> forms;  // a form before those that are part of it
  /// Operators that compute the matched value, the best first; none when the match does not mean the operator.
  std::vector<Proposal> (*propose)(const Match& match);
};

Raise raise_gelu();
Raise raise_tanh_gelu();
Raise raise_hard_swish();
Raise raise_layer_normalization();
Raise raise_attention();

struct RaiseRow {
  Raise (*make)();
  // Every form has a node of one of these, and one of `also`, empty where any will do: of a model without them the
  // forms need not be made, which takes long beside opening a small one.
  std::array<std::string_view, 3> marks;
  std::string_view also = {};
};
inline constexpr RaiseRow kRaises[] = {
    {raise_gelu, {"Erf"}},
    {raise_tanh_gelu, {"Tanh"}},
    {raise_hard_swish, {"HardSigmoid", "Clip", "Min"}},
    {raise_layer_normalization, {"ReduceMean"}},
    {raise_attention, {"Softmax"}, "MatMul"},
};

/// Asks the raises about every node of the model, readers before producers. Nodes that others read, too, stay as they
/// are, with all that hangs together with them. An operator that came after the model's opset is of its first form.
Status apply_raises(Model& model, const ProviderRank& rank, std::vector<std::string>& notes);

}  // namespace tenon::host
