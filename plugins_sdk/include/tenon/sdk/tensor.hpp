// A typed look at a tn_tensor. Borrows: the tensor must outlive the view.
#pragma once

#include <tenon/sdk/dtype.hpp>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Number of elements of a shape; 1 for a scalar. The shape must be known (no -1).
inline int64_t element_count(ShapeView shape) {
  int64_t count = 1;
  for (int64_t d : shape) count *= d;
  return count;
}

/// "2x3x4", "scalar" for rank 0, "?" for unknown dimensions.
inline std::string shape_text(ShapeView shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t d : shape) text += (text.empty() ? "" : "x") + (d < 0 ? std::string("?") : std::to_string(d));
  return text;
}

class TensorView {
 public:
  TensorView() = default;
  explicit TensorView(const tn_tensor& t) : t_(t) {}

  tn_dtype dtype() const { return static_cast<tn_dtype>(t_.dtype); }
  ShapeView shape() const { return ShapeView(t_.shape, t_.rank); }
  int64_t rank() const { return t_.rank; }
  int64_t dim(int64_t i) const { return t_.shape[i]; }
  int64_t count() const { return element_count(shape()); }
  size_t byte_length() const { return t_.byte_length; }
  bool is_constant() const { return (t_.flags & TN_TENSOR_CONSTANT) != 0; }
  /// While a session opens: false when nothing is known of the shape.
  bool has_rank() const { return (t_.flags & TN_TENSOR_RANK_UNKNOWN) == 0; }
  const void* raw() const { return t_.data; }

  /// The elements; T must be the C++ type of dtype().
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(t_.data);
  }
  template <typename T>
  Span<const T> span() const {
    return Span<const T>(data<T>(), static_cast<size_t>(count()));
  }
  const tn_tensor& c() const { return t_; }

 protected:
  tn_tensor t_{};
};

/// An output: memory of the host that the kernel fills.
class MutableTensorView : public TensorView {
 public:
  using TensorView::TensorView;
  void* raw() const { return t_.data; }
  template <typename T>
  T* data() const {
    return static_cast<T*>(t_.data);
  }
  template <typename T>
  Span<T> span() const {
    return Span<T>(data<T>(), static_cast<size_t>(count()));
  }
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
