#include "tests/fuzz/mutants/mutation.h"

#include "tests/fuzz/mutants/attribute_mutation.h"
#include "tests/fuzz/mutants/tensor_mutation.h"

namespace tenon::mutants {
namespace {

// Where a mutation takes place: a graph of the model, which may be one of a node's attributes.
struct Place {
  onnx::ModelProto& model;
  onnx::GraphProto& graph;
  const Seed& seed;
  const Corpus& corpus;
  Random& random;
};

onnx::NodeProto* any_node(Place& at) {
  return at.graph.node_size() == 0 ? nullptr
                                   : at.graph.mutable_node(static_cast<int>(at.random.below(at.graph.node_size())));
}

std::string any_value(Place& at) {
  if (at.random.one_in(20)) return at.random.of({std::string(), std::string("nowhere")});
  std::vector<std::string> names;
  const auto add = [&](const onnx::GraphProto& graph) {
    for (const auto& value : graph.input()) names.push_back(value.name());
    for (const auto& tensor : graph.initializer()) names.push_back(tensor.name());
    for (const auto& node : graph.node())
      for (const auto& name : node.output()) names.push_back(name);
  };
  add(at.graph);
  if (names.empty() || at.random.one_in(4)) add(at.model.graph());
  return names.empty() ? "nowhere" : at.random.of(names);
}

void change_names(Place& at, google::protobuf::RepeatedPtrField<std::string>& names) {
  const int count = names.size();
  const int i = count == 0 ? 0 : static_cast<int>(at.random.below(count));
  switch (at.random.below(6)) {
    case 0:
      if (count > 0) names.DeleteSubrange(i, 1);
      break;
    case 1:
      if (count > 0) names.Add(std::string(names[i]));
      break;
    case 2:
      if (count > 1) names.SwapElements(i, static_cast<int>(at.random.below(count)));
      break;
    case 3:
      if (count > 0) names[i].clear();
      break;
    case 4:
      if (count > 0) names[i] = any_value(at);
      break;
    default: names.Add(any_value(at));
  }
}

void change_inputs(Place& at) {
  if (onnx::NodeProto* node = any_node(at)) change_names(at, *node->mutable_input());
}

void change_outputs(Place& at) {
  onnx::NodeProto* node = any_node(at);
  if (node == nullptr) return;
  if (at.random.one_in(3)) {
    node->add_output("more" + std::to_string(at.random.below(4)));
  } else {
    change_names(at, *node->mutable_output());
  }
}

void change_operator(Place& at) {
  onnx::NodeProto* node = any_node(at);
  if (node == nullptr) return;
  if (at.random.one_in(8)) {
    node->set_domain(at.random.of({"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "org.example"}));
  } else {
    node->set_op_type(at.random.of(at.corpus.operators));
    if (at.random.one_in(2)) node->clear_attribute();
  }
}

void change_attribute(Place& at) {
  if (onnx::NodeProto* node = any_node(at)) mutate_attributes(*node, at.corpus, at.random);
}

// A node of another model, reading values of this one, its first output handed out.
void splice_node(Place& at) {
  onnx::NodeProto node = at.random.of(at.corpus.nodes);
  for (auto& name : *node.mutable_input())
    if (!name.empty()) name = any_value(at);
  const std::string made = "spliced" + std::to_string(at.graph.node_size());
  for (int i = 0; i < node.output_size(); ++i) node.set_output(i, made + "_" + std::to_string(i));
  if (node.output_size() > 0) at.graph.add_output()->set_name(node.output(0));
  *at.graph.add_node() = std::move(node);
}

// Between a node and the value that it reads.
void insert_node(Place& at) {
  onnx::NodeProto* reader = any_node(at);
  if (reader == nullptr || reader->input_size() == 0) return;
  const int i = static_cast<int>(at.random.below(reader->input_size()));
  onnx::NodeProto node = at.random.of(at.corpus.nodes);
  if (node.input_size() == 0 || node.output_size() == 0) return;
  for (auto& name : *node.mutable_input())
    if (!name.empty() && at.random.one_in(2)) name = any_value(at);
  node.set_input(0, reader->input(i));
  const std::string made = "inserted" + std::to_string(at.graph.node_size());
  for (int o = 0; o < node.output_size(); ++o) node.set_output(o, made + "_" + std::to_string(o));
  reader->set_input(i, node.output(0));
  *at.graph.add_node() = std::move(node);
}

void change_node_list(Place& at) {
  if (at.graph.node_size() == 0) return;
  const int i = static_cast<int>(at.random.below(at.graph.node_size()));
  switch (at.random.below(3)) {
    case 0: at.graph.mutable_node()->DeleteSubrange(i, 1); break;
    case 1: {
      onnx::NodeProto node = at.graph.node(i);
      for (int o = 0; o < node.output_size(); ++o) node.set_output(o, node.output(o) + "_again");
      *at.graph.add_node() = std::move(node);
      break;
    }
    default: at.graph.mutable_node()->SwapElements(i, static_cast<int>(at.random.below(at.graph.node_size())));
  }
}

void change_type_of_value(Place& at) {
  auto& list = at.random.one_in(2) ? *at.graph.mutable_input() : *at.graph.mutable_output();
  if (!list.empty()) mutate_type(list[static_cast<int>(at.random.below(list.size()))], at.random);
}

// A lie about a value between nodes.
void state_value(Place& at) {
  onnx::ValueInfoProto& info = *at.graph.add_value_info();
  info.set_name(any_value(at));
  info.mutable_type()->mutable_tensor_type()->set_elem_type(1);
  mutate_type(info, at.random);
}

void change_ports(Place& at) {
  auto& list = at.random.one_in(2) ? *at.graph.mutable_input() : *at.graph.mutable_output();
  if (!list.empty() && at.random.one_in(2)) {
    list.DeleteSubrange(static_cast<int>(at.random.below(list.size())), 1);
  } else {
    onnx::ValueInfoProto& info = *list.Add();
    info.set_name(any_value(at));
    info.mutable_type()->mutable_tensor_type()->set_elem_type(static_cast<int>(at.random.of({1, 6, 7, 9})));
  }
}

// The data of an input becomes a constant, so that folding and packing meet it.
void fix_input(Place& at) {
  if (at.graph.input_size() == 0) return;
  const int i = static_cast<int>(at.random.below(at.graph.input_size()));
  const std::string name = at.graph.input(i).name();
  for (size_t k = 0; k < at.seed.inputs.size(); ++k) {
    if (at.seed.inputs[k].name() != name && k != static_cast<size_t>(i)) continue;
    *at.graph.add_initializer() = at.seed.inputs[k];
    at.graph.mutable_initializer(at.graph.initializer_size() - 1)->set_name(name);
    if (at.random.one_in(3)) mutate_tensor(*at.graph.mutable_initializer(at.graph.initializer_size() - 1), at.random);
    if (!at.random.one_in(4)) at.graph.mutable_input()->DeleteSubrange(i, 1);
    return;
  }
}

void change_initializer(Place& at) {
  if (at.graph.initializer_size() == 0) return fix_input(at);
  mutate_tensor(*at.graph.mutable_initializer(static_cast<int>(at.random.below(at.graph.initializer_size()))),
                at.random);
}

void change_opset(Place& at) {
  if (at.random.one_in(6)) {
    at.model.set_ir_version(at.random.between(1, 14));
  } else if (at.random.one_in(6) || at.model.opset_import_size() == 0) {
    auto& entry = *at.model.add_opset_import();
    entry.set_domain(at.random.of({"", "com.microsoft", "ai.onnx.ml", "org.example"}));
    entry.set_version(at.random.between(1, 5));
  } else {
    at.model.mutable_opset_import(static_cast<int>(at.random.below(at.model.opset_import_size())))
        ->set_version(at.random.between(1, 28));
  }
}

// So that shape inference knows nothing and kernels must check for themselves.
void hide_shapes(Place& at) {
  for (auto* list : {at.graph.mutable_input(), at.graph.mutable_output(), at.graph.mutable_value_info()})
    for (auto& info : *list) {
      if (!info.type().tensor_type().has_shape()) continue;
      auto& type = *info.mutable_type()->mutable_tensor_type();
      if (at.random.one_in(2)) {
        type.clear_shape();
      } else {
        for (auto& dim : *type.mutable_shape()->mutable_dim()) dim.clear_dim_value();
      }
    }
}

using Mutation = void (*)(Place&);
// Changes that most often leave a model that runs stand more often.
constexpr Mutation kMutations[] = {
    change_inputs,        change_inputs,    change_outputs, change_operator, change_attribute, change_attribute,
    change_attribute,     change_attribute, splice_node,    insert_node,     change_node_list, change_type_of_value,
    change_type_of_value, state_value,      change_ports,   fix_input,       fix_input,        change_initializer,
    change_initializer,   change_opset};

onnx::GraphProto& any_graph(onnx::ModelProto& model, Random& random) {
  onnx::GraphProto* graph = model.mutable_graph();
  while (random.one_in(2)) {
    std::vector<onnx::GraphProto*> inner;
    for (auto& node : *graph->mutable_node())
      for (auto& attribute : *node.mutable_attribute())
        if (attribute.has_g()) inner.push_back(attribute.mutable_g());
    if (inner.empty()) break;
    graph = random.of(inner);
  }
  return *graph;
}

}  // namespace

Mutant mutate_structure(const Corpus& corpus, Random& random) {
  const Seed& seed = random.of(corpus.seeds);
  onnx::ModelProto model = seed.model;
  if (random.one_in(3)) {
    Place at{model, *model.mutable_graph(), seed, corpus, random};
    hide_shapes(at);
  }
  for (size_t changes = 1 + random.below(random.one_in(2) ? 2 : 6); changes > 0; --changes) {
    Place at{model, any_graph(model, random), seed, corpus, random};
    kMutations[random.below(std::size(kMutations))](at);
  }
  return {&seed, model.SerializeAsString()};
}

Mutant mutate_bytes(const Corpus& corpus, Random& random) {
  const Seed& seed = random.of(corpus.seeds);
  std::string bytes = seed.bytes;
  for (size_t changes = random.one_in(2) ? 1 : 1 + random.below(4); changes > 0 && !bytes.empty(); --changes) {
    const size_t at = random.below(bytes.size());
    const size_t length = std::min(bytes.size() - at, 1 + random.below(16));
    // Changes in place leave the lengths of the messages right, so they reach further.
    switch (random.below(10)) {
      case 0: bytes.erase(at, length); break;
      case 1: bytes.insert(at, bytes.substr(random.below(bytes.size()), length)); break;
      case 2: bytes.insert(at, std::string(length, static_cast<char>(random.next()))); break;
      case 3: bytes.replace(at, length, bytes.substr(random.below(bytes.size() - length + 1), length)); break;
      case 4: bytes[at] = random.of({'\0', '\1', '\x7f', '\x80', '\xff'}); break;
      case 5: bytes[at] = static_cast<char>(random.next()); break;
      default: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
    }
  }
  return {&seed, std::move(bytes)};
}

}  // namespace tenon::mutants
