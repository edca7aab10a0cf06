// The schemas of operators by name and opset, and what they demand of a model's nodes. Constant tables; thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/graph/schemas/op_schema.h"

namespace tenon::host {

struct Model;
struct Node;

/// Every form of every operator that this build knows, in two tables, each sorted by domain, operator and version.
std::span<const OpSchema> onnx_schemas();
std::span<const OpSchema> contrib_schemas();
/// The newest form of the operator at or below `opset`; nullptr when there is none.
const OpSchema* find_schema(std::string_view domain, std::string_view op_type, int64_t opset);
/// The oldest form of the operator; nullptr when no opset has it.
const OpSchema* first_schema(std::string_view domain, std::string_view op_type);
/// The opset that this build knows last for a domain; 0: unknown domain.
int64_t newest_opset(std::string_view domain);

/// Resolves every node's schema and checks arity, required attributes and attribute kinds, subgraphs included. An
/// operator that no opset has a schema of keeps schema == nullptr and is no error here: a provider may know it.
/// TN_INVALID_MODEL for broken nodes and for operators newer than the model's opset, TN_UNSUPPORTED for nodes of an
/// opset newer than this build knows.
Status resolve_schemas(Model& model);
/// The same for a model whose nodes say the version of their schema (since_version above 0), whatever opset the model
/// imports. TN_UNSUPPORTED for a version that this build does not know.
Status resolve_written_schemas(Model& model);

/// The schema in force at `opset` of an operator that the host has none of; nullptr: unknown.
using SchemaFinder = std::function<Result<const OpSchema*>(const Node& node, int64_t opset)>;
/// Binds nodes that have no schema to what `find` knows, and checks them as above, subgraphs included. The schemas must
/// outlive the model. Nodes that `find` does not know stay without one.
Status bind_described_schemas(Model& model, const SchemaFinder& find);

}  // namespace tenon::host
