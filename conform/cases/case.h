// One application of an operator, drawn from its schema: attributes, inputs, outputs.
#pragma once

#include <string>
#include <vector>

#include "conform/cases/draw.h"
#include "host/graph/graph.h"
#include "host/graph/schema.h"

namespace tenon::cases {

struct Case {
  const host::OpSchema* schema = nullptr;
  std::vector<host::Attribute> attributes;
  std::vector<host::Tensor> inputs;  // without a type: left out
  std::vector<bool> constant;        // of each input: an initializer of the model where the model shows its shapes
  std::vector<bool> outputs;         // false: left out

  const host::Attribute* find(std::string_view name) const;
  int64_t number(std::string_view name, int64_t fallback) const;
  Shape numbers(std::string_view name) const;
};

/// In one line, with the values of small inputs.
std::string describe(const Case& c);

}  // namespace tenon::cases
