// What the operators that pick and put by index share: indices read and checked, slices of few bytes copied. Pure.
#pragma once

#include "common.h"

namespace tenon::cpu_blas {

/// An int32 or int64 tensor of indices.
class Indices {
 public:
  explicit Indices(const sdk::TensorView& t) : wide_(t.dtype() == TN_INT64), data_(t.raw()) {}
  int64_t operator[](int64_t i) const {
    return wide_ ? static_cast<const int64_t*>(data_)[i] : static_cast<const int32_t*>(data_)[i];
  }
  bool is_wide() const { return wide_; }
  const void* raw() const { return data_; }

 private:
  bool wide_;
  const void* data_;
};

/// An index counted from the front; false where it is none of `size` elements.
inline bool normalize_index(int64_t size, int64_t* index) {
  if (*index < -size || *index >= size) return false;
  if (*index < 0) *index += size;
  return true;
}

inline sdk::Status out_of_range(const std::string& node, int64_t index, int64_t size, sdk::ShapeView data) {
  return sdk::invalid_argument(node, ": index ", index, " is out of range, expected one in [", -size, ", ", size - 1,
                               "], the data being ", sdk::shape_text(data));
}

/// memcpy without a call for one element.
inline void copy_slice(void* to, const void* from, size_t bytes) {
  switch (bytes) {
    case 1: std::memcpy(to, from, 1); return;
    case 2: std::memcpy(to, from, 2); return;
    case 4: std::memcpy(to, from, 4); return;
    case 8: std::memcpy(to, from, 8); return;
    case 16: std::memcpy(to, from, 16); return;
    default: std::memcpy(to, from, bytes);
  }
}

/// Rows of an index tensor that lies, but for `axis`, within the first elements of the data: GatherElements and
/// ScatterElements.
class ElementRows {
 public:
  static sdk::Result<ElementRows> create(const std::string& node, const sdk::TensorView& data,
                                         const sdk::TensorView& indices, int64_t given_axis);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  /// Calls put(i, position) for each of the indices of the rows [begin, end), in order: i counts the indices, position
  /// the data's elements.
  template <typename Put>
  sdk::Status each(int64_t begin, int64_t end, Put&& put) const {
    return indices_.is_wide() ? each_of<int64_t>(begin, end, put) : each_of<int32_t>(begin, end, put);
  }

 private:
  ElementRows(const std::string* node, const sdk::TensorView& data, const sdk::TensorView& indices)
      : node_(node), data_(data), indices_(indices) {}

  template <typename Index, typename Put>
  sdk::Status each_of(int64_t begin, int64_t end, Put& put) const {
    const int64_t column_step = axis_is_last_ ? 0 : 1, size = size_, axis_step = axis_step_;
    for (int64_t r = begin; r < end; ++r) {
      int64_t base = 0, rest = r;
      for (size_t d = rows_shape_.size(); d-- > 0; rest /= rows_shape_[d]) base += rest % rows_shape_[d] * steps_[d];
      const Index* row = static_cast<const Index*>(indices_.raw()) + r * columns_;
      for (int64_t c = 0, n = columns_; c < n; ++c) {
        const int64_t given = row[c], index = given < 0 ? given + size : given;
        if (index < 0 || index >= size) return out_of_range(*node_, given, size, data_.shape());
        put(r * n + c, base + c * column_step + index * axis_step);
      }
    }
    return {};
  }

  const std::string* node_;
  sdk::TensorView data_;
  Indices indices_;
  int64_t rows_ = 1, columns_ = 1, size_ = 0, axis_step_ = 1;
  bool axis_is_last_ = true;
  sdk::Shape rows_shape_, steps_;  // of the indices' dimensions but the last; 0 for the axis
};

/// Where tuples of indices, the last dimension of their tensor, point to: GatherND and ScatterND.
class Tuples {
 public:
  static sdk::Result<Tuples> create(const std::string& node, const sdk::TensorView& data,
                                    const sdk::TensorView& indices, int64_t batch);

  int64_t count() const { return count_; }
  int64_t depth() const { return depth_; }
  /// Elements of a slice: what lies behind the picked axes.
  int64_t slice() const { return slice_; }
  /// The first element of tuple t's slice.
  sdk::Result<int64_t> position(int64_t t) const {
    int64_t at = per_batch_ == 0 ? 0 : t / per_batch_ * batch_step_;
    for (int64_t d = 0; d < depth_; ++d) {
      int64_t index = indices_[t * depth_ + d];
      const int64_t size = data_.dim(batch_ + d);
      if (!normalize_index(size, &index)) return out_of_range(*node_, index, size, data_.shape());
      at += index * steps_[static_cast<size_t>(d)];
    }
    return at;
  }

 private:
  Tuples(const std::string* node, const sdk::TensorView& data, const sdk::TensorView& indices)
      : node_(node), data_(data), indices_(indices) {}

  const std::string* node_;
  sdk::TensorView data_;
  Indices indices_;
  int64_t count_ = 0, depth_ = 0, slice_ = 1, batch_ = 0, per_batch_ = 0, batch_step_ = 0;
  sdk::Shape steps_;
};

}  // namespace tenon::cpu_blas
