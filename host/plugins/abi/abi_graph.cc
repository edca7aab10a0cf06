// tn_graph_api: read-only access of plugins to the host's graph. Thread-safe as long as nobody changes the graph.
// Arrays that the IR does not hold in the ABI's form (shapes with -1, lists of tn_str) are made on demand and kept
// until no hook of any plugin runs.
#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "host/graph/schema.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::host {
namespace {

thread_local GraphScope* current_graph_scope = nullptr;

class HandedOut {
 public:
  static HandedOut& process() {
    static HandedOut* instance = new HandedOut();
    return *instance;
  }
  void enter() {
    const std::lock_guard lock(mutex_);
    ++scopes_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--scopes_ > 0) return;
    shapes_.clear();
    strings_.clear();
    graphs_.clear();
  }
  const int64_t* keep(const std::vector<Dim>& dims) {
    std::vector<int64_t> shape;
    for (const Dim& d : dims) shape.push_back(d.value);
    const std::lock_guard lock(mutex_);
    return shapes_.insert(std::move(shape)).first->data();
  }
  const tn_graph* keep(const tn_graph& graph) {
    const std::lock_guard lock(mutex_);
    return &graphs_.emplace_back(graph);
  }
  template <typename Strings>
  const tn_str* keep(const Strings& strings) {
    std::vector<tn_str> kept;
    for (const std::string_view s : strings) kept.push_back(to_abi(s));
    const std::lock_guard lock(mutex_);
    return strings_.emplace_back(std::move(kept)).data();
  }

 private:
  std::mutex mutex_;
  int scopes_ = 0;
  std::set<std::vector<int64_t>> shapes_;
  std::deque<std::vector<tn_str>> strings_;
  std::deque<tn_graph> graphs_;
};

// What HandedOut::keep() gives for `what`; nullptr without memory, which the scope remembers.
template <typename What>
auto try_keep(const What& what) -> decltype(HandedOut::process().keep(what)) {
  try {
    return HandedOut::process().keep(what);
  } catch (const std::exception&) {
    GraphScope::note_lack_of_memory();
    return nullptr;
  }
}

tn_str node_name(const tn_node* n) {
  return to_abi(std::string_view(from_abi(n)->name));
}
tn_str node_domain(const tn_node* n) {
  return to_abi(std::string_view(from_abi(n)->domain));
}
tn_str node_op_type(const tn_node* n) {
  return to_abi(std::string_view(from_abi(n)->op_type));
}
int32_t node_since_version(const tn_node* n) {
  return from_abi(n)->since_version;
}
int32_t node_opset(const tn_node* n) {
  return static_cast<int32_t>(std::min<int64_t>(opset_of(*from_abi(n)), INT32_MAX));
}
uint32_t node_input_count(const tn_node* n) {
  return static_cast<uint32_t>(from_abi(n)->inputs.size());
}
uint32_t node_output_count(const tn_node* n) {
  return static_cast<uint32_t>(from_abi(n)->outputs.size());
}

const tn_value* node_input(const tn_node* n, uint32_t i) {
  const auto& inputs = from_abi(n)->inputs;
  return i < inputs.size() ? to_abi(inputs[i]) : nullptr;
}
const tn_value* node_output(const tn_node* n, uint32_t i) {
  const auto& outputs = from_abi(n)->outputs;
  return i < outputs.size() ? to_abi(outputs[i]) : nullptr;
}

// Gives `take` what the node says when it is of type T, or the default of an attribute that the node leaves out, which
// the schema holds as a Default; what `take` returns is whether it could take it.
template <typename T, typename Default, typename Take>
bool with_attribute(const tn_node* n, tn_str name, Take&& take) {
  if (name.data == nullptr) return false;
  const Node& node = *from_abi(n);
  const std::string_view text(name.data, name.size);
  if (const Attribute* given = node.find_attribute(text)) {
    const T* payload = std::get_if<T>(&given->payload);
    return payload != nullptr && take(*payload);
  }
  const auto* value = default_of<Default>(node.schema, text);
  return value != nullptr && take(*value);
}

// Writes the view into the caller's struct, which may be of another version of the ABI.
void write_tensor(const tn_tensor& from, tn_tensor* to) {
  const uint32_t size = to->struct_size;
  if (size < kTensorSizeV1) return;
  std::memcpy(to, &from, std::min<size_t>(size, sizeof from));
  to->struct_size = size;
}

bool attr_int(const tn_node* n, tn_str name, int64_t* value) {
  return with_attribute<int64_t, int64_t>(n, name, [&](int64_t found) {
    *value = found;
    return true;
  });
}
bool attr_float(const tn_node* n, tn_str name, float* value) {
  return with_attribute<float, float>(n, name, [&](float found) {
    *value = found;
    return true;
  });
}
bool attr_string(const tn_node* n, tn_str name, tn_str* value) {
  return with_attribute<std::string, std::string_view>(n, name, [&](std::string_view found) {
    *value = to_abi(found);
    return true;
  });
}
bool attr_tensor(const tn_node* n, tn_str name, tn_tensor* value) {
  if (name.data == nullptr || value->struct_size < kTensorSizeV1) return false;
  const Attribute* given = from_abi(n)->find_attribute(std::string_view(name.data, name.size));
  const auto* found = given != nullptr ? std::get_if<Tensor>(&given->payload) : nullptr;
  if (found == nullptr) return false;
  write_tensor(found->abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT), value);
  return true;
}
bool attr_ints(const tn_node* n, tn_str name, const int64_t** values, size_t* count) {
  return with_attribute<std::vector<int64_t>, IntsDefault>(n, name, [&](const auto& found) {
    *values = found.data();
    *count = found.size();
    return true;
  });
}
bool attr_floats(const tn_node* n, tn_str name, const float** values, size_t* count) {
  return with_attribute<std::vector<float>, FloatsDefault>(n, name, [&](const auto& found) {
    *values = found.data();
    *count = found.size();
    return true;
  });
}
bool attr_strings(const tn_node* n, tn_str name, const tn_str** values, size_t* count) {
  return with_attribute<std::vector<std::string>, StringsDefault>(n, name, [&](const auto& found) {
    const tn_str* kept = try_keep(found);
    if (kept == nullptr && !found.empty()) return false;
    *values = kept;
    *count = found.size();
    return true;
  });
}

const tn_graph* attr_graph(const tn_node* n, tn_str name, size_t index) {
  if (name.data == nullptr) return nullptr;
  const Attribute* given = from_abi(n)->find_attribute(std::string_view(name.data, name.size));
  if (given == nullptr) return nullptr;
  const Graph* found = nullptr;
  if (const auto* one = std::get_if<std::shared_ptr<Graph>>(&given->payload); one != nullptr && index == 0)
    found = one->get();
  if (const auto* many = std::get_if<std::vector<std::shared_ptr<Graph>>>(&given->payload);
      many != nullptr && index < many->size())
    found = (*many)[index].get();
  return found == nullptr ? nullptr : try_keep(tn_graph{found, nullptr});
}

uint32_t attr_count(const tn_node* n) {
  return static_cast<uint32_t>(from_abi(n)->attributes.size());
}
bool attr_at(const tn_node* n, uint32_t index, tn_str* name, uint32_t* kind) {
  // In the order of Attribute::Payload.
  static constexpr uint32_t kKinds[] = {TN_ATTR_INT,     TN_ATTR_FLOAT,  TN_ATTR_STRING, TN_ATTR_TENSOR,
                                        TN_ATTR_GRAPH,   TN_ATTR_INTS,   TN_ATTR_FLOATS, TN_ATTR_STRINGS,
                                        TN_ATTR_TENSORS, TN_ATTR_GRAPHS, TN_ATTR_TYPE};
  static_assert(std::size(kKinds) == std::variant_size_v<Attribute::Payload>);
  if (index >= attr_count(n)) return false;
  const Attribute& attribute = from_abi(n)->attributes[index];
  *name = to_abi(std::string_view(attribute.name));
  *kind = kKinds[attribute.payload.index()];
  return true;
}

tn_str value_name(const tn_value* v) {
  return to_abi(std::string_view(from_abi(v)->name));
}

void value_info(const tn_value* v, tn_tensor* info) {
  const Value& value = *from_abi(v);
  if (value.constant) {
    tn_tensor known = value.constant->abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT);
    known.data = nullptr;
    write_tensor(known, info);
    return;
  }
  tn_tensor known{};
  known.memory_kind = TN_MEMORY_HOST;
  const bool is_tensor = value.type.kind == ValueType::Kind::kTensor;
  known.dtype = is_tensor ? value.type.dtype : TN_UNDEFINED;
  const bool has_shape = is_tensor && value.type.dims.has_value();
  if (has_shape) known.shape = try_keep(*value.type.dims);
  if (has_shape && (known.shape != nullptr || value.type.dims->empty())) {
    known.rank = static_cast<uint32_t>(value.type.dims->size());
  } else {
    known.flags = TN_TENSOR_RANK_UNKNOWN;
  }
  if (!is_tensor) known.flags |= TN_TENSOR_OTHER_KIND;
  write_tensor(known, info);
}

bool value_data(const tn_value* v, tn_tensor* data) {
  const Value& value = *from_abi(v);
  if (!value.constant || value.constant->residence() == Residence::kDropped || data->struct_size < kTensorSizeV1)
    return false;
  GraphScope::note_read(value);
  write_tensor(value.constant->abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT), data);
  return true;
}
bool value_is_output(const tn_value* v) {
  const Value& value = *from_abi(v);
  const auto& outputs = value.graph->outputs;
  return std::find(outputs.begin(), outputs.end(), &value) != outputs.end();
}

const tn_node* value_producer(const tn_value* v, uint32_t* output_index) {
  const Value& value = *from_abi(v);
  if (value.producer != nullptr && output_index != nullptr) *output_index = value.producer_output;
  return to_abi(value.producer);
}
uint32_t value_use_count(const tn_value* v) {
  return static_cast<uint32_t>(from_abi(v)->use_count());
}
size_t value_consumers(const tn_value* v, const tn_node** found, size_t capacity) {
  size_t count = 0;
  const Node* last = nullptr;
  for (const Use& use : from_abi(v)->uses) {
    if (use.node == last) continue;
    last = use.node;
    if (count < capacity) found[count] = to_abi(last);
    ++count;
  }
  return count;
}

size_t graph_node_count(const tn_graph* g) {
  return g->group != nullptr ? g->group->nodes.size() : g->graph->nodes().size();
}
const tn_node* graph_node(const tn_graph* g, size_t i) {
  if (i >= graph_node_count(g)) return nullptr;
  return to_abi(g->group != nullptr ? g->group->nodes[i] : g->graph->nodes()[i].get());
}
const std::vector<Value*>& inputs_of(const tn_graph* g) {
  return g->group != nullptr ? g->group->inputs : g->graph->inputs;
}
const std::vector<Value*>& outputs_of(const tn_graph* g) {
  return g->group != nullptr ? g->group->outputs : g->graph->outputs;
}
size_t graph_input_count(const tn_graph* g) {
  return inputs_of(g).size();
}
size_t graph_output_count(const tn_graph* g) {
  return outputs_of(g).size();
}
const tn_value* graph_input(const tn_graph* g, size_t i) {
  return i < inputs_of(g).size() ? to_abi(inputs_of(g)[i]) : nullptr;
}
const tn_value* graph_output(const tn_graph* g, size_t i) {
  return i < outputs_of(g).size() ? to_abi(outputs_of(g)[i]) : nullptr;
}

constexpr tn_graph_api kGraphApi = {sizeof(tn_graph_api),
                                    0,
                                    node_name,
                                    node_domain,
                                    node_op_type,
                                    node_since_version,
                                    node_opset,
                                    node_input_count,
                                    node_output_count,
                                    node_input,
                                    node_output,
                                    attr_int,
                                    attr_float,
                                    attr_string,
                                    attr_tensor,
                                    attr_ints,
                                    attr_floats,
                                    attr_strings,
                                    attr_graph,
                                    attr_count,
                                    attr_at,
                                    value_name,
                                    value_info,
                                    value_data,
                                    value_is_output,
                                    value_producer,
                                    value_use_count,
                                    value_consumers,
                                    graph_node_count,
                                    graph_node,
                                    graph_input_count,
                                    graph_input,
                                    graph_output_count,
                                    graph_output};

}  // namespace

const tn_graph_api& graph_api() {
  return kGraphApi;
}

GraphScope::GraphScope() : outer_(std::exchange(current_graph_scope, this)) {
  HandedOut::process().enter();
}
GraphScope::~GraphScope() {
  HandedOut::process().leave();
  current_graph_scope = outer_;
}
void GraphScope::note_read(const Value& constant) {
  if (current_graph_scope == nullptr) return;
  try {
    current_graph_scope->constants_read_.push_back(&constant);
  } catch (const std::exception&) {
    note_lack_of_memory();
  }
}
void GraphScope::note_lack_of_memory() {
  if (current_graph_scope != nullptr) current_graph_scope->lacked_memory_ = true;
}

}  // namespace tenon::host
