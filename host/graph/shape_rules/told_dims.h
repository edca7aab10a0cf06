// The numbers of a small integer tensor by where they come from: exporters write shapes as Concat of numbers and of
// what Gather and Slice take of a Shape. Thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "host/graph/graph.h"
#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host {

/// A number, -1 and 0 included, or the size of a dimension. Neither: unknown.
struct ToldDim {
  std::optional<int64_t> number;
  Dim dim;                    // where `number` is not there: one that is only known by its name, or not at all
  const Value* of = nullptr;  // the value whose dimension it is, where it was taken of a Shape
  size_t axis = 0;
};

std::vector<ToldDim> told_numbers(const std::vector<int64_t>& numbers);

/// What the elements of a value of integers with at most one dimension are, as far as constants and the proven shapes
/// of other values tell. Nothing when not even their count is known. Looks through few nodes.
std::optional<std::vector<ToldDim>> told_dims(const Value& value);
/// The values of an input of a rule's node, where they may be computed; in a run as ShapeContext::ints().
std::optional<std::vector<ToldDim>> told(const ShapeContext& c, size_t input);

}  // namespace tenon::host
