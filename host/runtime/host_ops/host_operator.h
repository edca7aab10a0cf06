// The operators that the host runs itself, since they run subgraphs or are about values that no provider knows. One
// table; see operators.h for the functions. Pure functions, constant data.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

class HostStep;

struct HostOperator {
  std::string_view domain, op_type;
  int first_version, last_version;                // of the schemas that it covers, both included
  std::array<const char*, 2> bodies;              // the attributes that hold the subgraphs that it runs; nullptr: none
  enum class Values { kAll, kNoTensors } values;  // kNoTensors: a node that reads a tensor first is a provider's
  bool keeps_inputs;                              // what it makes may share memory of what it reads
  Status (*check)(const Node&);                   // of the node's form, at the open; nullptr: the schema says it all
  Status (*run)(HostStep&);
};

/// The table.
std::span<const HostOperator> host_operators();
/// The operator of the table that the node is of; nullptr: a provider's.
const HostOperator* find_host_operator(const Node& node);
/// The subgraphs that the host runs for the node, as far as they are there, in the order of HostOperator::bodies.
std::vector<Graph*> host_bodies(const Node& node);
/// OK when the host can run the node. TN_INVALID_MODEL: not of the form that the operator asks for. TN_UNSUPPORTED: a
/// node with subgraphs of another operator, or values of a kind that this one does not take. Messages do not name it.
Status check_host_node(const Node& node);

}  // namespace tenon::host
