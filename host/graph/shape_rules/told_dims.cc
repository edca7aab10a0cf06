#include "host/graph/shape_rules/told_dims.h"

#include <cstring>
#include <tenon/sdk/geometry/slice.hpp>

namespace tenon::host {
namespace {

using Told = std::vector<ToldDim>;

constexpr int kMostSteps = 64;  // nodes that are looked at for one value
constexpr int kMostDepth = 16;
constexpr size_t kMostElements = 64;  // as many as a tensor can have dimensions

// Of a constant; nothing for other types than int32 and int64. Byte-wise: a mapped tensor need not be aligned.
std::optional<std::vector<int64_t>> constant_numbers(const Value* value) {
  if (value == nullptr || !value->is_constant() || value->constant->data() == nullptr) return std::nullopt;
  const Tensor& tensor = *value->constant;
  const auto count = static_cast<size_t>(tensor.element_count());
  if ((tensor.dtype() != TN_INT64 && tensor.dtype() != TN_INT32) || tensor.shape().size() > 1 || count > kMostElements)
    return std::nullopt;
  std::vector<int64_t> numbers(count);
  const auto* bytes = static_cast<const unsigned char*>(tensor.data());
  for (size_t i = 0; i < count; ++i) {
    int32_t narrow = 0;
    if (tensor.dtype() == TN_INT32) std::memcpy(&narrow, bytes + i * sizeof narrow, sizeof narrow);
    if (tensor.dtype() == TN_INT64) std::memcpy(&numbers[i], bytes + i * sizeof(int64_t), sizeof(int64_t));
    if (tensor.dtype() == TN_INT32) numbers[i] = narrow;
  }
  return numbers;
}

const Value* input_of(const Node& node, size_t i) {
  return i < node.inputs.size() ? node.inputs[i] : nullptr;
}

class Reading {
 public:
  std::optional<Told> read(const Value& value, int depth = 0) {
    if (++steps_ > kMostSteps || depth > kMostDepth) return std::nullopt;
    if (value.is_constant()) {
      const auto numbers = constant_numbers(&value);
      return numbers ? std::optional(told_numbers(*numbers)) : std::nullopt;
    }
    if (!value.type.dims || value.type.dims->size() > 1) return std::nullopt;
    std::optional<Told> told;
    if (value.producer != nullptr && value.producer->domain.empty() && value.producer->schema != nullptr)
      told = read_node(*value.producer, depth + 1);
    if (told) return told;
    const int64_t count = value.type.dims->empty() ? 1 : value.type.dims->front().value;
    const bool is_sure = value.type.is_proven && count >= 0 && count <= static_cast<int64_t>(kMostElements);
    return is_sure ? std::optional(Told(static_cast<size_t>(count))) : std::nullopt;
  }

 private:
  std::optional<Told> read_node(const Node& node, int depth) {
    const std::string& op = node.op_type;
    if (op == "Shape") return read_shape(node);
    if (op == "Concat") return read_concat(node, depth);
    if (node.inputs.empty() || node.inputs[0] == nullptr) return std::nullopt;
    // They hand on the elements as they are; that the result has one dimension at most is known.
    if (op == "Identity" || op == "Squeeze" || op == "Unsqueeze" || op == "Reshape")
      return read(*node.inputs[0], depth);
    if (op == "Cast") return read_cast(node, depth);
    if (op == "Gather") return read_gather(node, depth);
    return op == "Slice" ? read_slice(node, depth) : std::nullopt;
  }

  // A size that is only known by its name may not fit in 32 bits.
  std::optional<Told> read_cast(const Node& node, int depth) {
    const tn_dtype to = node.outputs[0] == nullptr ? TN_UNDEFINED : node.outputs[0]->type.dtype;
    if (to != TN_INT64 && to != TN_INT32) return std::nullopt;
    auto told = read(*node.inputs[0], depth);
    if (!told || to == TN_INT64) return told;
    for (ToldDim& dim : *told)
      if (!dim.number || *dim.number != static_cast<int32_t>(*dim.number)) dim = {};
    return told;
  }

  static std::optional<Told> read_shape(const Node& node) {
    const Value* input = node.inputs.empty() ? nullptr : node.inputs[0];
    if (input == nullptr || !input->type.dims || !input->type.is_proven) return std::nullopt;
    const std::vector<Dim>& dims = *input->type.dims;
    const auto rank = static_cast<int64_t>(dims.size());
    const auto slice =
        sdk::slice_axis(rank, node.int_attribute("start").value_or(0), node.int_attribute("end").value_or(rank), 1);
    Told told;
    for (int64_t i = slice.start; i < slice.start + slice.count; ++i) {
      const Dim& dim = dims[static_cast<size_t>(i)];
      told.push_back({dim.value >= 0 ? std::optional(dim.value) : std::nullopt, dim, input, static_cast<size_t>(i)});
    }
    return told;
  }

  std::optional<Told> read_concat(const Node& node, int depth) {
    Told told;
    for (const Value* input : node.inputs) {
      const auto part = input == nullptr ? std::nullopt : read(*input, depth);
      if (!part || told.size() + part->size() > kMostElements) return std::nullopt;
      told.insert(told.end(), part->begin(), part->end());
    }
    return told;
  }

  std::optional<Told> read_gather(const Node& node, int depth) {
    const auto indices = constant_numbers(input_of(node, 1));
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
    const bool by_attributes = node.since_version < 10;
    const auto starts = by_attributes ? node.ints_attribute("starts") : constant_numbers(input_of(node, 1));
    const auto ends = by_attributes ? node.ints_attribute("ends") : constant_numbers(input_of(node, 2));
    const auto steps = input_of(node, 4) == nullptr ? std::vector<int64_t>{1} : constant_numbers(node.inputs[4]);
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

std::optional<std::vector<ToldDim>> told(const ShapeContext& c, size_t input) {
  if (const auto numbers = c.ints(input)) return told_numbers(*numbers);
  return c.has_input(input) && !c.is_in_run() ? told_dims(*c.node().inputs[input]) : std::nullopt;
}

}  // namespace tenon::host
