#include "host/formats/tensor_bytes.h"

#include <algorithm>
#include <cstring>

#include "host/base/checked.h"
#include "host/base/dtype.h"

namespace tenon::host {
namespace {

constexpr size_t kPiece = size_t{1} << 20;  // of a copy; worth a thread

Status check_dims(const std::vector<int64_t>& dims) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i] < 0)
      return error(TN_INVALID_MODEL, "dimension ", i, " is ", dims[i], ", expected 0 or more: export the model again");
  return {};
}

std::string dims_text(const std::vector<int64_t>& dims) {
  std::string text = "[";
  for (int64_t d : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(d);
  }
  text += ']';
  return text;
}

// Kernels read bools as the language does, so a byte must be 0 or 1.
bool has_odd_bools(std::span<const std::byte> bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return static_cast<uint8_t>(b) > 1; });
}

}  // namespace

Result<tn_dtype> read_element_type(int64_t number) {
  if (const tn_dtype dtype = dtype_from_number(number); dtype != TN_UNDEFINED) return dtype;
  if (number == TN_UNDEFINED) return error(TN_INVALID_MODEL, "its element type is missing or undefined (0)");
  return error(TN_UNSUPPORTED, "its element type is number ", number, ", expected one of 1 (float) to ",
               static_cast<int>(TN_FLOAT6E3M2), " (float6e3m2): export the model with a type among these");
}

Result<uint64_t> bytes_needed(tn_dtype dtype, const std::vector<int64_t>& dims) {
  TENON_RETURN_IF_ERROR(check_dims(dims));
  if (const auto bytes = checked_byte_length(dtype, dims).get()) return *bytes;
  return error(TN_INVALID_MODEL, "the product of its dims ", dims_text(dims), " of ", dtype_name(dtype),
               " does not fit in 64 bits: the file is damaged");
}

Status length_error(const std::string& field, uint64_t found, uint64_t expected, tn_dtype dtype,
                    const std::vector<int64_t>& dims) {
  return error(TN_INVALID_MODEL, field, " holds ", found, " bytes, expected ", expected, " for ", dtype_name(dtype),
               " ", dims_text(dims), ": the file is damaged, or its exporter wrote wrong dims");
}

void PendingCopies::add(std::byte* to, std::span<const std::byte> from, const FileMapping* mapping) {
  for (; !from.empty(); to += kPiece, from = from.subspan(std::min(kPiece, from.size())))
    pieces_.push_back({to, from.first(std::min(kPiece, from.size())), mapping});
}

void PendingCopies::finish(const Runner& run) {
  const auto copy = [this](size_t i) {
    const Piece& piece = pieces_[i];
    std::memcpy(piece.to, piece.from.data(), piece.from.size());
    if (piece.mapping != nullptr) piece.mapping->release_pages(piece.from);
  };
  if (run) {
    run(pieces_.size(), copy);
  } else {
    for (size_t i = 0; i < pieces_.size(); ++i) copy(i);
  }
  pieces_.clear();
}

Result<Tensor> place_tensor(const TensorBytes& source, tn_dtype dtype, std::vector<int64_t> dims, uint64_t expected,
                            PendingCopies* later) {
  if (source.bytes.size() != expected) return length_error(source.field, source.bytes.size(), expected, dtype, dims);
  const Residence in_place = source.mapping != nullptr ? Residence::kMapped : Residence::kBorrowed;
  if (expected == 0) return Tensor(dtype, std::move(dims), nullptr, 0, source.owner, in_place);
  const size_t alignment = dtype_alignment(dtype);
  const bool aligned = reinterpret_cast<uintptr_t>(source.bytes.data()) % alignment == 0;
  const bool odd_bools = dtype == TN_BOOL && has_odd_bools(source.bytes);
  if (aligned && !odd_bools)
    return Tensor(dtype, std::move(dims), source.bytes.data(), source.bytes.size(), source.owner, in_place);
  const std::string reason =
      concat(source.field, " at offset ", source.offset,
             odd_bools ? " holds bools other than 0 and 1" : concat(" is not aligned to ", alignment, " bytes"));
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(dims), Residence::kCopied, reason));
  if (later != nullptr && !odd_bools && expected >= kPiece) {
    later->add(static_cast<std::byte*>(tensor.mutable_data()), source.bytes, source.mapping);
    return tensor;
  }
  auto* target = static_cast<uint8_t*>(tensor.mutable_data());
  std::memcpy(target, source.bytes.data(), source.bytes.size());
  if (source.mapping != nullptr) source.mapping->release_pages(source.bytes);
  if (odd_bools) std::transform(target, target + expected, target, [](uint8_t b) { return b != 0 ? 1 : 0; });
  return tensor;
}

}  // namespace tenon::host
