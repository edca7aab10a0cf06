// A tensor that a kernel keeps a copy of, for attributes, whose tensors live only as long as the factory runs.
#pragma once

#include <tenon/sdk/tensor.hpp>

namespace tenon::cpu_ref {

class HeldTensor {
 public:
  HeldTensor(tn_dtype dtype, sdk::Shape shape, const void* data, size_t byte_length)
      : dtype_(dtype),
        shape_(std::move(shape)),
        bytes_(static_cast<const char*>(data), static_cast<const char*>(data) + byte_length) {}
  explicit HeldTensor(std::vector<std::string> strings, sdk::Shape shape)
      : dtype_(TN_STRING), shape_(std::move(shape)), strings_(std::move(strings)) {
    for (const std::string& s : strings_) refs_.push_back(sdk::to_tn_str(s));
  }
  HeldTensor(const HeldTensor&) = delete;
  HeldTensor& operator=(const HeldTensor&) = delete;

  static std::unique_ptr<HeldTensor> copy_of(const sdk::TensorView& t) {
    sdk::Shape shape(t.shape().begin(), t.shape().end());
    if (t.dtype() != TN_STRING)
      return std::make_unique<HeldTensor>(t.dtype(), std::move(shape), t.raw(), t.raw() ? t.byte_length() : 0);
    std::vector<std::string> strings;
    for (const tn_str& s : t.span<tn_str>()) strings.emplace_back(sdk::view(s));
    return std::make_unique<HeldTensor>(std::move(strings), std::move(shape));
  }

  /// One element whose bits are all 0, or one empty string.
  static std::unique_ptr<HeldTensor> zero(tn_dtype dtype) {
    const char zeros[16] = {};
    if (dtype == TN_STRING) return std::make_unique<HeldTensor>(std::vector<std::string>(1), sdk::Shape{});
    const size_t bytes = static_cast<size_t>(sdk::bits_per_element(dtype) + 7) / 8;
    return std::make_unique<HeldTensor>(dtype, sdk::Shape{}, zeros, bytes);
  }

  /// Borrows from this.
  sdk::TensorView view() const {
    tn_tensor t{};
    t.struct_size = sizeof t;
    t.dtype = dtype_;
    t.rank = static_cast<uint32_t>(shape_.size());
    t.flags = TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT;
    t.shape = shape_.data();
    const void* data = dtype_ == TN_STRING ? static_cast<const void*>(refs_.data()) : bytes_.data();
    t.data = const_cast<void*>(data);
    t.byte_length = dtype_ == TN_STRING ? refs_.size() * sizeof(tn_str) : bytes_.size();
    return sdk::TensorView(t);
  }

 private:
  tn_dtype dtype_;
  sdk::Shape shape_;
  std::vector<char> bytes_;  // a vector's memory is aligned for every element type
  std::vector<std::string> strings_;
  std::vector<tn_str> refs_;
};

}  // namespace tenon::cpu_ref
