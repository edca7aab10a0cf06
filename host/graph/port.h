// The inputs and outputs of a model, as its users see them.
#pragma once

#include <string>

#include "host/graph/graph.h"
#include "host/graph/run_value.h"
#include "host/graph/tensor.h"

namespace tenon::host {

/// An input or output of the model as declared.
struct Port {
  std::string name;
  ValueType type;
  bool has_default = false;  // an input that a run may leave out: the model's initializer of that name is taken
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct NamedValue {
  std::string name;
  RunValue value;
};

}  // namespace tenon::host
