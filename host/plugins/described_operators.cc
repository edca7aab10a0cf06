#include "host/plugins/described_operators.h"

#include <deque>
#include <vector>

#include "host/base/dtype.h"
#include "host/graph/graph.h"
#include "host/graph/schemas/output_hook.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/loading/check_parts.h"

namespace tenon::host {
namespace {

// What set_output works on: tn_infer_args is its first member.
struct Inference {
  tn_infer_args args;
  std::vector<OutputFacts> outputs;
};

Status take_output(Inference& inference, uint32_t index, uint32_t dtype, uint32_t rank, const int64_t* shape) {
  const Node& node = *from_abi(inference.args.node);
  if (index >= node.outputs.size() || node.outputs[index] == nullptr) return {};
  OutputFacts& facts = inference.outputs[index];
  if (dtype != TN_UNDEFINED) {
    if (dtype_from_number(dtype) == TN_UNDEFINED)
      return error(TN_INTERNAL, "set_output of output ", index, ": there is no element type ", dtype);
    facts.type = ElementType{ValueType::Kind::kTensor, static_cast<tn_dtype>(dtype)};
  }
  if (rank == TN_RANK_UNKNOWN) return {};
  if (rank > kMaxRank || (rank > 0 && shape == nullptr))
    return error(TN_INTERNAL, "set_output of output ", index, ": rank ", rank,
                 shape == nullptr ? " without a shape" : concat(", expected at most ", kMaxRank));
  Dims dims;
  for (uint32_t d = 0; d < rank; ++d) {
    if (shape[d] < -1)
      return error(TN_INTERNAL, "set_output of output ", index, ": dimension ", d, " is ", shape[d],
                   ", expected a size, or -1 where it is not known");
    dims.push_back({shape[d], {}});
  }
  facts.dims = std::move(dims);
  return {};
}

tn_status* set_output(const tn_infer_args* args, uint32_t index, uint32_t dtype, uint32_t rank, const int64_t* shape) {
  auto* inference = const_cast<Inference*>(reinterpret_cast<const Inference*>(args));
  return to_abi(guarded([&] { return take_output(*inference, index, dtype, rank, shape); }));
}

class InferHook final : public OutputHook {
 public:
  InferHook(std::shared_ptr<const PluginInstance> instance, tn_infer_fn function)
      : instance_(std::move(instance)), infer_(function) {}

  Result<std::vector<OutputFacts>> infer(const Node& node) const override {
    Inference inference{{sizeof(tn_infer_args), 0, to_abi(&node), set_output}, {}};
    inference.outputs.resize(node.outputs.size());
    const GraphScope scope;
    const PluginCall call(PluginPhase::kInfer, instance_->name, instance_->library_path(), &node, 0);
    const Status status = scope.judge(call_plugin(call, [&] { return infer_(instance_->raw, &inference.args); }));
    if (status.is_ok()) return std::move(inference.outputs);
    return status.with_context(concat(describe(node), ": provider '", instance_->name, "'"));
  }

 private:
  const std::shared_ptr<const PluginInstance> instance_;
  const tn_infer_fn infer_;
};

constexpr uint16_t kNoLimit = UINT16_MAX;

class Operators final : public DescribedOperators {
 public:
  explicit Operators(const std::shared_ptr<const PluginInstance>& instance) {
    const tn_provider& table = *instance->table;
    for (uint32_t i = 0; i < table.operator_count; ++i)
      add(stepped(table.operators, table.operator_stride, i), instance);
  }

  const OpSchema* find(std::string_view domain, std::string_view op_type, int64_t opset) const override {
    const OpSchema* newest = nullptr;
    for (const OpSchema& s : schemas_) {
      const bool is_older = opset == 0 || s.since_version <= opset;
      if (s.domain == domain && s.op_type == op_type && is_older &&
          (newest == nullptr || s.since_version > newest->since_version))
        newest = &s;
    }
    return newest;
  }

 private:
  void add(const tn_operator& op, const std::shared_ptr<const PluginInstance>& instance) {
    OpSchema& schema = schemas_.emplace_back();
    schema.domain = op.domain;
    schema.op_type = op.op_type;
    schema.since_version = op.since_version;
    schema.is_random = (op.flags & TN_OPERATOR_NOT_DETERMINISTIC) != 0;
    schema.inputs = add_formals(op.inputs, op.input_count, op.formal_stride, &schema.min_inputs, &schema.max_inputs);
    schema.outputs =
        add_formals(op.outputs, op.output_count, op.formal_stride, &schema.min_outputs, &schema.max_outputs);
    schema.constraints = add_constraints(op);
    schema.attributes = add_attributes(op);
    if (op.infer != nullptr) schema.hook = &hooks_.emplace_back(instance, op.infer);
  }

  std::span<const FormalParameter> add_formals(const tn_formal* formals, uint32_t count, uint32_t stride,
                                               uint16_t* least, uint16_t* most) {
    auto& list = formals_.emplace_back();
    *least = 0;
    *most = static_cast<uint16_t>(count);
    for (uint32_t i = 0; i < count; ++i) {
      const tn_formal& formal = stepped(formals, stride, i);
      const auto arity = static_cast<Arity>(formal.arity);
      list.push_back({formal.name, formal.type, arity, !formal.mixed});
      if (arity == Arity::kSingle) *least = static_cast<uint16_t>(i + 1);
      if (arity != Arity::kVariadic) continue;
      *most = kNoLimit;
      if (formal.least > 0) *least = static_cast<uint16_t>(i + formal.least);
    }
    return list;
  }

  std::span<const TypeConstraint> add_constraints(const tn_operator& op) {
    auto& list = constraints_.emplace_back();
    for (uint32_t i = 0; i < op.type_count; ++i) {
      const tn_type_rule& rule = stepped(op.types, op.type_stride, i);
      TypeConstraint constraint{rule.parameter, 0, 0, 0};
      for (uint32_t d = 0; d < rule.count; ++d)
        if (rule.dtypes[d] < 64) constraint.tensor_types |= uint64_t{1} << rule.dtypes[d];
      list.push_back(constraint);
    }
    return list;
  }

  std::span<const AttributeSchema> add_attributes(const tn_operator& op) {
    auto& list = attributes_.emplace_back();
    for (uint32_t i = 0; i < op.attribute_count; ++i) {
      const tn_attribute& a = stepped(op.attributes, op.attribute_stride, i);
      list.push_back(
          {a.name, kind_of(a.kind), a.required, a.has_default ? &defaults_.emplace_back(default_of(a)) : nullptr});
    }
    return list;
  }

  static AttributeKind kind_of(uint32_t kind) {
    switch (kind) {
      case TN_ATTR_FLOAT: return AttributeKind::kFloat;
      case TN_ATTR_INT: return AttributeKind::kInt;
      case TN_ATTR_STRING: return AttributeKind::kString;
      case TN_ATTR_TENSOR: return AttributeKind::kTensor;
      case TN_ATTR_GRAPH: return AttributeKind::kGraph;
      case TN_ATTR_FLOATS: return AttributeKind::kFloats;
      case TN_ATTR_INTS: return AttributeKind::kInts;
      case TN_ATTR_STRINGS: return AttributeKind::kStrings;
      case TN_ATTR_TENSORS: return AttributeKind::kTensors;
      case TN_ATTR_GRAPHS: return AttributeKind::kGraphs;
      case TN_ATTR_TYPE: return AttributeKind::kType;
      default: return AttributeKind::kOther;
    }
  }

  AttributeDefault default_of(const tn_attribute& a) {
    switch (a.kind) {
      case TN_ATTR_FLOAT: return a.default_float;
      case TN_ATTR_STRING: return std::string_view(a.default_string);
      case TN_ATTR_INTS: return IntsDefault(a.default_ints, a.default_count);
      case TN_ATTR_FLOATS: return FloatsDefault(a.default_floats, a.default_count);
      case TN_ATTR_STRINGS: {
        const auto& texts = texts_.emplace_back(a.default_strings, a.default_strings + a.default_count);
        return StringsDefault(texts);
      }
      default: return a.default_int;
    }
  }

  // Deques, since schemas point into them.
  std::deque<OpSchema> schemas_;
  std::deque<std::vector<FormalParameter>> formals_;
  std::deque<std::vector<TypeConstraint>> constraints_;
  std::deque<std::vector<AttributeSchema>> attributes_;
  std::deque<AttributeDefault> defaults_;
  std::deque<std::vector<std::string_view>> texts_;
  std::deque<InferHook> hooks_;
};

}  // namespace

std::unique_ptr<DescribedOperators> DescribedOperators::create(std::shared_ptr<const PluginInstance> instance) {
  return std::make_unique<Operators>(instance);
}

}  // namespace tenon::host
