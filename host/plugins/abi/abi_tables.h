// The host's function tables that tn_host points to, and what the opaque objects behind them are. Private to
// host/plugins. tn_node is a host Node and tn_value a host Value; tn_graph is defined here,
// tn_status in abi_status.h, tn_claims in claims.h.
#pragma once

#include <tenon/kernel_api/host.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/abi/abi_status.h"
#include "host/plugins/claimed_group.h"

/// A whole graph, or a group of its nodes when `group` is set. Borrows both.
struct tn_graph {
  const tenon::host::Graph* graph = nullptr;
  const tenon::host::ClaimedGroup* group = nullptr;
};

namespace tenon::host {

/// The table that plugins are given. Lives as long as the process.
const tn_host& host_table();

const tn_graph_api& graph_api();
const tn_claims_api& claims_api();
const tn_run_api& run_api();

inline const tn_node* to_abi(const Node* node) {
  return reinterpret_cast<const tn_node*>(node);
}
inline const Node* from_abi(const tn_node* node) {
  return reinterpret_cast<const Node*>(node);
}
inline const tn_value* to_abi(const Value* value) {
  return reinterpret_cast<const tn_value*>(value);
}
inline const Value* from_abi(const tn_value* value) {
  return reinterpret_cast<const Value*>(value);
}
/// Held while a hook or factory of a plugin runs: the arrays that graph_api() hands out live at least as long. One per
/// thread at a time; scopes nest.
class GraphScope {
 public:
  GraphScope();
  ~GraphScope();
  GraphScope(const GraphScope&) = delete;
  GraphScope& operator=(const GraphScope&) = delete;

  /// `status`, or TN_OUT_OF_MEMORY where something could not be handed out: what the plugin made of that does not
  /// count.
  Status judge(const Status& status) const { return lacked_memory_ ? Status::out_of_memory() : status; }
  /// Of the innermost scope of the calling thread.
  static void note_lack_of_memory();
  static void note_read(const Value& constant);
  /// Those whose data was asked for, each time.
  const std::vector<const Value*>& constants_read() const { return constants_read_; }

 private:
  bool lacked_memory_ = false;
  std::vector<const Value*> constants_read_;
  GraphScope* outer_;
};

/// Held while a kernel's `run` or `pack` is on the stack: collects what went wrong in bodies of parallel_for and is no
/// status of theirs. One per thread at a time; scopes nest.
class RunScope {
 public:
  RunScope();
  ~RunScope();
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

  const Status& failure() const { return failure_; }
  void fail(Status status) { failure_ = std::move(status); }
  /// The innermost scope of the calling thread; nullptr: none.
  static RunScope* current();

 private:
  Status failure_;
  RunScope* outer_;
};

}  // namespace tenon::host
