// The shape arithmetic behind Broadcast and BinaryForm.
#include "broadcast.h"

#include <algorithm>
#include <tenon/sdk/geometry/broadcast.hpp>

namespace tenon::cpu_ref {

sdk::Result<Broadcast> Broadcast::create(sdk::Span<const sdk::ShapeView> shapes) {
  size_t rank = 0;
  for (const sdk::ShapeView& s : shapes) rank = std::max(rank, s.size());
  Broadcast b;
  b.shape_.assign(rank, 1);
  std::vector<sdk::Shape> stride_of(rank, sdk::Shape(shapes.size(), 0));
  for (size_t k = 0; k < shapes.size(); ++k) {
    int64_t stride = 1;
    for (size_t i = shapes[k].size(); i-- > 0;) {
      const size_t d = rank - shapes[k].size() + i;
      const int64_t extent = shapes[k][i];
      if (!sdk::broadcast_size(b.shape_[d], extent, &b.shape_[d])) {
        std::string all;
        for (const sdk::ShapeView& s : shapes) all += (all.empty() ? "" : ", ") + sdk::shape_text(s);
        return sdk::invalid_argument("shapes ", all, " do not broadcast: dimensions ", b.shape_[d], " and ", extent,
                                     " meet, expected equal ones or 1");
      }
      if (extent != 1) stride_of[d][k] = stride;
      stride *= extent;
    }
  }
  int64_t total = 1;
  for (int64_t extent : b.shape_) {
    if (__builtin_mul_overflow(total, extent, &total))
      return sdk::invalid_argument("shape ", sdk::shape_text(b.shape_), " has more elements than can be counted");
  }
  b.steps_.assign(shapes.size(), 0);
  bool row_begun = false;
  for (size_t d = rank; d-- > 0;) {
    if (b.shape_[d] == 0) b.rows_ = 0;
    if (b.shape_[d] == 1 || b.rows_ == 0) continue;
    const bool in_row = b.extents_.empty();
    const sdk::Shape& inner = in_row ? b.steps_ : b.strides_.back();
    const int64_t inner_extent = in_row ? b.row_length_ : b.extents_.back();
    bool merges = row_begun;
    for (size_t k = 0; k < shapes.size(); ++k) merges = merges && stride_of[d][k] == inner[k] * inner_extent;
    if (!row_begun) {
      b.steps_ = stride_of[d];
      b.row_length_ = b.shape_[d];
      row_begun = true;
    } else if (merges) {
      (in_row ? b.row_length_ : b.extents_.back()) *= b.shape_[d];
    } else {
      b.strides_.push_back(stride_of[d]);
      b.extents_.push_back(b.shape_[d]);
    }
  }
  for (int64_t extent : b.extents_) b.rows_ *= extent;
  return b;
}

sdk::Result<Broadcast> Broadcast::create_to(sdk::ShapeView target, sdk::Span<const sdk::ShapeView> shapes) {
  std::vector<sdk::ShapeView> all(shapes.begin(), shapes.end());
  all.push_back(target);
  TN_ASSIGN_OR_RETURN(Broadcast b, create(all));
  if (!std::equal(b.shape_.begin(), b.shape_.end(), target.begin(), target.end()))
    return sdk::invalid_argument("the inputs broadcast to ", sdk::shape_text(b.shape_), ", expected ",
                                 sdk::shape_text(target), ": only the other inputs may be stretched");
  return b;
}

sdk::Result<Broadcast> BinaryForm::resolve(sdk::ShapeView a, sdk::ShapeView b) const {
  sdk::Shape aligned(b.begin(), b.end());
  if (limited_ && !broadcast_ && !std::equal(a.begin(), a.end(), b.begin(), b.end()))
    return sdk::invalid_argument(
        "input A is ", sdk::shape_text(a), " and input B is ", sdk::shape_text(b),
        ", expected equal shapes: before opset 7 only the attribute broadcast=1 lets them differ");
  if (limited_ && broadcast_ && axis_ >= 0 && sdk::element_count(b) != 1) {
    if (static_cast<uint64_t>(axis_) + b.size() > a.size())
      return sdk::invalid_argument("input B (", sdk::shape_text(b), ") placed at axis ", axis_,
                                   " reaches past the end of input A (", sdk::shape_text(a), "): correct the axis");
    aligned.resize(a.size() - static_cast<size_t>(axis_), 1);
  }
  const sdk::ShapeView shapes[] = {a, aligned};
  if (limited_) return Broadcast::create_to(a, shapes);
  return Broadcast::create(shapes);
}

}  // namespace tenon::cpu_ref
