// How the parts of a case are drawn: the first input's shape, attributes by their names, other inputs by the operator.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "conform/cases/case.h"
#include "conform/cases/elements.h"
#include "conform/cases/shared_operators.h"

namespace tenon::cases {

/// How the shapes of an operator's inputs hang together. What no line names broadcasts.
enum class Family {
  kBroadcast,
  kWindow,    // N x C x spatial axes, and a weight where there is one
  kChannels,  // N x C x ...; other inputs have one number per channel
  kMatMul,
  kGemm,
  kNormalize,  // the other inputs have the shape of the dimensions from `axis` on
  kLastAxis,   // the other input has the size of the last dimension
  kQuantize,
  kGather,
  kAttention,
  kConcat,
  kScalars,  // the other inputs are scalars
  kSame,     // all inputs have one shape
  kSkip,     // the first two have; the others the size of the last dimension
  kCache,    // the second input has some of the rows that the first has along the axis, the third one number a batch
  kLane,     // the other input has the size of a dimension
  kTuples,   // the second input is tuples of indices, the third a slice for each
  kOneHot,
  kGrid,
  kWhole,  // see whole_cases.h
  kPlain   // the first input is any tensor; integer inputs by name
};
Family family_of(const host::OpSchema& schema);

/// Types of a schema's parameters in one case.
using TypeChoice = std::map<std::string_view, tn_dtype>;
TypeChoice draw_types(const SharedOperator& op, Draw& draw);
/// Most draws are legal; some break one rule.
Case draw_case(const host::OpSchema& schema, const TypeChoice& types, Draw& draw);
tn_dtype type_of(const host::FormalParameter& formal, const TypeChoice& types);

Shape draw_first_shape(const host::OpSchema& schema, Draw& draw);
/// The shapes of the inputs, as many as are given; the last goes on for those that follow.
std::vector<Shape> shapes_of(const Case& c, Family family, const Shape& x, Draw& draw);
/// A shape that broadcasts with x.
Shape broadcast_shape(const Shape& x, Draw& draw);
/// The attribute axis, from 0 on; 0 where it is none.
size_t axis_of(const Case& c, int64_t fallback, const Shape& x);
/// What the input of that name means, whose shape would be `shape`; nothing: any elements.
std::optional<host::Tensor> meaning_of(const Case& c, std::string_view name, tn_dtype dtype, const Shape& shape,
                                       const Shape& x, Draw& draw);
/// A value for an attribute; `x` is the first input's shape.
host::Attribute draw_attribute(const Case& c, const host::AttributeSchema& schema, const Shape& x, Draw& draw);
/// Fills `inputs` and `constant` from the attributes, which are there already.
void draw_inputs(Case* c, Family family, const TypeChoice& types, Shape x, Draw& draw);

/// Axes of [-rank, rank), each once where `distinct`; at times one that is none.
Shape draw_axes(int64_t count, int64_t rank, Draw& draw);

}  // namespace tenon::cases
