// Shape rules of reductions and normalizations.
#include <algorithm>
#include <tenon/sdk/geometry/reduce.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {

Status reduce(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const bool keep = c.attr("keepdims") != 0;
  bool given = false;
  const auto axes = c.axes(1, &given);
  if (!axes) {
    if (keep) c.set(0, Dims(x->size()));
    return {};
  }
  TENON_ASSIGN_OR_RETURN(const auto reduced,
                         from_sdk(c, sdk::reduced_axes(*axes, c.attr("noop_with_empty_axes") != 0, x->size())));
  c.set(0, sdk::reduced_shape(*x, reduced, keep, known_dim(1)));
  return {};
}

Status arg_reduce(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const auto reduced, from_sdk(c, sdk::picked_axis(c.attr("axis"), x->size())));
  c.set(0, sdk::reduced_shape(*x, reduced, c.attr("keepdims") != 0, known_dim(1)));
  return {};
}

Status batch_normalization(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const Dim channels = x->size() > 1 ? (*x)[1] : unknown_dim();
  // The first opsets could hold statistics per activation, of any size.
  const bool per_channel = c.version() >= 9 || c.attr("spatial") != 0;
  for (size_t i = 1; i < c.input_count() && per_channel; ++i) {
    TENON_RETURN_IF_ERROR(c.expect_rank(i, 1, "it has one number per channel"));
    const Dims* s = c.shape(i);
    if (s == nullptr) continue;
    if (!merge((*s)[0], channels))
      return c.fail("input ", c.input_name(i), " has ", (*s)[0].value, " elements, expected ", channels.value,
                    ", one per channel of ", describe(*x));
    for (size_t o = 1; o < c.output_count(); ++o) c.set(o, *s);
  }
  c.set(0, *x);
  return {};
}

Status layer_normalization(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const size_t axis, c.axis(c.attr("axis"), x->size()));
  const Dims normalized(x->begin() + static_cast<ptrdiff_t>(axis), x->end());
  for (size_t i = 1; i < c.input_count(); ++i) {
    const Dims* s = c.shape(i);
    if (s != nullptr && !broadcast(normalized, *s))
      return c.fail("input ", c.input_name(i), " has shape ", describe(*s), ", which does not broadcast to ",
                    describe(normalized), ", the dimensions from axis ", axis, " on");
  }
  Dims statistics = *x;
  std::fill(statistics.begin() + static_cast<ptrdiff_t>(axis), statistics.end(), known_dim(1));
  for (size_t i = 1; i < c.output_count(); ++i) c.set(i, statistics);
  c.set(0, *x);
  return {};
}

// Scores are N x C x D1..., labels N x D1...; the loss is one number, or one for each label.
Status loss(ShapeContext& c) {
  const Dims *scores = c.shape(0), *labels = c.shape(1);
  if (c.node().string_attribute("reduction") != "none") {
    c.set(0, {});
  } else if (labels != nullptr) {
    c.set(0, *labels);
  }
  if (scores != nullptr) c.set(1, *scores);
  return {};
}

}  // namespace tenon::host::shape_rules
