#include "host/optimize/constant_folding.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "host/base/checked.h"
#include "host/base/dtype.h"
#include "host/graph/operators/node_traits.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/told_dims.h"
#include "host/optimize/constant_views.h"

namespace tenon::host {
namespace {

bool is_foldable(const Node& node) {
  if (node.schema == nullptr || is_random(node) || has_subgraph(node) || !has_only_tensors(node)) return false;
  size_t given = 0;
  for (const Value* v : node.inputs) {
    if (v == nullptr) continue;
    if (!v->is_constant()) return false;
    ++given;
  }
  return given > 0;
}

template <typename T>
Result<Tensor> make_tensor(tn_dtype dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(shape), Residence::kComputed));
  if (!values.empty()) std::memcpy(tensor.mutable_data(), values.data(), values.size() * sizeof(T));
  return tensor;
}

// The tensor of a Constant node, without a copy where it holds one.
Result<std::optional<Tensor>> constant_tensor(const Node& node) {
  for (const Attribute& a : node.attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&a.payload)) return std::optional(*tensor);
    Result<Tensor> made = error(TN_UNSUPPORTED, "");
    if (const auto* f = std::get_if<float>(&a.payload)) made = make_tensor<float>(TN_FLOAT, {}, {*f});
    if (const auto* i = std::get_if<int64_t>(&a.payload)) made = make_tensor<int64_t>(TN_INT64, {}, {*i});
    if (const auto* s = std::get_if<std::string>(&a.payload))
      made = Tensor::from_strings({}, {*s}, Residence::kComputed);
    if (const auto* list = std::get_if<std::vector<float>>(&a.payload))
      made = make_tensor<float>(TN_FLOAT, {static_cast<int64_t>(list->size())}, *list);
    if (const auto* list = std::get_if<std::vector<int64_t>>(&a.payload))
      made = make_tensor<int64_t>(TN_INT64, {static_cast<int64_t>(list->size())}, *list);
    if (const auto* list = std::get_if<std::vector<std::string>>(&a.payload))
      made = Tensor::from_strings({static_cast<int64_t>(list->size())}, *list, Residence::kComputed);
    if (made.is_ok()) return std::optional(*made);
    if (made.status().code() != TN_UNSUPPORTED) return made.status();
  }
  return std::optional<Tensor>();
}

// Shape and Size need only the shape of their input; nothing while a dimension that they tell is unknown.
Result<std::optional<Tensor>> shape_tensor(const Node& node) {
  const Value* input = node.inputs[0];
  if (input == nullptr || !input->type.dims || input->type.kind != ValueType::Kind::kTensor)
    return std::optional<Tensor>();
  const std::vector<int64_t> shape = *numeric_shape(input->type);
  const auto [first, last] = tells_shape(node) ? shape_range(node, shape.size()) : std::pair(size_t{0}, shape.size());
  const std::vector<int64_t> told(shape.begin() + static_cast<ptrdiff_t>(first),
                                  shape.begin() + static_cast<ptrdiff_t>(last));
  if (std::any_of(told.begin(), told.end(), [](int64_t d) { return d < 0; })) return std::optional<Tensor>();
  Result<Tensor> made = error(TN_UNSUPPORTED, "");
  if (tells_shape(node)) {
    made = make_tensor<int64_t>(TN_INT64, {static_cast<int64_t>(told.size())}, told);
  } else if (const auto count = checked_element_count(told).get()) {
    made = make_tensor<int64_t>(TN_INT64, {}, {static_cast<int64_t>(*count)});
  } else {
    return std::optional<Tensor>();
  }
  if (!made.is_ok()) return made.status();
  return std::optional(*made);
}

// What is taken of a shape is known where the dimensions that are taken are, whatever the others.
Result<std::optional<Tensor>> part_of_shape(const Node& node) {
  const Value* output = node.outputs.empty() ? nullptr : node.outputs[0];
  if (output == nullptr || output->type.dtype != TN_INT64) return std::optional<Tensor>();
  const auto told = told_dims(*output);
  if (!told || !output->type.dims) return std::optional<Tensor>();
  std::vector<int64_t> numbers;
  for (const ToldDim& d : *told) {
    if (!d.number) return std::optional<Tensor>();
    numbers.push_back(*d.number);
  }
  const bool is_scalar = output->type.dims->empty();
  if (is_scalar && numbers.size() != 1) return std::optional<Tensor>();
  const std::vector<int64_t> shape =
      is_scalar ? std::vector<int64_t>() : std::vector{static_cast<int64_t>(numbers.size())};
  TENON_ASSIGN_OR_RETURN(Tensor tensor, make_tensor<int64_t>(TN_INT64, shape, numbers));
  return std::optional(std::move(tensor));
}

// Bytes of the outputs; nothing when inference does not know them.
std::optional<CheckedSize> expected_bytes(const Node& node) {
  CheckedSize bytes(0);
  for (const Value* v : node.outputs) {
    if (v == nullptr) continue;
    if (!v->type.dims || v->type.dtype == TN_UNDEFINED) return std::nullopt;
    const std::vector<int64_t> shape = *numeric_shape(v->type);
    if (std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < 0; })) return std::nullopt;
    bytes = bytes + checked_byte_length(v->type.dtype, shape);
  }
  return bytes;
}

bool fits_type(const ValueType& type, const Tensor& tensor) {
  if (type.dtype != TN_UNDEFINED && type.dtype != tensor.dtype()) return false;
  if (!type.dims) return true;
  const auto fits_dim = [](const Dim& expected, int64_t d) { return expected.value < 0 || expected.value == d; };
  return std::equal(type.dims->begin(), type.dims->end(), tensor.shape().begin(), tensor.shape().end(), fits_dim);
}

// What the model's own constants hold, and how much more it would be if all numbers narrower than a float were floats.
struct ConstantSizes {
  CheckedSize bytes = 0, widened = 0;

  void add(const Tensor& tensor) {
    bytes = bytes + CheckedSize(tensor.byte_length());
    const int bits = dtype_bits(tensor.dtype());
    const uint64_t as_float = static_cast<uint64_t>(tensor.element_count()) * sizeof(float);
    if (bits > 0 && bits < 32)
      widened = widened + CheckedSize(as_float - std::min<uint64_t>(as_float, tensor.byte_length()));
  }
};

class Folder {
 public:
  Folder(const NodeRunner& run_node, const FoldOptions& options, const ConstantSizes& sizes)
      : run_node_(run_node), max_bytes_(options.max_bytes), widening_left_(sizes.widened.get().value_or(UINT64_MAX)) {
    const CheckedSize allowance = sizes.bytes + CheckedSize(options.max_growth_bytes);
    limit_ = std::min(max_bytes_, allowance.get().value_or(UINT64_MAX));
  }

  Status fold_graph(Graph& graph) {
    for (const auto& value : graph.values())
      if (value->is_constant()) set_constant_type(*value);
    for (Value* input : graph.inputs) input->type.is_proven = true;  // as infer_graph() has it
    std::vector<Node*> folded;
    for (const auto& node : graph.nodes()) {
      TENON_RETURN_IF_ERROR(infer_node(*node));
      TENON_ASSIGN_OR_RETURN(const bool done, fold_node(*node));
      if (done) folded.push_back(node.get());
    }
    report_.folded_nodes += folded.size();
    for (Node* node : folded) graph.erase_node(*node);
    graph.sweep();
    return {};
  }
  FoldReport take_report() { return std::move(report_); }

 private:
  Result<bool> fold_node(Node& node) {
    if (is_constant_node(node)) {
      TENON_ASSIGN_OR_RETURN(auto tensor, constant_tensor(node));
      return tensor ? adopt(node, {std::move(*tensor)}) : Result<bool>(false);
    }
    if (tells_shape(node) || tells_count(node)) {
      TENON_ASSIGN_OR_RETURN(auto tensor, shape_tensor(node));
      if (tensor) return adopt(node, {std::move(*tensor)});
    }
    if (node.domain.empty() && (node.op_type == "Gather" || node.op_type == "Slice")) {
      TENON_ASSIGN_OR_RETURN(auto tensor, part_of_shape(node));
      if (tensor) return adopt(node, {std::move(*tensor)});
    }
    if (has_only_tensors(node)) {
      if (auto views = constant_views(node)) {
        TENON_ASSIGN_OR_RETURN(const bool adopted, adopt(node, std::move(*views)));
        report_.views += adopted ? 1 : 0;
        return adopted;
      }
    }
    return is_foldable(node) ? run(node) : Result<bool>(false);
  }

  Result<bool> run(Node& node) {
    const auto bytes = expected_bytes(node);
    if (!bytes && !is_bounded_by_inputs(node))
      return skip(node, "the size of its result is not known before it is computed");
    const CheckedSize held = bytes.value_or(CheckedSize(0)) + CheckedSize(report_.bytes - freed_by(node));
    if (is_widening(node) && !is_held_here(*node.inputs[0]->constant)) allow_widening(held);
    if (!held.fits(limit_))
      return skip(node, concat("its result would pass the limit of ", limit_, " bytes for folded constants"));
    Result<std::vector<Tensor>> results = run_node_(node);
    // A node that is never reached at run time must not stop the session from opening.
    if (!results.is_ok()) return skip(node, results.status().message());
    return adopt(node, std::move(*results));
  }

  // A weight that the file really holds may be widened once: that cannot be asked for by a small file.
  void allow_widening(CheckedSize held) {
    const uint64_t needed = held.get().value_or(UINT64_MAX);
    if (needed <= limit_ || needed > max_bytes_ || needed - limit_ > widening_left_) return;
    widening_left_ -= needed - limit_;
    limit_ = needed;
  }

  // What folding the node lets go of: results before it that nothing else reads.
  uint64_t freed_by(const Node& node) const {
    uint64_t bytes = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Value* input = node.inputs[i];
      const auto same = [&](const Value* other) { return other == input; };
      if (input == nullptr || !input->is_constant() || input->graph != node.graph || input->producer == nullptr)
        continue;
      if (std::any_of(node.inputs.begin(), node.inputs.begin() + static_cast<ptrdiff_t>(i), same)) continue;
      const auto reads = std::count_if(node.inputs.begin(), node.inputs.end(), same);
      if (static_cast<ptrdiff_t>(input->use_count()) != reads) continue;
      const auto held = holds_.find(input->constant->owner().get());
      if (is_held_here(*input->constant) && held != holds_.end() && held->second.count == 1)
        bytes += held->second.bytes;
    }
    return bytes;
  }

  Result<bool> skip(const Node& node, const std::string& reason) {
    report_.skipped.push_back(describe(node) + ": " + reason);
    return false;
  }

  // Makes the tensors the constants of the node's outputs, and lets go of inputs that nothing else reads.
  Result<bool> adopt(Node& node, std::vector<Tensor> tensors) {
    if (tensors.size() != node.outputs.size())
      return error(TN_INTERNAL, describe(node), ": the provider computed ", tensors.size(), " outputs, expected ",
                   node.outputs.size());
    CheckedSize bytes(report_.bytes - freed_by(node));
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (node.outputs[i] == nullptr) continue;
      TENON_RETURN_IF_ERROR(check_result(node, i, tensors[i]));
      if (is_held_here(tensors[i]) && !holds_.contains(tensors[i].owner().get()))
        bytes = bytes + CheckedSize(tensors[i].byte_length());
    }
    if (!bytes.fits(limit_))
      return skip(node, concat("its result passes the limit of ", limit_, " bytes for folded constants"));
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (node.outputs[i] == nullptr) continue;
      hold(tensors[i]);
      node.outputs[i]->constant = std::move(tensors[i]);
      set_constant_type(*node.outputs[i]);
    }
    const std::vector<Value*> inputs = node.inputs;
    node.graph->set_inputs(node, {});
    for (Value* input : inputs) release(node, input);
    return true;
  }

  // A shape that only the model declares may be wrong; what inference says by itself may not.
  static Status check_result(Node& node, size_t i, const Tensor& tensor) {
    Value& value = *node.outputs[i];
    if (fits_type(value.type, tensor)) return {};
    const ValueType known = value.type;
    value.type.dims.reset();
    TENON_RETURN_IF_ERROR(infer_node(node));
    if (!fits_type(value.type, tensor))
      return error(TN_INTERNAL, describe(node), ": computed ", describe(tensor), " for output ", i, ", expected ",
                   describe(value.type), ": the provider's kernel is wrong");
    value.type = known;
    std::vector<Dim> dims;
    for (const int64_t d : tensor.shape()) dims.push_back({d, ""});
    note_overruled(node, value, dims);
    return {};
  }

  // Mapped and imported tensors are counted where they came from.
  static bool is_held_here(const Tensor& tensor) {
    return tensor.residence() == Residence::kComputed || tensor.residence() == Residence::kRuntime;
  }

  // Views of one result hold it together.
  void hold(const Tensor& tensor) {
    if (!is_held_here(tensor)) return;
    Held& held = holds_[tensor.owner().get()];
    if (held.count++ > 0) return;
    held.bytes = tensor.byte_length();
    report_.bytes += held.bytes;
  }

  void let_go(const Tensor& tensor) {
    const auto held = holds_.find(tensor.owner().get());
    if (!is_held_here(tensor) || held == holds_.end() || --held->second.count > 0) return;
    report_.bytes -= held->second.bytes;
    holds_.erase(held);
  }

  // A folded value that only folded nodes have read is dropped at once: chains hold one link at a time.
  void release(const Node& node, Value* input) {
    if (input == nullptr || input->graph != node.graph || input->use_count() > 0) return;
    if (input->producer == nullptr || !input->is_constant()) return;
    let_go(*input->constant);
    input->constant.reset();
  }

  struct Held {
    uint64_t bytes = 0;
    size_t count = 0;
  };

  const NodeRunner& run_node_;
  const uint64_t max_bytes_;
  uint64_t limit_ = 0;
  uint64_t widening_left_;
  std::unordered_map<const void*, Held> holds_;  // by owner
  FoldReport report_;
};

ConstantSizes constant_sizes(const std::vector<Graph*>& graphs) {
  ConstantSizes sizes;
  for (const Graph* graph : graphs) {
    for (const auto& value : graph->values())
      if (value->is_constant()) sizes.add(*value->constant);
    for (const auto& node : graph->nodes())
      for (const Attribute& a : node->attributes)
        if (const auto* tensor = std::get_if<Tensor>(&a.payload)) sizes.add(*tensor);
  }
  return sizes;
}

void erase_unused_constants(Graph& graph) {
  const std::unordered_set<const Value*> inputs(graph.inputs.begin(), graph.inputs.end());
  for (const auto& value : graph.values())
    if (value->is_constant() && value->use_count() == 0 && !inputs.contains(value.get())) graph.erase_value(*value);
  graph.sweep();
}

}  // namespace

Result<FoldReport> fold_constants(Model& model, const NodeRunner& run_node, const FoldOptions& options) {
  const std::vector<Graph*> graphs = graph_tree(*model.graph);
  Folder folder(run_node, options, constant_sizes(graphs));
  for (Graph* graph : graphs) TENON_RETURN_IF_ERROR(folder.fold_graph(*graph));
  TENON_RETURN_IF_ERROR(model.graph->finish());
  for (Graph* graph : graphs) erase_unused_constants(*graph);
  return folder.take_report();
}

}  // namespace tenon::host
