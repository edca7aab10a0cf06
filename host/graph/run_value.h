// A value of a run or of an application: a tensor, or one of the kinds that the host alone knows: a sequence, an
// optional, a map. Copying one copies references, never bytes or lists. Safe to read from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/graph/graph.h"
#include "host/graph/tensor.h"

namespace tenon::host {

class RunValue {
 public:
  using Kind = ValueType::Kind;

  RunValue() = default;
  RunValue(const Tensor& tensor) : tensor_(tensor) {}
  RunValue(Tensor&& tensor) : tensor_(std::move(tensor)) {}

  /// Tensors of one element type, or maps of one type. `type`: of the elements; TN_UNDEFINED, without elements only:
  /// fits any. TN_INVALID_ARGUMENT names the element that is of another type.
  static Result<RunValue> sequence(const ElementType& type, std::vector<RunValue> elements);
  /// An optional that holds a tensor, a sequence or a map.
  static Result<RunValue> optional(RunValue element);
  /// An empty optional. `type`: of what it does not hold; of TN_UNDEFINED: fits any.
  static RunValue empty_optional(const ElementType& type);
  /// `keys`: int64 or strings; `values`: one for each. Both of rank 1.
  static Result<RunValue> map(Tensor keys, Tensor values);

  Kind kind() const { return other_ == nullptr ? Kind::kTensor : other_kind(); }
  bool is_tensor() const { return other_ == nullptr; }
  ElementType type() const;
  const Tensor& tensor() const { return tensor_; }
  Tensor& tensor() { return tensor_; }
  /// Of a sequence; of an optional what it holds, if anything. Valid while this value is.
  std::span<const RunValue> elements() const;
  /// Of a map.
  const Tensor& keys() const;
  const Tensor& values() const;

  /// Put a tensor or a map before element `at` of a sequence, or take that element away. Other values that have the
  /// list keep theirs. `at`: within the list, or its length for insert(). TN_INVALID_ARGUMENT: of another type.
  Status insert(size_t at, RunValue element);
  void erase(size_t at);
  /// Whatever is to live as long as the elements do.
  void attach(std::shared_ptr<const void> companion);

 private:
  struct Other;
  explicit RunValue(std::shared_ptr<Other> other);
  Kind other_kind() const;
  std::vector<RunValue>& own_elements();

  Tensor tensor_;
  std::shared_ptr<Other> other_;  // nullptr: a tensor
};

/// The value as it is; where an optional is declared that may hold it, one that does.
RunValue as_declared(RunValue value, const ElementType& declared);

/// "float 2x3", "sequence(float) of 2", "optional(float) of 0", "map(int64, float) of 10".
std::string describe(const RunValue& value);

}  // namespace tenon::host
