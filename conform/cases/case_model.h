// A case as a model of one node.
#pragma once

#include <memory>
#include <vector>

#include "conform/cases/case.h"
#include "host/graph/port.h"

namespace tenon::cases {

/// How much of a case the model says before it runs.
enum class Sight {
  kHidden,    // no ranks, nothing constant: only the kernel judges
  kSymbolic,  // ranks, and names for dimensions
  kShown      // all sizes: the host's rules judge too
};
const char* sight_name(Sight sight);

/// Inputs are "in0", "in1" ..., outputs "out0" ... Those inputs that the model does not show as constants go to
/// `given`. Throws std::runtime_error where the host refuses the graph.
std::unique_ptr<host::Model> model_of(const Case& c, Sight sight, std::vector<host::NamedTensor>* given);

}  // namespace tenon::cases
