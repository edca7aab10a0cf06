// What the host knows of an operator beyond its schema: one row of facts.inc for each operator that there is something
// to say of. Everything in the host that treats some operators in another way asks here, by node_traits.h where it is a
// pass. Constant tables, bound to the schemas when Tenon is compiled: finding a node's facts takes constant time.
// Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "host/graph/operators/rule_types.h"

namespace tenon::host {

struct OpSchema;

enum OperatorTrait : uint32_t {
  kNoTraits = 0,
  // Two runs on the same inputs may differ.
  kRandom = 1u << 0,
  // The same where the third input, the mode, is given.
  kRandomInTraining = 1u << 1,
  // Each element of the output is made of the elements at its place, of inputs broadcast as NumPy does (from opset 7
  // on).
  kElementwise = 1u << 2,
  // Its first two inputs may change places: the answer is the same, but for the sign of a zero of Max and Min.
  kCommutative = 1u << 3,
  // Its one attribute is its value.
  kConstant = 1u << 4,
  // Tells dimensions of its input, whatever the elements are ...
  kTellsShape = 1u << 5,
  // ... or how many elements these are.
  kTellsCount = 1u << 6,
  // The result's size depends on values, but is no more than a few numbers for each element of the inputs.
  kBoundedByInputs = 1u << 7,
  // Gives elements of the model's own bytes another type, often a wider one.
  kWidens = 1u << 8,
  // Optimizers write it into models of opsets below the one that brought it, in the meaning of its first form.
  kWrittenEarly = 1u << 9,
  // The standard has withdrawn a form, and models that hold it are about: it is taken by its own meaning.
  kWrittenThoughWithdrawn = 1u << 10,
  // Has a form with the channels last, see layout.h.
  kHasChannels = 1u << 11,
  // Of a table that is constant it reads the rows that it is asked for, in most runs few.
  kLooksUp = 1u << 13,
};
constexpr OperatorTrait operator|(OperatorTrait a, OperatorTrait b) {
  return static_cast<OperatorTrait>(uint32_t{a} | uint32_t{b});
}

struct OperatorFacts {
  ShapeRule shape = nullptr;         // null: kernels say it in each run
  const ViewRule* view = nullptr;    // null: it computes something; only with a shape rule
  TypeRule type = nullptr;           // null: unknown
  SourceRule source = nullptr;       // null: unknown
  const BodyRule* bodies = nullptr;  // null: it has none
  OperatorTrait traits = kNoTraits;

  bool has(OperatorTrait trait) const { return (traits & trait) != 0; }
};

/// What is said of an operator, for people: "shape", "view", "random" ...
std::vector<std::string_view> fact_names(const OperatorFacts& facts);

/// Of the schema's operator, whatever its form.
const OperatorFacts& facts_of(const OpSchema& schema);
/// Of the node's operator; none for a node without a schema.
const OperatorFacts& facts_of(const Node& node);

}  // namespace tenon::host
