#include "host/optimize/raises/dim_origin.h"

#include <algorithm>
#include <iterator>

#include "host/graph/shape_rules/shape_context.h"
#include "host/graph/shape_rules/told_dims.h"

namespace tenon::host {
namespace {

constexpr int kMostNodesBack = 64;  // nodes on the way to an origin
constexpr int kMostDepth = 3;       // Reshapes with a -1 on it

/// A dimension of a value that no rule here takes further back.
struct Origin {
  const Value* value;
  size_t axis;
  bool operator==(const Origin&) const = default;
};

bool keeps_shape(const Node& node) {
  static constexpr std::string_view kOperators[] = {
      "Cast", "Clip", "Dropout", "Erf",     "Gelu", "Identity", "LayerNormalization",
      "Neg",  "Relu", "Sigmoid", "Softmax", "Sqrt", "Tanh"};
  return std::find(std::begin(kOperators), std::end(kOperators), node.op_type) != std::end(kOperators);
}

bool is_arithmetic(const Node& node) {
  return node.op_type == "Add" || node.op_type == "Sub" || node.op_type == "Mul" || node.op_type == "Div";
}

class Tracer {
 public:
  Origin origin_of(const Value& value, size_t axis, int depth = 0) {
    Origin at{&value, axis};
    while (++steps_ < kMostNodesBack) {
      const auto before = step(at, depth);
      if (!before) break;
      at = *before;
    }
    return at;
  }

 private:
  std::optional<Origin> step(const Origin& at, int depth) {
    const Node* node = at.value->is_constant() ? nullptr : at.value->producer;
    if (node == nullptr || !node->domain.empty() || node->schema == nullptr || node->inputs.empty())
      return std::nullopt;
    if (node->op_type == "Split") return through_split(*node, at);
    if (at.value != node->outputs[0]) return std::nullopt;
    const Dims *in = proven_dims(node->inputs[0]), *out = proven_dims(at.value);
    if (in == nullptr || out == nullptr) return std::nullopt;
    if (keeps_shape(*node)) return Origin{node->inputs[0], at.axis};
    if (is_arithmetic(*node)) return through_arithmetic(*node, at, out->size());
    if (node->op_type == "MatMul") return through_product(*node, at, *in, *out);
    if (node->op_type == "Transpose") return through_transpose(*node, at);
    if (node->op_type == "Reshape") return through_reshape(*node, at, *in, depth);
    return std::nullopt;
  }

  // From the operand that has the dimension, if the other one has 1 or none there.
  static std::optional<Origin> through_arithmetic(const Node& node, const Origin& at, size_t rank) {
    const auto is_one = [&](const Dims& dims) {
      return dims.size() + at.axis < rank || dims[dims.size() + at.axis - rank].value == 1;
    };
    const Dims *a = proven_dims(node.inputs[0]), *b = proven_dims(node.inputs[1]);
    if (a == nullptr || b == nullptr || node.since_version < 7) return std::nullopt;
    if (a->size() == rank && is_one(*b)) return Origin{node.inputs[0], at.axis};
    if (b->size() == rank && is_one(*a)) return Origin{node.inputs[1], at.axis};
    return std::nullopt;
  }

  // Rows, and dimensions before them where there is but one matrix on the right.
  static std::optional<Origin> through_product(const Node& node, const Origin& at, const Dims& in, const Dims& out) {
    const Dims* right = proven_dims(node.inputs[1]);
    const size_t rank = out.size();
    if (right == nullptr || right->size() < 2 || in.size() != rank || at.axis + 1 >= rank) return std::nullopt;
    if (at.axis + 2 < rank && right->size() > 2) return std::nullopt;
    return Origin{node.inputs[0], at.axis};
  }

  // Of all its results: where it does not cut.
  static std::optional<Origin> through_split(const Node& node, const Origin& at) {
    const Dims* in = proven_dims(node.inputs[0]);
    if (in == nullptr) return std::nullopt;
    const int64_t axis = node.int_attribute("axis").value_or(0), rank = static_cast<int64_t>(in->size());
    if (static_cast<int64_t>(at.axis) == (axis < 0 ? axis + rank : axis)) return std::nullopt;
    return Origin{node.inputs[0], at.axis};
  }

  static std::optional<Origin> through_transpose(const Node& node, const Origin& at) {
    const auto perm = node.ints_attribute("perm");
    if (!perm || at.axis >= perm->size()) return std::nullopt;
    return Origin{node.inputs[0], static_cast<size_t>((*perm)[at.axis])};
  }

  // Where the shape says a 0 or a dimension that it has taken of a Shape, or where all that a -1 can be is one of x.
  std::optional<Origin> through_reshape(const Node& node, const Origin& at, const Dims& in, int depth) {
    if (node.since_version < 5 || node.inputs.size() < 2 || node.inputs[1] == nullptr) return std::nullopt;
    const auto target = told(ShapeContext(node), 1);
    if (!target || at.axis >= target->size()) return std::nullopt;
    const ToldDim& wanted = (*target)[at.axis];
    const bool zero_keeps = node.int_attribute("allowzero").value_or(0) == 0;
    if (wanted.number == 0 && zero_keeps && at.axis < in.size()) return Origin{node.inputs[0], at.axis};
    if (!wanted.number && wanted.of != nullptr) return Origin{wanted.of, wanted.axis};
    if (wanted.number != -1 || depth == kMostDepth) return std::nullopt;
    return left_over(node, in, *target, depth + 1);
  }

  std::optional<Origin> left_over(const Node& node, const Dims& in, const std::vector<ToldDim>& target, int depth) {
    WideInt known_in = 1, known_out = 1;
    std::vector<Origin> left;
    for (size_t i = 0; i < in.size(); ++i) {
      if (is_known(in[i])) {
        known_in *= in[i].value;
      } else {
        left.push_back(origin_of(*node.inputs[0], i, depth));
      }
      if (known_in > INT64_MAX) return std::nullopt;
    }
    for (size_t i = 0; i < target.size(); ++i) {
      if (target[i].number == -1) continue;
      const auto& dim = (*node.outputs[0]->type.dims)[i];
      if (is_known(dim)) {
        known_out *= dim.value;
        if (known_out > INT64_MAX) return std::nullopt;
        continue;
      }
      const auto found = std::find(left.begin(), left.end(), origin_of(*node.outputs[0], i, depth));
      if (found == left.end()) return std::nullopt;
      left.erase(found);
    }
    return left.size() == 1 && known_in == known_out ? std::optional(left[0]) : std::nullopt;
  }

  int steps_ = 0;
};

}  // namespace

bool is_same_dim(const Value& a, size_t a_axis, const Value& b, size_t b_axis) {
  const Dims *of_a = proven_dims(&a), *of_b = proven_dims(&b);
  if (of_a == nullptr || of_b == nullptr || a_axis >= of_a->size() || b_axis >= of_b->size()) return false;
  const Dim &x = (*of_a)[a_axis], &y = (*of_b)[b_axis];
  if (is_same(x, y)) return true;
  if (is_known(x) || is_known(y)) return false;
  const Origin from_a = Tracer().origin_of(a, a_axis), from_b = Tracer().origin_of(b, b_axis);
  if (from_a == from_b) return true;
  const Dims *at_a = proven_dims(from_a.value), *at_b = proven_dims(from_b.value);
  return at_a != nullptr && at_b != nullptr && is_same((*at_a)[from_a.axis], (*at_b)[from_b.axis]);
}

}  // namespace tenon::host
