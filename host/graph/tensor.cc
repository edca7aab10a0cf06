#include "host/graph/tensor.h"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include "host/storage/mapped_pages.h"
#include "host/storage/private_peak.h"

namespace tenon::host {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLargeBytes = size_t{4} << 20;  // holds a huge page wherever it lies

constexpr size_t kSmallBytes = 1024;               // lies in one block with its count of owners

// The characters of a string tensor and the tn_str array that points at them.
struct StringStorage {
  std::vector<std::string> strings;
  std::vector<tn_str> views;

  explicit StringStorage(std::vector<std::string> s) : strings(std::move(s)), views(strings.size()) {
    for (size_t i = 0; i < views.size(); ++i) views[i] = {strings[i].data(), strings[i].size()};
  }
};

}  // namespace

const char* residence_name(Residence residence) {
  switch (residence) {
    case Residence::kMapped: return "mapped in place";
    case Residence::kCopied: return "copied";
    case Residence::kComputed: return "computed";
    case Residence::kBorrowed: return "borrowed";
    case Residence::kRuntime: return "made by the run";
    case Residence::kPackFile: return "in the pack file";
    case Residence::kDropped: return "packed only";
  }
  return "unknown";
}

Tensor::Tensor(tn_dtype dtype, std::vector<int64_t> shape, const void* data, size_t byte_length,
               std::shared_ptr<const void> owner, Residence residence, std::string residence_reason)
    : dtype_(dtype),
      shape_(std::move(shape)),
      data_(data),
      byte_length_(byte_length),
      owner_(std::move(owner)),
      residence_(residence),
      residence_reason_(residence_reason.empty() ? nullptr
                                                 : std::make_shared<std::string>(std::move(residence_reason))) {}

const std::string& Tensor::residence_reason() const {
  static const std::string none;
  return residence_reason_ != nullptr ? *residence_reason_ : none;
}

Result<Tensor> Tensor::allocate(tn_dtype dtype, std::vector<int64_t> shape, Residence residence,
                                std::string residence_reason) {
  const auto bytes = checked_byte_length(dtype, shape).get();
  if (!bytes || dtype_bits(dtype) == 0)
    return error(TN_INVALID_ARGUMENT, "no tensor of type ", dtype_name(dtype), " and shape ", shape_text(shape),
                 ": a dimension is negative or the size does not fit in 64 bits");
  try {
    if (dtype == TN_STRING)
      return from_strings(std::move(shape), std::vector<std::string>(*bytes / sizeof(tn_str)), residence);
    if (*bytes <= kSmallBytes) {
      auto block = std::make_shared_for_overwrite<std::byte[]>(*bytes + kAlignment);
      void* memory = block.get();
      size_t space = *bytes + kAlignment;
      std::align(kAlignment, *bytes, memory, space);
      std::shared_ptr<const void> owner(std::move(block), memory);
      return Tensor(dtype, std::move(shape), memory, *bytes, std::move(owner), residence, std::move(residence_reason));
    }
    if (*bytes > SIZE_MAX - kAlignment) throw std::bad_alloc();
    void* memory = std::aligned_alloc(kAlignment, (*bytes + kAlignment) / kAlignment * kAlignment);
    if (memory == nullptr) throw std::bad_alloc();
    // Touching it page by page would take longer than copying a weight into it.
    if (*bytes >= kLargeBytes) (void)request_huge_pages({static_cast<const std::byte*>(memory), *bytes});
    std::shared_ptr<const void> owner(memory, [size = *bytes](void* block) {
      if (size >= kNotedBytes) note_private_peak();
      std::free(block);
    });
    return Tensor(dtype, std::move(shape), memory, *bytes, std::move(owner), residence, std::move(residence_reason));
  } catch (const std::exception&) {
    return error(TN_OUT_OF_MEMORY, "no memory for a tensor of ", *bytes, " bytes");
  }
}

Result<Tensor> Tensor::from_strings(std::vector<int64_t> shape, std::vector<std::string> strings, Residence residence) {
  const auto count = checked_element_count(shape).get();
  if (!count || *count != strings.size())
    return error(TN_INVALID_ARGUMENT, "shape ", shape_text(shape), " does not hold ", strings.size(), " strings");
  auto storage = std::make_shared<StringStorage>(std::move(strings));
  const void* data = storage->views.data();
  const size_t bytes = storage->views.size() * sizeof(tn_str);
  return Tensor(TN_STRING, std::move(shape), data, bytes, std::move(storage), residence);
}

int64_t Tensor::element_count() const {
  return static_cast<int64_t>(checked_element_count(shape_).get().value_or(0));
}

std::string_view Tensor::string_at(int64_t i) const {
  const tn_str& s = static_cast<const tn_str*>(data_)[i];
  return {s.data, s.size};
}

void Tensor::set_string(int64_t i, std::string_view value) {
  auto* storage = static_cast<StringStorage*>(const_cast<void*>(owner_.get()));
  const size_t index = static_cast<size_t>(i);
  storage->strings[index].assign(value);
  storage->views[index] = {storage->strings[index].data(), storage->strings[index].size()};
}

tn_tensor Tensor::abi_view(uint32_t flags) const {
  tn_tensor t{};
  t.struct_size = sizeof t;
  t.dtype = dtype_;
  t.rank = static_cast<uint32_t>(shape_.size());
  t.flags = flags;
  t.shape = shape_.data();
  t.data = const_cast<void*>(data_);
  t.byte_length = byte_length_;
  t.memory_kind = TN_MEMORY_HOST;
  return t;
}

Tensor Tensor::part(std::vector<int64_t> shape, size_t byte_offset, size_t byte_length) const {
  const auto* data = static_cast<const std::byte*>(data_);
  return Tensor(dtype_, std::move(shape), data + byte_offset, byte_length, owner_, residence_, residence_reason());
}

std::string describe(const Tensor& tensor) {
  return dtype_name(tensor.dtype()) + " " + shape_text(tensor.shape());
}

}  // namespace tenon::host
