// Broadcasting: which element of each input meets which element of the output. Immutable once created.
#pragma once

#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

/// Multidirectional (numpy) broadcasting of any number of shapes. Adjacent dimensions along which all inputs advance
/// evenly are visited as one, so that equal shapes are a single row.
///
/// An input with as many elements as the output meets it index by index, so output memory that is also the memory of
/// such an input (same element size) is safe: element i is read before element i is written.
class Broadcast {
 public:
  /// TN_INVALID_ARGUMENT when two dimensions differ and neither is 1.
  static sdk::Result<Broadcast> create(sdk::Span<const sdk::ShapeView> shapes);
  /// The same, and the result must be `target`: no input may widen it.
  static sdk::Result<Broadcast> create_to(sdk::ShapeView target, sdk::Span<const sdk::ShapeView> shapes);

  sdk::ShapeView shape() const { return shape_; }

  /// Calls body(begin, n, at, step) for runs of n output elements that start at `begin`; element i of a run meets
  /// element at[k] + i * step[k] of input k.
  template <typename Body>
  void for_each_row(Body&& body) const {
    if (rows_ == 0) return;
    sdk::Shape at(steps_.size(), 0);
    sdk::Shape index(extents_.size(), 0);
    for (int64_t row = 0; row < rows_; ++row) {
      body(row * row_length_, row_length_, at.data(), steps_.data());
      advance(index, at);
    }
  }

 private:
  void advance(sdk::Shape& index, sdk::Shape& at) const {
    for (size_t d = 0; d < extents_.size(); ++d) {
      for (size_t k = 0; k < at.size(); ++k) at[k] += strides_[d][k];
      if (++index[d] < extents_[d]) return;
      for (size_t k = 0; k < at.size(); ++k) at[k] -= strides_[d][k] * extents_[d];
      index[d] = 0;
    }
  }

  sdk::Shape shape_;
  int64_t rows_ = 1;
  int64_t row_length_ = 1;
  sdk::Shape steps_;                 // of each input within a row
  sdk::Shape extents_;               // of the dimensions around a row, innermost first
  std::vector<sdk::Shape> strides_;  // strides_[d][k]: of input k along extents_[d]
};

/// How a two-input operator combines its shapes: numpy's way since opset 7, by the attributes broadcast and axis
/// before.
class BinaryForm {
 public:
  explicit BinaryForm(const sdk::KernelInfo& info)
      : limited_(info.since_version() < 7),
        broadcast_(info.attr_int("broadcast") != 0),
        axis_(info.attr_int("axis", -1)) {}

  sdk::Result<Broadcast> resolve(sdk::ShapeView a, sdk::ShapeView b) const;

 private:
  bool limited_;
  bool broadcast_;
  int64_t axis_;
};

}  // namespace tenon::cpu_ref
