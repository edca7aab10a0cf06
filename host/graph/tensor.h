// A constant or run-time tensor of the host: typed, contiguous bytes with shared ownership of whatever holds them.
// Copying a Tensor copies a reference, never bytes. Immutable once shared; safe to read from any thread.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/dtype.h"
#include "host/base/status.h"

namespace tenon::host {

/// Where the bytes of a tensor are, for accounting and reports.
enum class Residence {
  kMapped,    // in place in a mapped file: shared, clean pages
  kCopied,    // private memory, copied from the file; `residence_reason` says why
  kComputed,  // private memory, made by constant folding or another pass
  kBorrowed,  // memory of the application
  kRuntime,   // made by a run
  kPackFile,  // in place in a pack file: shared, clean pages
  kDropped,   // nowhere: every kernel reads it packed; data() is nullptr and byte_length() 0
};

const char* residence_name(Residence residence);

class Tensor {
 public:
  Tensor() = default;
  /// A view of `data`, which `owner` keeps alive. byte_length must be what dtype and shape need.
  Tensor(tn_dtype dtype, std::vector<int64_t> shape, const void* data, size_t byte_length,
         std::shared_ptr<const void> owner, Residence residence, std::string residence_reason = {});

  /// Uninitialized (strings: empty) memory of its own, aligned to 64 bytes; TN_OUT_OF_MEMORY or TN_INVALID_ARGUMENT.
  static Result<Tensor> allocate(tn_dtype dtype, std::vector<int64_t> shape, Residence residence,
                                 std::string residence_reason = {});
  /// A string tensor that owns its strings.
  static Result<Tensor> from_strings(std::vector<int64_t> shape, std::vector<std::string> strings, Residence residence);

  tn_dtype dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t element_count() const;
  size_t byte_length() const { return byte_length_; }
  const void* data() const { return data_; }
  /// Only for tensors from allocate() that are not shared yet.
  void* mutable_data() { return const_cast<void*>(data_); }
  template <typename T>
  std::span<const T> span() const {
    return {static_cast<const T*>(data_), static_cast<size_t>(element_count())};
  }
  std::string_view string_at(int64_t i) const;
  /// Sets one element of a tensor from allocate(TN_STRING, ...). thread: any, for different elements.
  void set_string(int64_t i, std::string_view value);

  Residence residence() const { return residence_; }
  const std::string& residence_reason() const;
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The view that crosses the ABI; borrows from this Tensor, shape included.
  tn_tensor abi_view(uint32_t flags) const;
  /// A view of the elements that lie together from `byte_offset` on, under another shape: the same memory and owner.
  /// The part must lie within this tensor.
  Tensor part(std::vector<int64_t> shape, size_t byte_offset, size_t byte_length) const;

 private:
  tn_dtype dtype_ = TN_UNDEFINED;
  std::vector<int64_t> shape_;
  const void* data_ = nullptr;
  size_t byte_length_ = 0;
  std::shared_ptr<const void> owner_;
  Residence residence_ = Residence::kRuntime;
  std::shared_ptr<const std::string> residence_reason_;  // nullptr: "", as of most tensors, which runs copy
};

/// "float 2x3".
std::string describe(const Tensor& tensor);

}  // namespace tenon::host
