// Shapes of a group's values, by the SDK's rules; see op.h.
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/geometry/matmul.hpp>

#include "graph/op.h"

namespace onednn {
namespace {

using sdk::Shape;
using sdk::ShapeView;

sdk::Result<Shape> conv_shape(const Op& op, ShapeView x, ShapeView w) {
  if (x[1] != w[1] * op.groups || w[0] % op.groups != 0)
    return sdk::invalid_model("the input has ", x[1], " channels and the weight ", sdk::shape_text(w), ", expected ",
                              w[1] * op.groups, " channels for group ", op.groups);
  TN_ASSIGN_OR_RETURN(const auto axes, windows_of(op, x, w.subspan(2, w.size() - 2)));
  Shape shape{x[0], w[0]};
  for (const sdk::WindowAxis& axis : axes) shape.push_back(axis.out);
  return shape;
}

sdk::Result<Shape> pool_shape(const Op& op, ShapeView x) {
  Shape shape(x.begin(), x.begin() + 2);
  if (op.is_global) {
    shape.resize(x.size(), 1);
    return shape;
  }
  TN_ASSIGN_OR_RETURN(const auto axes, windows_of(op, x, op.window.kernel));
  for (const sdk::WindowAxis& axis : axes) shape.push_back(axis.out);
  return shape;
}

sdk::Result<Shape> product_shape(const Op& op, ShapeView a, ShapeView b) {
  TN_ASSIGN_OR_RETURN(const sdk::ProductDims dims,
                      sdk::product_dims(a, {op.transposes_a, false}, b, {op.transposes_b, false}));
  TN_ASSIGN_OR_RETURN(Shape shape, sdk::broadcast_shape(a.subspan(0, a.size() - 2), b.subspan(0, b.size() - 2)));
  shape.push_back(a[dims.a.rows]);
  shape.push_back(b[dims.b.columns]);
  return shape;
}

sdk::Result<Shape> flat_shape(const Op& op, ShapeView x) {
  TN_ASSIGN_OR_RETURN(const size_t axis, sdk::flatten_index(op.axis, x.size(), op.version));
  return Shape{sdk::element_count(x.subspan(0, axis)), sdk::element_count(x.subspan(axis, x.size() - axis))};
}

sdk::Result<Shape> shape_of(const Op& op, const Group& group) {
  const auto input = [&](size_t i) { return ShapeView(group.values[static_cast<size_t>(op.inputs[i])].shape); };
  switch (op.kind) {
    case Kind::kConv: return conv_shape(op, input(0), input(1));
    case Kind::kPool: return pool_shape(op, input(0));
    case Kind::kMatMul: return product_shape(op, input(0), input(1));
    case Kind::kBinary: return sdk::broadcast_shape(input(0), input(1));
    case Kind::kFlatten: return flat_shape(op, input(0));
    default: return Shape(input(0).begin(), input(0).end());
  }
}

/// A vector that has a number per `name`, as far as the operator has it.
sdk::Status check_vector(const Op& op, const Group& group, size_t input, int64_t count, const char* name) {
  if (input >= op.inputs.size() || op.inputs[input] == kNone) return {};
  const ShapeView shape = group.values[static_cast<size_t>(op.inputs[input])].shape;
  if (sdk::element_count(shape) == count) return {};
  return sdk::invalid_model("input ", input, " of ", op.name, " is ", sdk::shape_text(shape), ", expected ", count,
                            " numbers, one per ", name);
}

sdk::Status check_vectors(const Op& op, const Group& group) {
  const ShapeView y = group.values[static_cast<size_t>(op.output)].shape;
  if (op.kind == Kind::kConv) return check_vector(op, group, 2, y[1], "channel");
  if (op.kind == Kind::kMatMul) return check_vector(op, group, 2, y[y.size() - 1], "column");
  if (op.kind != Kind::kNormalize) return {};
  for (size_t i = 1; i <= 4; ++i) TN_RETURN_IF_ERROR(check_vector(op, group, i, y[1], "channel"));
  return {};
}

}  // namespace

sdk::Result<std::vector<sdk::WindowAxis>> windows_of(const Op& op, ShapeView x, ShapeView kernel) {
  const ShapeView spatial = x.subspan(2, x.size() - 2);
  if (!op.is_global) return op.window.resolve(spatial, kernel);
  std::vector<sdk::WindowAxis> axes(spatial.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i].in = axes[i].kernel = spatial[i];
  return axes;
}

sdk::Status infer_shapes(Group* group) {
  for (const Op& op : group->ops) {
    TN_ASSIGN_OR_RETURN(Shape shape, shape_of(op, *group));
    int64_t count = 1;
    for (const int64_t d : shape)
      if (__builtin_mul_overflow(count, std::max<int64_t>(d, 1), &count) || count > INT32_MAX)
        return sdk::unsupported("the result of ", op.name, " is ", sdk::shape_text(shape),
                                ", more elements than oneDNN counts");
    group->values[static_cast<size_t>(op.output)].shape = std::move(shape);
    TN_RETURN_IF_ERROR(check_vectors(op, *group));
  }
  return {};
}

}  // namespace onednn
