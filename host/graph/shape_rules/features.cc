// Shape rules of ai.onnx.ml: rows of features, C or N x C.
#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

/// N of rows, or 1 for a single one; nothing: X has another rank, or none is known.
std::optional<Dim> row_count(const ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr || x->empty() || x->size() > 2) return std::nullopt;
  return x->size() == 1 ? known_dim(1) : (*x)[0];
}

size_t length_of(const ShapeContext& c, std::string_view list) {
  const Attribute* attribute = c.node().find_attribute(list);
  if (attribute == nullptr) return 0;
  const auto size = [](const auto& payload) -> size_t {
    if constexpr (requires { payload.begin(); }) return payload.size();
    return 0;
  };
  return std::visit(size, attribute->payload);
}

Status rows_of_targets(ShapeContext& c, int64_t targets) {
  if (const auto rows = row_count(c); rows && targets > 0) c.set(0, {*rows, known_dim(targets)});
  return {};
}

/// A label for each row, and scores of classes.
Status labels_and_scores(ShapeContext& c, Dim scores) {
  const auto rows = row_count(c);
  if (!rows) return {};
  c.set(0, {*rows});
  c.set(1, {*rows, std::move(scores)});
  return {};
}

}  // namespace

Status tree_classes(ShapeContext& c) {
  const size_t strings = length_of(c, "classlabels_strings"), ints = length_of(c, "classlabels_int64s");
  return labels_and_scores(c, known_dim(static_cast<int64_t>(strings > 0 ? strings : ints)));
}

Status tree_targets(ShapeContext& c) {
  return rows_of_targets(c, c.attr("n_targets"));
}

Status linear_targets(ShapeContext& c) {
  return rows_of_targets(c, c.attr("targets"));
}

Status one_target(ShapeContext& c) {
  return rows_of_targets(c, 1);
}

Status classes(ShapeContext& c) {
  return labels_and_scores(c, unknown_dim());
}

Status one_hot_categories(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const size_t strings = length_of(c, "cats_strings"), ints = length_of(c, "cats_int64s");
  Dims y = *x;
  y.push_back(known_dim(static_cast<int64_t>(strings > 0 ? strings : ints)));
  c.set(0, std::move(y));
  return {};
}

Status extracted_features(ShapeContext& c) {
  const Dims *x = c.shape(0), *y = c.shape(1);
  if (x == nullptr || y == nullptr || x->empty()) return {};
  const auto count = product(y->data(), y->data() + y->size());
  Dims z = x->size() == 1 ? Dims{known_dim(1)} : Dims(x->begin(), x->end() - 1);
  z.push_back(count ? *count : unknown_dim());
  c.set(0, std::move(z));
  return {};
}

Status joined_features(ShapeContext& c) {
  const auto widths = c.ints_attr("inputdimensions");
  const Dims* x = c.shape(0);
  if (x == nullptr || x->empty() || !widths) return {};
  WideInt sum = 0;
  for (const int64_t width : *widths) sum += width;
  TENON_ASSIGN_OR_RETURN(Dim width, c.computed(sum, "the sum of inputdimensions"));
  c.set(0, {x->size() == 1 ? known_dim(1) : (*x)[0], std::move(width)});
  return {};
}

}  // namespace tenon::host::shape_rules
