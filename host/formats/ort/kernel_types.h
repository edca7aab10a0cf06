// What ONNX Runtime asks of a file to find the kernel of a node: for each operator, which inputs and outputs have the
// types that its kernels are registered for. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "host/formats/ort/ort_generated.h"
#include "host/graph/graph.h"
#include "host/graph/schema.h"

namespace tenon::host::ort {

class KernelTypes {
 public:
  /// Of a node with a schema.
  void add(const Node& node) { schemas_.emplace(operator_id(node), node.schema); }
  flatbuffers::Offset<ort_file::KernelTypeResolver> write(flatbuffers::FlatBufferBuilder& builder) const;

 private:
  /// "domain:op_type:since_version"
  static std::string operator_id(const Node& node);

  std::map<std::string, const OpSchema*> schemas_;
};

}  // namespace tenon::host::ort
