#include "host/graph/shape_rules/told_dims.h"

#include <tenon/sdk/geometry/slice.hpp>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host {
namespace {

using Told = std::vector<ToldDim>;

constexpr int kMostSteps = 64;  // nodes that are looked at for one value
constexpr int kMostDepth = 16;

class Reading {
 public:
  std::optional<Told> read(const Value& value, int depth = 0) {
    if (++steps_ > kMostSteps || depth > kMostDepth) return std::nullopt;
    if (value.is_constant()) return read_constant(*value.constant);
    if (!value.type.dims || value.type.dims->size() > 1) return std::nullopt;
    std::optional<Told> told;
    if (value.producer != nullptr && value.producer->domain.empty() && value.producer->schema != nullptr)
      told = read_node(*value.producer, depth + 1);
    if (told) return told;
    const auto count = value.type.dims->empty() ? known_dim(1) : value.type.dims->front();
    const bool is_sure = value.type.is_proven && is_known(count) && count.value <= static_cast<int64_t>(kMaxRank);
    return is_sure ? std::optional(Told(static_cast<size_t>(count.value))) : std::nullopt;
  }

 private:
  static std::optional<Told> read_constant(const Tensor& tensor) {
    const bool is_small = tensor.shape().size() <= 1 && tensor.element_count() <= static_cast<int64_t>(kMaxRank);
    if (!is_small || tensor.data() == nullptr) return std::nullopt;
    const auto numbers = integers_of(tensor.dtype(), tensor.data(), tensor.element_count());
    return numbers ? std::optional(told_numbers(*numbers)) : std::nullopt;
  }

  std::optional<Told> read_node(const Node& node, int depth) {
    const std::string& op = node.op_type;
    if (op == "Shape") return read_shape(node);
    if (op == "Concat") return read_concat(node, depth);
    if (node.inputs.empty() || node.inputs[0] == nullptr) return std::nullopt;
    // They hand on the elements as they are; that the result has one dimension at most is known.
    const bool moves = op == "Identity" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape";
    const bool casts = op == "Cast" && node.outputs[0] != nullptr && node.outputs[0]->type.dtype == TN_INT64;
    if (moves || casts) return read(*node.inputs[0], depth);
    if (op == "Gather") return read_gather(node, depth);
    return op == "Slice" ? read_slice(node, depth) : std::nullopt;
  }

  static std::optional<Told> read_shape(const Node& node) {
    const Value* input = node.inputs.empty() ? nullptr : node.inputs[0];
    if (input == nullptr || !input->type.dims || !input->type.is_proven) return std::nullopt;
    const Dims& dims = *input->type.dims;
    const auto [first, last] = shape_range(node, dims.size());
    Told told;
    for (size_t i = first; i < last; ++i) {
      const bool has_number = is_known(dims[i]);
      told.push_back({has_number ? std::optional(dims[i].value) : std::nullopt, dims[i], input, i});
    }
    return told;
  }

  std::optional<Told> read_concat(const Node& node, int depth) {
    Told told;
    for (const Value* input : node.inputs) {
      const auto part = input == nullptr ? std::nullopt : read(*input, depth);
      if (!part || told.size() + part->size() > kMaxRank) return std::nullopt;
      told.insert(told.end(), part->begin(), part->end());
    }
    return told;
  }

  std::optional<Told> read_gather(const Node& node, int depth) {
    const auto indices = ShapeContext(node).ints(1);
    const auto of = read(*node.inputs[0], depth);
    if (!of || !indices) return std::nullopt;
    Told told;
    for (int64_t i : *indices) {
      if (i < 0) i += static_cast<int64_t>(of->size());
      if (i < 0 || i >= static_cast<int64_t>(of->size())) return std::nullopt;
      told.push_back((*of)[static_cast<size_t>(i)]);
    }
    return told;
  }

  std::optional<Told> read_slice(const Node& node, int depth) {
    const ShapeContext context(node);
    const auto starts = node.since_version < 10 ? context.ints_attr("starts") : context.ints(1);
    const auto ends = node.since_version < 10 ? context.ints_attr("ends") : context.ints(2);
    const auto steps = context.has_input(4) ? context.ints(4) : std::vector<int64_t>{1};
    const auto of = read(*node.inputs[0], depth);
    if (!of || !starts || !ends || !steps) return std::nullopt;
    if (starts->size() != 1 || ends->size() != 1 || steps->size() != 1 || steps->front() == 0) return std::nullopt;
    const auto slice =
        sdk::slice_axis(static_cast<int64_t>(of->size()), starts->front(), ends->front(), steps->front());
    Told told;
    for (int64_t i = 0; i < slice.count; ++i) told.push_back((*of)[static_cast<size_t>(slice.start + i * slice.step)]);
    return told;
  }

  int steps_ = 0;
};

}  // namespace

std::vector<ToldDim> told_numbers(const std::vector<int64_t>& numbers) {
  Told told;
  for (const int64_t number : numbers) told.push_back({number, {}, nullptr, 0});
  return told;
}

std::optional<std::vector<ToldDim>> told_dims(const Value& value) {
  return Reading().read(value);
}

}  // namespace tenon::host
