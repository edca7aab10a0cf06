#include "host/optimize/gradient/gradient_builder.h"

#include <cstring>

#include "host/graph/schema.h"

namespace tenon::host {
namespace {

template <typename T>
Tensor tensor_of(tn_dtype dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  Tensor tensor = *Tensor::allocate(dtype, std::move(shape), Residence::kComputed);
  if (!values.empty()) std::memcpy(tensor.mutable_data(), values.data(), values.size() * sizeof(T));
  return tensor;
}

}  // namespace

Value* GradientBuilder::make(std::string_view op, std::vector<Value*> inputs, std::vector<Attribute> attributes) {
  Value* output = *nodes_.graph().add_value("");
  make_into(*output, op, std::move(inputs), std::move(attributes));
  return output;
}

void GradientBuilder::make_into(Value& output, std::string_view op, std::vector<Value*> inputs,
                                std::vector<Attribute> attributes) {
  Node* node = nodes_.node(op, std::move(inputs), {&output}, std::move(attributes), &before_);
  node->name = output.name;
  node->schema = find_schema("", op, opset_);
  node->since_version = node->schema->since_version;
}

std::vector<Value*> GradientBuilder::copy(const Node& node, std::vector<Value*> inputs, std::string_view without,
                                          std::vector<Attribute> with) {
  std::vector<Value*> outputs;
  for (const Value* output : node.outputs)
    outputs.push_back(output != nullptr ? *nodes_.graph().add_value("") : nullptr);
  for (const Attribute& attribute : node.attributes)
    if (attribute.name != without) with.push_back(attribute);
  Node* made = nodes_.node(node.op_type, std::move(inputs), outputs, std::move(with), &before_);
  made->domain = node.domain;
  made->name = concat(node.name, "/", before_.name);
  made->schema = node.schema;
  made->since_version = node.since_version;
  return outputs;
}

Value* GradientBuilder::scalar_like(float value, Value* x) {
  Value* constant = *nodes_.constant("", tensor_of<float>(TN_FLOAT, {}, {value}));
  return make("CastLike", {constant, x});
}

Value* GradientBuilder::filled_like(float value, Value* x) {
  return make("Expand", {scalar_like(value, x), shape(x)});
}

Value* GradientBuilder::integers(const std::vector<int64_t>& values) {
  return *nodes_.constant("", tensor_of(TN_INT64, {static_cast<int64_t>(values.size())}, values));
}

// Shapes may be known in the run alone; where they are known before, all this is folded.
Value* GradientBuilder::summed_to(Value* gradient, Value* x) {
  Value* const wanted = shape(x);
  Value* const added = sub(shape(shape(gradient)), shape(wanted));
  Value* const ones = make("ConstantOfShape", {added}, {{"value", tensor_of<int64_t>(TN_INT64, {1}, {1})}});
  Value* const stretched = make("Equal", {make("Concat", {ones, wanted}, {{"axis", int64_t{0}}}), integers({1})});
  Value* const axes = make("Squeeze", {make("NonZero", {stretched}), integers({0})});
  return make("Reshape", {make("ReduceSum", {gradient, axes}, {{"noop_with_empty_axes", int64_t{1}}}), wanted});
}

}  // namespace tenon::host
