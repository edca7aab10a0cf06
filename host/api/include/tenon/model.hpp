// What a model tells of itself and where its nodes run, of the C++17 API; part of <tenon/tenon.hpp>.
#pragma once

#include <tenon/model.h>

#include <cstdint>
#include <map>
#include <string>
#include <tenon/tensor.hpp>
#include <vector>

namespace tenon {

/// As the model's file says it; see tenon_model_facts.
struct ModelFacts {
  std::string producer_name, producer_version, domain, description, graph_name, graph_description;
  int64_t model_version = 0;
  int64_t ir_version = 0;
  std::map<std::string, int64_t> opsets;  // "" for ONNX's own domain
  std::map<std::string, std::string> metadata;
};

/// Where a node of the optimized graph runs; see tenon_placement.
struct NodePlacement {
  std::string node, op_type, domain;
  int64_t opset = 0;
  std::string provider, kernel, reason;
  uint64_t cost_ns = 0;  // see tenon_placement
};

namespace detail {

inline ModelFacts model_facts(const tenon_session* session) {
  auto raw = sized<tenon_model_facts>();
  check(tenon_session_model_facts(session, &raw));
  ModelFacts facts;
  facts.producer_name = raw.producer_name;
  facts.producer_version = raw.producer_version;
  facts.domain = raw.domain;
  facts.description = raw.description;
  facts.graph_name = raw.graph_name;
  facts.graph_description = raw.graph_description;
  facts.model_version = raw.model_version;
  facts.ir_version = raw.ir_version;
  for (size_t i = 0; i < tenon_session_opset_count(session); ++i) {
    auto opset = sized<tenon_opset>();
    check(tenon_session_opset(session, i, &opset));
    facts.opsets[opset.domain] = opset.version;
  }
  for (size_t i = 0; i < tenon_session_metadata_count(session); ++i) {
    auto property = sized<tenon_property>();
    check(tenon_session_metadata(session, i, &property));
    facts.metadata[property.key] = property.value;
  }
  return facts;
}

inline std::vector<NodePlacement> placement(const tenon_session* session) {
  std::vector<NodePlacement> nodes;
  for (size_t i = 0; i < tenon_session_placement_count(session); ++i) {
    auto raw = sized<tenon_placement>();
    check(tenon_session_placement(session, i, &raw));
    nodes.push_back({raw.node, raw.op_type, raw.domain, raw.opset, raw.provider, raw.kernel, raw.reason, raw.cost_ns});
  }
  return nodes;
}

}  // namespace detail
}  // namespace tenon
