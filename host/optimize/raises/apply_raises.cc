#include <algorithm>
#include <unordered_set>

#include "host/graph/node_builder.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "host/optimize/raises/raises.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

constexpr size_t kNowhere = SIZE_MAX;  // of a node that no provider runs

/// Nodes of a proposal in the graph, read by nobody yet. They go again unless they are kept.
class Draft {
 public:
  Draft(Graph& graph, const Node& root, int64_t opset) : builder_(graph), root_(root), opset_(opset) {}
  ~Draft() {
    if (is_kept_) return;
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) builder_.graph().erase_node(**node);
    for (Value* constant : constants_) builder_.graph().erase_value(*constant);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  /// Its type is inferred; an error when the operator does not take such inputs.
  Result<Node*> make(const Proposal& proposal) {
    std::vector<Value*> inputs;
    for (const Proposal::Operand& operand : proposal.inputs) {
      TENON_ASSIGN_OR_RETURN(Value * input, value_of(operand));
      inputs.push_back(input);
    }
    TENON_ASSIGN_OR_RETURN(Value * output, builder_.graph().add_value(""));
    Node* node = builder_.node(proposal.op, std::move(inputs), {output}, proposal.attributes, &root_);
    nodes_.push_back(node);
    const OpSchema* first = first_schema(node->domain, node->op_type);
    if (first == nullptr) return error(TN_UNSUPPORTED, proposal.op, " has no schema");
    const int64_t opset = std::max<int64_t>({node->domain.empty() ? opset_ : 1, proposal.opset, first->since_version});
    node->schema = find_schema(node->domain, node->op_type, opset);
    node->since_version = node->schema->since_version;
    TENON_RETURN_IF_ERROR(infer_node(*node));
    return node;
  }
  void keep() { is_kept_ = true; }
  const std::vector<Node*>& nodes() const { return nodes_; }

 private:
  Result<Value*> value_of(const Proposal::Operand& operand) {
    if (const auto* value = std::get_if<Value*>(&operand)) return *value;
    if (const auto* tensor = std::get_if<Tensor>(&operand)) {
      TENON_ASSIGN_OR_RETURN(Value * constant, builder_.constant("", *tensor));
      constants_.push_back(constant);
      return constant;
    }
    TENON_ASSIGN_OR_RETURN(Node * made, make(*std::get<std::shared_ptr<Proposal>>(operand)));
    return made->outputs[0];
  }

  NodeBuilder builder_;
  const Node& root_;
  int64_t opset_;
  std::vector<Node*> nodes_;
  std::vector<Value*> constants_;
  bool is_kept_ = false;
};

class Raiser {
 public:
  Raiser(Rewriter& rewriter, const ProviderRank& rank, int64_t opset)
      : rewriter_(rewriter), rank_(rank), opset_(opset) {}

  bool raise(Node& root, const Raise& raise) {
    for (const Pattern& form : raise.forms) {
      std::vector<Proposal> proposals;
      const auto match = find_match(form, root, [&](const Match& found) {
        if (is_whole(found)) proposals = raise.propose(found);
        return !proposals.empty();
      });
      for (const Proposal& proposal : proposals)
        if (take(root, *match, proposal, raise.name)) return true;
    }
    return false;
  }

 private:
  // Whether nobody else reads what the nodes compute on the way.
  static bool is_whole(const Match& match) {
    const auto is_member = [&](const Use& use) {
      return use.input != Use::kImplicit &&
             std::find(match.nodes.begin(), match.nodes.end(), use.node) != match.nodes.end();
    };
    return std::all_of(match.nodes.begin() + 1, match.nodes.end(), [&](const Node* node) {
      const Value& value = *node->outputs[0];
      return value.handed_out == 0 && std::all_of(value.uses.begin(), value.uses.end(), is_member);
    });
  }

  bool take(Node& root, const Match& match, const Proposal& proposal, std::string_view name) {
    Draft draft(rewriter_.graph(), root, opset_);
    const Result<Node*> made = draft.make(proposal);
    if (!made.is_ok() || (*made)->since_version > proposal.last_opset) return false;
    Value &old = *root.outputs[0], &by = *(*made)->outputs[0];
    if (!has_type_of(old, by, match.most_rank) || !rewriter_.can_replace(old, by)) return false;
    if (worst_rank(draft.nodes()) > best_rank(match.nodes)) return false;
    draft.keep();
    (*made)->name = root.name;
    rewriter_.replace(name, root, old, by);
    return true;
  }

  // A constant of one element can have more dimensions than what it is added to, and gives them to the result.
  static bool has_type_of(const Value& old, const Value& by, size_t most_constant_rank) {
    if (old.type.dtype == TN_UNDEFINED || old.type.dtype != by.type.dtype) return false;
    const size_t rank = by.type.dims ? by.type.dims->size() : 0;
    return most_constant_rank <= rank && (!old.type.dims || !by.type.dims || old.type.dims->size() == rank);
  }

  size_t worst_rank(const std::vector<Node*>& nodes) const {
    size_t worst = 0;
    for (const Node* node : nodes) worst = std::max(worst, rank_(*node).value_or(kNowhere));
    return worst;
  }

  // Of the nodes that compute: what only moves elements is no reason to stay.
  size_t best_rank(const std::vector<Node*>& nodes) const {
    size_t best = kNowhere - 1;
    for (const Node* node : nodes)
      if (node->op_type != "Transpose" && node->op_type != "Reshape")
        best = std::min(best, rank_(*node).value_or(kNowhere));
    return best;
  }

  Rewriter& rewriter_;
  const ProviderRank& rank_;
  int64_t opset_;
};

std::vector<Raise> raises_for(const Model& model) {
  std::unordered_set<std::string_view> operators;
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& node : graph->nodes()) operators.insert(node->op_type);
  std::vector<Raise> raises;
  for (const RaiseRow& row : kRaises) {
    const bool is_marked = std::any_of(row.marks.begin(), row.marks.end(),
                                       [&](std::string_view mark) { return operators.contains(mark); });
    if (is_marked && (row.also.empty() || operators.contains(row.also))) raises.push_back(row.make());
  }
  return raises;
}

}  // namespace

Status apply_raises(Model& model, const ProviderRank& rank, std::vector<std::string>& notes) {
  const std::vector<Raise> raises = raises_for(model);
  if (raises.empty()) return {};
  const auto import = model.opset_imports.find("");
  const int64_t opset = import == model.opset_imports.end() ? 1 : import->second;
  RemovalLog log;
  for (Graph* graph : graph_tree(*model.graph)) {
    Rewriter rewriter(*graph, log);
    Raiser raiser(rewriter, rank, opset);
    for (size_t i = graph->nodes().size(); i > 0; --i) {
      Node& node = *graph->nodes()[i - 1];
      if (node.graph == nullptr || !node.domain.empty() || node.schema == nullptr) continue;
      for (size_t r = 0; r < raises.size() && !raiser.raise(node, raises[r]);) ++r;
    }
    graph->sweep();  // of drafts that did not stay
  }
  log.write_to(notes);
  return log.total() == 0 ? Status() : model.graph->finish();
}

}  // namespace tenon::host
