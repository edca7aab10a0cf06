// The graph IR to the onnx package's messages, short of the data of initializers, which a sink takes. Not thread-safe;
// lives as long as one export.
#pragma once

#include <functional>

#include "host/base/status.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// Takes an initializer: adds it to the graph's message, or keeps it for later.
using InitializerSink = std::function<Status(onnx::GraphProto& graph, const Value& constant)>;

/// Header, opsets and metadata of the model.
void write_header(const Model& model, onnx::ModelProto& proto);
/// Nodes, inputs, outputs and types, subgraphs included. `sink` is called for every constant, in order.
Status write_graph(const Graph& graph, const InitializerSink& sink, onnx::GraphProto& proto);
/// Name, type and dims; no data.
void write_tensor_header(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto);
/// All of a tensor, data included. TN_INVALID_ARGUMENT when it has none.
Status write_tensor(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto);
/// TN_INVALID_ARGUMENT unless the tensor has the data that its type and shape ask for.
Status check_data(const std::string& name, const Tensor& tensor);

}  // namespace tenon::host
