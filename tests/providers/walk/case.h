// One application of an operator, drawn from its schema: attributes, inputs, outputs.
#pragma once

#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/graph/schema.h"
#include "tests/providers/walk/draw.h"
#include "tests/providers/walk/shared_operators.h"

namespace tenon::walk {

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

/// A seed of its own for each case, so that one can be run again alone.
uint64_t seed_of(const host::OpSchema& schema, uint64_t seed, int64_t index);
/// Most draws are legal; some break one rule.
Case draw_case(const SharedOperator& op, Draw& draw);
/// In one line, with the values of small inputs.
std::string describe(const Case& c);

}  // namespace tenon::walk
