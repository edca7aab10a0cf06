#include "fusion/tail_match.h"

#include <algorithm>

#include "common.h"
#include "programs/lower.h"

namespace tenon::cpu_blas {
namespace {

constexpr size_t kMostNodes = 16, kMostInstructions = 24, kMostInputs = 12;

bool contains(const std::vector<sdk::ValueView>& values, const sdk::ValueView& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// Whether a result of the shape of `start` may stay so with this operand: it has no more dimensions, and none that is
/// known to differ.
bool may_fit(const sdk::ValueView& start, const sdk::ValueView& operand) {
  const sdk::TensorView whole = start.info(), part = operand.info();
  if (!whole.has_rank() || !part.has_rank() || part.rank() > whole.rank()) return false;
  for (int64_t i = 1; i <= part.rank(); ++i) {
    const int64_t size = part.dim(part.rank() - i), of = whole.dim(whole.rank() - i);
    if (size > 1 && of >= 0 && size != of) return false;
  }
  return true;
}

/// A match being grown.
class Growth {
 public:
  Growth(const sdk::ValueView& start, const MayJoin& may_join) : start_(start), may_join_(may_join), values_{start} {}

  TailMatch grow() {
    TailMatch best{start_, start_, {}};
    while (nodes_.size() < kMostNodes && take_one())
      if (const sdk::ValueView end = only_exit(); end && end.info().dtype() == TN_FLOAT) best = {start_, end, nodes_};
    return best;
  }

 private:
  /// Takes a node whose inputs are all there, or come from elsewhere.
  bool take_one() {
    for (const sdk::ValueView& value : values_)
      for (const sdk::NodeView& node : value.consumers())
        if (std::find(nodes_.begin(), nodes_.end(), node) == nodes_.end() && may_join_(node) && fits(node)) {
          nodes_.push_back(node);
          values_.push_back(node.output(0));
          return true;
        }
    return false;
  }

  bool fits(const sdk::NodeView& node) {
    if (node.is("BatchNormalization") || !has_one_output(node)) return false;
    size_t outside = 0;
    for (uint32_t i = 0; i < node.input_count(); ++i) {
      const sdk::ValueView value = node.input(i);
      if (!value || contains(values_, value)) continue;
      if (!may_fit(start_, value) || comes_of_values(value)) return false;
      ++outside;
    }
    const auto size = size_in_program(node);
    if (!size || instructions_ + size->instructions > kMostInstructions || inputs_ + outside > kMostInputs)
      return false;
    instructions_ += size->instructions;
    inputs_ += outside;
    return true;
  }

  /// Whether the value is computed from those of the match by nodes near to them; then it may join later.
  bool comes_of_values(const sdk::ValueView& value) const {
    std::vector<sdk::ValueView> pending{value};
    for (size_t i = 0; i < pending.size() && i < 2 * kMostNodes; ++i) {
      const sdk::NodeView producer = pending[i].producer();
      if (!producer) continue;
      for (uint32_t k = 0; k < producer.input_count(); ++k) {
        const sdk::ValueView input = producer.input(k);
        if (!input) continue;
        if (contains(values_, input)) return true;
        if (input.producer() && may_join_(input.producer())) pending.push_back(input);
      }
    }
    return false;
  }

  /// The one value that is read outside or goes out; empty where there are several.
  sdk::ValueView only_exit() const {
    sdk::ValueView exit;
    for (const sdk::ValueView& value : values_) {
      bool leaves = value.is_output();
      const std::vector<sdk::NodeView> readers = value.consumers();
      for (const sdk::NodeView& reader : readers)
        leaves = leaves || std::find(nodes_.begin(), nodes_.end(), reader) == nodes_.end();
      if (!leaves && !readers.empty()) continue;
      if (exit) return {};
      exit = value;
    }
    return exit == start_ ? sdk::ValueView() : exit;
  }

  const sdk::ValueView start_;
  const MayJoin& may_join_;
  std::vector<sdk::NodeView> nodes_;    // in topological order
  std::vector<sdk::ValueView> values_;  // start and what the nodes compute
  size_t instructions_ = 0, inputs_ = 1;
};

}  // namespace

TailMatch match_tail(const sdk::ValueView& start, const MayJoin& may_join) {
  if (!start || start.is_output() || start.info().dtype() != TN_FLOAT || !start.info().has_rank())
    return {start, start, {}};
  return Growth(start, may_join).grow();
}

sdk::Result<Tail> make_tail(const TailMatch& match, const sdk::GraphView& graph) {
  if (match.nodes.empty()) return Tail();
  Lowering lowering;
  lowering.begin_with(match.start);
  for (const sdk::NodeView& node : match.nodes) TN_RETURN_IF_ERROR(lowering.add(node));
  TN_ASSIGN_OR_RETURN(Program program, lowering.finish({match.end}));
  std::vector<uint32_t> inputs;
  for (size_t i = 1; i < lowering.inputs().size(); ++i)
    inputs.push_back(static_cast<uint32_t>(graph.input_index(lowering.inputs()[i])));
  return Tail(describe(match.nodes.back()), std::move(program), std::move(inputs));
}

void append_tail(const TailMatch& match, Chain* chain) {
  chain->nodes.insert(chain->nodes.end(), match.nodes.begin(), match.nodes.end());
  chain->end = match.end;
}

}  // namespace tenon::cpu_blas
