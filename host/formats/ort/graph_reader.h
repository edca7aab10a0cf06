// A verified Graph table to the graph IR, subgraphs included. Names that nothing defines become values without a
// producer, which Graph::finish() reports. Not thread-safe; lives as long as one read.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "host/base/status.h"
#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/read_budget.h"
#include "host/formats/ort/read_options.h"
#include "host/formats/sparse_tensor.h"
#include "host/graph/graph.h"

namespace tenon::host::ort {

class GraphReader {
 public:
  /// Initializers are views of `bytes`, which holds every table that is read. `has_defaults`: those that are inputs of
  /// the main graph are their defaults. The options must outlive the reader.
  GraphReader(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const OrtReadOptions& options,
              bool has_defaults)
      : bytes_(bytes),
        owner_(std::move(owner)),
        options_(options),
        has_defaults_(has_defaults),
        budget_(bytes.size()) {}

  Status read(const ort_file::Graph& source, Graph& graph);

 private:
  using Names = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

  Status declare_values(const ort_file::Graph& source, Graph& graph);
  Status keep_denotations(const ort_file::ValueInfo& info, Graph& graph);
  Status read_initializers(const ort_file::Graph& source, Graph& graph);
  Status add_initializer(std::string_view name, Result<Tensor> tensor,
                         const std::unordered_set<std::string_view>& overridable, Graph& graph);
  Status read_inputs(const ort_file::Graph& source, Graph& graph);
  Status read_outputs(const ort_file::Graph& source, Graph& graph);
  Status declare_node(const ort_file::Node& source, Node& node);
  Status read_node(const ort_file::Node& source, Node& node);
  Status read_names(const Names* names, std::vector<Value*>& values, Graph& graph, bool outer);
  Status read_attributes(const ort_file::Node& source, Node& node);
  Result<Attribute::Payload> read_payload(const ort_file::Attribute& source, Graph& graph);
  Result<std::shared_ptr<Graph>> read_subgraph(const ort_file::Graph* source, Graph& parent);
  Result<ValueType> read_type_attribute(const ort_file::Attribute& source);

  // tensor_reader.cc
  Result<Tensor> read_tensor(const ort_file::Tensor* source);
  Result<Tensor> read_strings(const ort_file::Tensor& source, std::vector<int64_t> dims, uint64_t expected);
  Result<Tensor> read_sparse(const ort_file::SparseTensor& source);

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  const OrtReadOptions& options_;
  const bool has_defaults_;
  ReadBudget budget_;
  DenseBudget dense_budget_;
  int subgraph_depth_ = 0;
  std::unordered_map<const Value*, ValueType> declared_;  // of initializers that are inputs, while the graph is read
};

/// The elements of a vector, which the format does not align.
template <typename T>
std::vector<T> copy_numbers(const flatbuffers::Vector<T>* vector) {
  std::vector<T> copy(vector != nullptr ? vector->size() : 0);
  if (!copy.empty()) std::memcpy(copy.data(), vector->Data(), copy.size() * sizeof(T));
  return copy;
}

}  // namespace tenon::host::ort
