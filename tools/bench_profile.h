// `tenon bench --profile`: what each node of a model takes, and how much it computes and moves in that time. Found in
// runs of their own, since a profile takes time that is none of the model's. Used by one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tenon::tools {

/// Of one run, all calls of the node together.
struct NodeWork {
  size_t calls = 0;
  double time_ms = 0;                    // without that of the nodes that run within it
  std::optional<uint64_t> flops, bytes;  // what nobody counted is not there
};

/// Of a node, or by the first of its nodes of a group that is one kernel.
struct NodeProfile {
  std::string node, op_type, provider;
  NodeWork work;
};

struct Profile {
  int runs = 0;
  double run_ms = 0;               // median, as are the times of nodes
  std::vector<NodeProfile> nodes;  // by time, the longest first
};

/// Nodes of one name, operator and provider are one. `run`: runs the model and has the trace of that written to the
/// file.
Profile take_profile(int runs, const std::function<void(const std::filesystem::path&)>& run);
nlohmann::json to_json(const Profile& profile);
/// A table of at most so many nodes, and of what the others come to.
void print(const Profile& profile, size_t most_nodes);

}  // namespace tenon::tools
