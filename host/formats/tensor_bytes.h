// What every importer does with the bytes of a tensor: checks their length and takes them in place, or copies them and
// says why. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/tensor.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// The bytes of one tensor and what to say of them.
struct TensorBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  const FileMapping* mapping = nullptr;  // that holds them; nullptr for memory of the application
  std::string field;                     // "raw_data"
  uint64_t offset = 0;                   // in its file
};

/// An element type of a file as the kernel ABI's; TN_INVALID_MODEL for 0, TN_UNSUPPORTED for what is unknown here.
Result<tn_dtype> read_element_type(int64_t number);
/// The length that type and dims ask for; TN_INVALID_MODEL for a negative dimension or an overflow.
Result<uint64_t> bytes_needed(tn_dtype dtype, const std::vector<int64_t>& dims);
/// TN_INVALID_MODEL: `field` holds `found` bytes rather than `expected`.
Status length_error(const std::string& field, uint64_t found, uint64_t expected, tn_dtype dtype,
                    const std::vector<int64_t>& dims);

/// Copies that tensors wait for, in pieces. Their memory is there already.
class PendingCopies {
 public:
  /// Runs task(i) of each i < count, on several threads if it likes.
  using Runner = std::function<void(size_t count, const std::function<void(size_t)>& task)>;

  /// `mapping`, if any, gives back the pages of `from` afterwards.
  void add(std::byte* to, std::span<const std::byte> from, const FileMapping* mapping);
  /// No tensor may be read before. `run`: empty for one after the other on this thread.
  void finish(const Runner& run);

 private:
  struct Piece {
    std::byte* to;
    std::span<const std::byte> from;
    const FileMapping* mapping;
  };
  std::vector<Piece> pieces_;
};

/// A view of the bytes, or a copy where they are misaligned or hold bools that are no bools. TN_INVALID_MODEL when
/// there are not `expected` of them. Large copies are left to `later`.
Result<Tensor> place_tensor(const TensorBytes& source, tn_dtype dtype, std::vector<int64_t> dims, uint64_t expected,
                            PendingCopies* later = nullptr);

}  // namespace tenon::host
