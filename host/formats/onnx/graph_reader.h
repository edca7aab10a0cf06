// GraphProto to Graph, subgraphs included. Names that nothing defines become values without a producer, which
// Graph::finish() reports. Not thread-safe; lives as long as one import.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "host/base/status.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/formats/onnx/tensor_reader.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// "" for "ai.onnx", which means the same.
std::string fold_domain(const std::string& domain);

class GraphReader {
 public:
  /// `functions`: domain and name of the model's own functions. Both must outlive the reader.
  GraphReader(TensorReader& tensors, const std::set<std::pair<std::string, std::string>>& functions)
      : tensors_(tensors), functions_(functions) {}

  Status read(const onnx::GraphProto& proto, Graph& graph);

 private:
  Status read_initializers(const onnx::GraphProto& proto, Graph& graph);
  Status read_inputs(const onnx::GraphProto& proto, Graph& graph);
  Status read_outputs(const onnx::GraphProto& proto, Graph& graph);
  Status read_node(const onnx::NodeProto& proto, Node& node);
  Status read_attributes(const onnx::NodeProto& proto, Node& node);
  Result<Attribute::Payload> read_payload(const onnx::AttributeProto& proto, Graph& graph);
  Result<std::shared_ptr<Graph>> read_subgraph(const onnx::GraphProto& proto, Graph& parent);

  TensorReader& tensors_;
  const std::set<std::pair<std::string, std::string>>& functions_;
};

}  // namespace tenon::host
