#include "conform/cases/case_model.h"

#include <stdexcept>

#include "host/graph/node_builder.h"
#include "host/graph/schema.h"

namespace tenon::cases {
namespace {

// Of the ONNX domain where the case is of another.
constexpr int64_t kOtherOpset = 17;

void check(const host::Status& status) {
  if (!status.is_ok()) throw std::runtime_error(status.message());
}

host::Value* made(host::Result<host::Value*> value) {
  check(value.status());
  return *value;
}

host::ValueType type_of(const host::Tensor& tensor, Sight sight) {
  host::ValueType type{host::ValueType::Kind::kTensor, tensor.dtype(), std::nullopt};
  if (sight == Sight::kHidden) return type;
  type.dims.emplace();
  for (const int64_t d : tensor.shape())
    type.dims->push_back(sight == Sight::kShown ? host::Dim{d, ""} : host::Dim{-1, "d" + std::to_string(d)});
  return type;
}

std::unique_ptr<host::Model> empty_model(const host::OpSchema& schema) {
  auto model = std::make_unique<host::Model>();
  model->ir_version = 8;
  model->opset_imports[""] = kOtherOpset;
  model->opset_imports[std::string(schema.domain)] = schema.since_version;
  model->graph = std::make_unique<host::Graph>();
  return model;
}

}  // namespace

const char* sight_name(Sight sight) {
  return sight == Sight::kHidden ? "hidden" : sight == Sight::kSymbolic ? "symbolic" : "shown";
}

std::unique_ptr<host::Model> model_of(const Case& c, Sight sight, std::vector<host::NamedTensor>* given) {
  auto model = empty_model(*c.schema);
  host::NodeBuilder builder(*model->graph);
  std::vector<host::Value*> inputs, outputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const host::Tensor& tensor = c.inputs[i];
    inputs.push_back(nullptr);
    if (tensor.dtype() == TN_UNDEFINED) continue;
    const std::string name = "in" + std::to_string(i);
    if (sight != Sight::kHidden && c.constant[i]) {
      inputs.back() = made(builder.constant(name, tensor));
      continue;
    }
    inputs.back() = made(builder.input(name, type_of(tensor, sight)));
    given->push_back({name, tensor});
  }
  for (size_t i = 0; i < c.outputs.size(); ++i)
    outputs.push_back(c.outputs[i] ? made(builder.value("out" + std::to_string(i))) : nullptr);
  // Not connected: a case may be broken, which finish() judges.
  host::Node* node = model->graph->add_node();
  node->name = "out0_node";
  node->domain = c.schema->domain;
  node->op_type = c.schema->op_type;
  node->inputs = std::move(inputs);
  node->outputs = outputs;
  node->attributes = c.attributes;
  for (host::Value* output : outputs)
    if (output != nullptr) builder.output(*output);
  check(model->graph->finish());
  check(host::resolve_schemas(*model));
  return model;
}

}  // namespace tenon::cases
