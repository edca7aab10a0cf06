// What the rows of the table of host operators are made of: a check of the node, and a run of its step. Errors of a run
// name the iteration and the inner node, where there are such, but not the step.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

class HostStep;

Status check_if(const Node& node);
Status run_if(HostStep& step);
Status check_loop(const Node& node);
Status run_loop(HostStep& step);
Status check_scan(const Node& node);
Status run_scan(HostStep& step);

}  // namespace tenon::host
