// Keys of one element type, with their places in a list of them. Looks keys up by value: -0 is 0, and a NaN any NaN.
#pragma once

#include <string>
#include <tenon/sdk/tensor.hpp>
#include <unordered_map>

namespace tenon::cpu_ref {

class LabelMap {
 public:
  /// Of equal keys the first counts. TN_INVALID_MODEL: of a type that is none of numbers and strings.
  static sdk::Result<LabelMap> create(const sdk::TensorView& keys);
  /// Of equal keys the last counts.
  static LabelMap create(const std::vector<std::string>& keys);
  static LabelMap create(const std::vector<int64_t>& keys);

  size_t size() const { return size_; }
  /// The place of element i of a tensor, -1 where it is none of the keys. A floating-point element counts as integer
  /// where the keys are integers.
  int64_t find(const sdk::TensorView& t, int64_t i) const;

 private:
  bool is_text_ = false, is_float_ = false;
  size_t size_ = 0;
  std::unordered_map<std::string, int64_t> texts_;
  std::unordered_map<int64_t, int64_t> numbers_;  // of floating point by their bits as double
};

}  // namespace tenon::cpu_ref
