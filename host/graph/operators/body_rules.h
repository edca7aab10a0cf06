// Types that cross between a node and the subgraphs that it has, for the rows of facts.inc. A node whose subgraphs are
// not as many as its operator has gets none. Stateless.
#pragma once

#include "host/graph/graph.h"
#include "host/graph/operators/rule_types.h"

namespace tenon::host::body_rules {

extern const BodyRule conditional, loop, scan, sequence_map;

}  // namespace tenon::host::body_rules
