// GraphProto to Graph, subgraphs included. Calls of the model's own functions are replaced by the functions' bodies, so
// that a Graph knows operators only. Names that nothing defines become values without a producer, which Graph::finish()
// reports. Not thread-safe; lives as long as one import.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/base/status.h"
#include "host/formats/onnx/function_library.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/formats/onnx/tensor_reader.h"
#include "host/graph/graph.h"
#include "host/graph/port.h"

namespace tenon::host {

class GraphReader {
 public:
  /// `opset_imports`: of the model; domains that only functions import are added. `structure_bytes`: length of the
  /// model without its weights, which bounds what functions may grow to. `has_defaults`: initializers that are inputs
  /// of the main graph are their defaults. `given`: for initializers that are not read. All references must outlive the
  /// reader.
  GraphReader(TensorReader& tensors, const FunctionLibrary& functions, std::map<std::string, int64_t>& opset_imports,
              uint64_t structure_bytes, bool has_defaults, std::span<const NamedTensor> given = {})
      : tensors_(tensors),
        functions_(functions),
        opset_imports_(opset_imports),
        structure_bytes_(structure_bytes),
        has_defaults_(has_defaults),
        given_(given) {}

  Status read(const onnx::GraphProto& proto, Graph& graph);

 private:
  // A node whose outputs are known by name already and whose inputs are not. A call is in no graph.
  struct Pending {
    const onnx::NodeProto* proto = nullptr;
    Node* node = nullptr;
    const Function* function = nullptr;  // that it calls; nullptr: an operator
    std::unique_ptr<Node> call;          // holds `node` of a call
  };
  // One call of a function while its body is read.
  struct Scope {
    const Function& function;
    const Scope* caller;  // nullptr: the model's graph
    Graph& graph;         // that gets the body's nodes
    std::string prefix;
    std::unordered_map<std::string, Value*> names;  // nullptr: an input that the call leaves out
    std::unordered_set<std::string> inputs, computed;
    std::map<std::string, const onnx::AttributeProto*> attributes;
  };

  Result<Tensor> read_initializer(const onnx::TensorProto& proto, const Graph& graph);
  Result<Tensor> read_initializer(const onnx::SparseTensorProto& proto, const Graph& graph);
  template <typename Proto>
  Status add_initializer(const Proto& proto, const std::string& name, Graph& graph);
  Status read_initializers(const onnx::GraphProto& proto, Graph& graph);
  Status read_inputs(const onnx::GraphProto& proto, Graph& graph);
  Status read_outputs(const onnx::GraphProto& proto, Graph& graph);
  Result<std::vector<Pending>> declare_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& protos,
                                             Graph& graph);
  Result<Value*> declare_output(const Node& node, const std::string& name);
  Status read_nodes(std::vector<Pending>& nodes);
  Status read_node(const Pending& pending);
  Status read_attributes(const onnx::NodeProto& proto, Node& node);
  Result<Attribute::Payload> read_payload(const onnx::AttributeProto& proto, Graph& graph);
  Result<std::shared_ptr<Graph>> read_subgraph(const onnx::GraphProto& proto, Graph& parent);
  Result<Tensor> read_tensor(const onnx::TensorProto& proto);
  Result<std::optional<Tensor>> given_tensor(const onnx::TensorProto& proto, std::vector<int64_t> dims,
                                             const Graph& graph) const;
  std::optional<Value*> find_value(const Graph& graph, const std::string& name) const;
  bool is_body(const Graph& graph) const { return scope_ != nullptr && &graph == &scope_->graph; }

  // function_inliner.cc
  Status inline_call(const Pending& pending);
  Status check_call(const Pending& pending) const;
  Status bind_values(const Pending& pending, Scope& scope) const;
  Status bind_attributes(const Pending& pending, Scope& scope);
  Status read_body(const Node& call);
  Status check_opset(const Node& node);
  Status forward_outputs(const Node& call);
  Result<const onnx::AttributeProto*> resolve(const onnx::AttributeProto& attribute);
  Result<Value*> declare_in_body(const Node& node, const std::string& name);
  std::string unique_prefix(const Node& call);
  Status charge(uint64_t nodes, uint64_t bytes);

  TensorReader& tensors_;
  const FunctionLibrary& functions_;
  std::map<std::string, int64_t>& opset_imports_;
  const uint64_t structure_bytes_;
  const bool has_defaults_;
  const std::span<const NamedTensor> given_;
  Scope* scope_ = nullptr;  // nullptr: in no function
  int subgraph_depth_ = 0;
  uint64_t inlined_nodes_ = 0, inlined_bytes_ = 0;
  std::unordered_map<std::string, uint64_t> prefixes_;                     // and how many calls asked for each
  std::unordered_map<const onnx::TensorProto*, Tensor> function_tensors_;  // read once, whatever the calls
};

/// The kind of an attribute's value; from the field in use where the file does not say.
onnx::AttributeProto::AttributeType attribute_type(const onnx::AttributeProto& proto);

}  // namespace tenon::host
