// The shapes behind index.h.
#include "ops/select/index.h"

#include <tenon/sdk/geometry/join.hpp>

namespace tenon::cpu_blas {

sdk::Result<ElementRows> ElementRows::create(const std::string& node, const sdk::TensorView& data,
                                             const sdk::TensorView& indices, int64_t given_axis) {
  if (indices.rank() != data.rank())
    return sdk::invalid_argument(node, ": input indices has rank ", indices.rank(), ", expected ", data.rank(),
                                 ", the rank of the data");
  TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(given_axis, data.rank()));
  const int64_t count = indices.count();
  for (int64_t a = 0; a < data.rank(); ++a)
    if (a != axis && indices.dim(a) > data.dim(a) && count > 0)
      return sdk::invalid_argument(node, ": input indices has size ", indices.dim(a), " along axis ", a,
                                   ", expected at most that of the data, ", data.dim(a));
  ElementRows r(&node, data, indices);
  r.size_ = data.dim(axis);
  r.columns_ = indices.dim(indices.rank() - 1);
  r.rows_ = count == 0 ? 0 : count / r.columns_;
  // A data tensor without elements has no position at all; its steps are never used.
  r.axis_step_ = extent(data.shape(), axis + 1, data.rank());
  r.axis_is_last_ = axis == data.rank() - 1;
  for (int64_t d = 0; d + 1 < data.rank(); ++d) {
    r.rows_shape_.push_back(indices.dim(d));
    r.steps_.push_back(d == axis ? 0 : extent(data.shape(), d + 1, data.rank()));
  }
  return r;
}

sdk::Result<Tuples> Tuples::create(const std::string& node, const sdk::TensorView& data, const sdk::TensorView& indices,
                                   int64_t batch) {
  const int64_t depth = indices.rank() > 0 ? indices.dim(indices.rank() - 1) : 0;
  TN_RETURN_IF_ERROR(sdk::picked_axes(data.shape().size(), indices.shape().size(), depth, batch).take_status());
  Tuples t(&node, data, indices);
  t.depth_ = depth;
  t.batch_ = batch;
  t.count_ = extent(indices.shape(), 0, indices.rank() - 1);
  for (int64_t a = 0; a < batch; ++a)
    if (indices.dim(a) != data.dim(a))
      return sdk::invalid_argument(node, ": input indices has size ", indices.dim(a), " along batch axis ", a,
                                   ", expected ", data.dim(a), " as the data");
  t.per_batch_ = batch > 0 ? extent(indices.shape(), batch, indices.rank() - 1) : 0;
  t.batch_step_ = extent(data.shape(), batch, data.rank());
  for (int64_t d = 0; d < depth; ++d) t.steps_.push_back(extent(data.shape(), batch + d + 1, data.rank()));
  t.slice_ = extent(data.shape(), batch + depth, data.rank());
  return t;
}

}  // namespace tenon::cpu_blas
