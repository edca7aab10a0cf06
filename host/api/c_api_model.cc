// <tenon/model.h>: what a model tells of itself, and where its nodes run.
#include <tenon/model.h>

#include <iterator>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

Status no_such(const char* what, size_t index, size_t count) {
  return error(TN_INVALID_ARGUMENT, "there is no ", what, " ", index, ": the model has ", count);
}

const Model& model_of(const tenon_session* session) {
  return session->session->model();
}

const std::vector<NodePlacement>& placement_of(const tenon_session* session) {
  std::call_once(session->placed, [&] { session->placement = session->session->placement(); });
  return session->placement;
}

}  // namespace

int tenon_session_model_facts(const tenon_session* session, tenon_model_facts* facts) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    const Model& model = model_of(session);
    tenon_model_facts made{};
    made.producer_name = model.producer_name.c_str();
    made.producer_version = model.producer_version.c_str();
    made.domain = model.domain.c_str();
    made.description = model.doc_string.c_str();
    made.graph_name = model.graph->name.c_str();
    made.graph_description = model.graph_doc_string.c_str();
    made.model_version = model.model_version;
    made.ir_version = model.ir_version;
    return give(made, facts, "facts");
  });
}

size_t tenon_session_opset_count(const tenon_session* session) {
  return session != nullptr ? model_of(session).opset_imports.size() : 0;
}

int tenon_session_opset(const tenon_session* session, size_t index, tenon_opset* opset) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    const auto& opsets = model_of(session).opset_imports;
    if (index >= opsets.size()) return no_such("opset", index, opsets.size());
    const auto& [domain, version] = *std::next(opsets.begin(), static_cast<ptrdiff_t>(index));
    tenon_opset made{};
    made.domain = domain.c_str();
    made.version = version;
    return give(made, opset, "opset");
  });
}

size_t tenon_session_metadata_count(const tenon_session* session) {
  return session != nullptr ? model_of(session).metadata.size() : 0;
}

int tenon_session_metadata(const tenon_session* session, size_t index, tenon_property* property) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    const auto& metadata = model_of(session).metadata;
    if (index >= metadata.size()) return no_such("metadata property", index, metadata.size());
    const auto& [key, value] = *std::next(metadata.begin(), static_cast<ptrdiff_t>(index));
    tenon_property made{};
    made.key = key.c_str();
    made.value = value.c_str();
    return give(made, property, "property");
  });
}

int tenon_session_metadata_value(const tenon_session* session, const char* key, const char** value) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    *value = nullptr;
    if (session == nullptr) return null_argument("session");
    if (key == nullptr) return null_argument("key");
    const auto& metadata = model_of(session).metadata;
    const auto found = metadata.find(key);
    if (found == metadata.end()) return error(TN_NOT_FOUND, "the model has no metadata property '", key, "'");
    *value = found->second.c_str();
    return {};
  });
}

size_t tenon_session_placement_count(const tenon_session* session) {
  size_t count = 0;
  if (session != nullptr) {
    (void)code_of([&]() -> Status {
      count = placement_of(session).size();
      return {};
    });
  }
  return count;
}

int tenon_session_placement(const tenon_session* session, size_t index, tenon_placement* placement) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    const auto& nodes = placement_of(session);
    if (index >= nodes.size()) return no_such("node", index, nodes.size());
    const NodePlacement& node = nodes[index];
    tenon_placement made{};
    made.node = node.node.c_str();
    made.op_type = node.op_type.c_str();
    made.domain = node.domain.c_str();
    made.opset = node.opset;
    made.provider = node.provider.c_str();
    made.kernel = node.kernel.c_str();
    made.reason = node.reason.c_str();
    made.cost_ns = node.cost_ns;
    return give(made, placement, "placement");
  });
}

int tenon_session_inspect(const char* path, const tenon_options* options, tenon_session** session) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (path == nullptr) return null_argument("path");
    SessionOptions wanted = options_of(options);
    wanted.require_placement = false;
    return give_session(Session::open(path, wanted), session);
  });
}
