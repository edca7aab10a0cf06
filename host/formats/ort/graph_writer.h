// The graph IR to a Graph table, subgraphs included. Not thread-safe; lives as long as one write.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/base/status.h"
#include "host/formats/ort/kernel_types.h"
#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/write_options.h"
#include "host/graph/graph.h"

namespace tenon::host::ort {

class GraphWriter {
 public:
  /// Both must outlive the writer.
  GraphWriter(flatbuffers::FlatBufferBuilder& builder, const OrtWriteOptions& options)
      : builder_(builder), options_(options) {}

  Result<flatbuffers::Offset<ort_file::Graph>> write(const Graph& graph);
  /// Of all operators written so far.
  const KernelTypes& kernel_types() const { return kernel_types_; }

 private:
  using Builder = flatbuffers::FlatBufferBuilder;
  using String = flatbuffers::Offset<flatbuffers::String>;
  template <typename Table>
  using Tables = std::vector<flatbuffers::Offset<Table>>;
  using Strings = flatbuffers::Offset<flatbuffers::Vector<String>>;
  struct PayloadWriter;

  Result<flatbuffers::Offset<ort_file::ValueInfo>> write_value(const Value& value);
  Result<flatbuffers::Offset<ort_file::Node>> write_node(const Node& node, uint32_t index);
  Result<flatbuffers::Offset<ort_file::Attribute>> write_attribute(const Node& node, const Attribute& attribute);
  Result<flatbuffers::Offset<ort_file::Tensor>> write_constant(const Value& value);
  Result<flatbuffers::Offset<ort_file::Tensor>> write_tensor(std::string_view name, const Tensor& tensor);
  Result<Tables<ort_file::ValueInfo>> write_values(const Graph& graph);
  Result<Tables<ort_file::Tensor>> write_constants(const Graph& graph);
  Tables<ort_file::NodeEdge> write_edges(const std::vector<const Node*>& nodes);
  Strings write_names(const std::vector<Value*>& values);
  String shared(std::string_view text) { return builder_.CreateSharedString(text.data(), text.size()); }
  Status check_visible(const Node& node) const;
  Status check_room(uint64_t bytes) const;

  Builder& builder_;
  const OrtWriteOptions& options_;
  KernelTypes kernel_types_;
};

}  // namespace tenon::host::ort
