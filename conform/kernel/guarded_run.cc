#include "conform/kernel/guarded_run.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "conform/kernel/workers.h"
#include "host/base/dtype.h"

namespace tenon::conform {
namespace {

using host::concat;
using host::Status;

constexpr size_t kHostAlignment = 64;

// The alignment that a tensor of the application may have at worst.
size_t element_alignment(tn_dtype dtype) {
  switch (const int bits = host::dtype_bits(dtype)) {
    case 128: return 8;  // two doubles
    case 64: return dtype == TN_COMPLEX64 ? 4 : 8;
    default: return dtype == TN_STRING ? alignof(tn_str) : static_cast<size_t>(std::max(bits / 8, 1));
  }
}

}  // namespace

GuardedRun::GuardedRun(const Inputs& inputs, uint32_t output_count, RunSettings settings)
    : settings_(settings), output_count_(output_count) {
  const auto& tensors = inputs.tensors;
  lent_.resize(tensors.size());
  views_.resize(tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].dtype() != TN_UNDEFINED) lend(i, tensors[i], inputs.is_constant[i], inputs.is_packed_away[i]);
}

void GuardedRun::lend(uint32_t index, const host::Tensor& tensor, bool is_constant, bool is_packed_away) {
  const bool is_shared = settings_.shared_input == index && tensor.dtype() != TN_STRING;
  const std::string what = concat(is_constant ? "constant input " : "input ", index);
  GuardedRegion memory(tensor.byte_length(), is_shared ? kHostAlignment : element_alignment(tensor.dtype()),
                       settings_.place, what);
  if (tensor.dtype() == TN_STRING) {
    size_t total = 0;
    for (int64_t i = 0; i < tensor.element_count(); ++i) total += tensor.string_at(i).size();
    GuardedRegion texts(total, 1, settings_.place, "the strings of " + what);
    auto* views = reinterpret_cast<tn_str*>(memory.data());
    size_t at = 0;
    for (int64_t i = 0; i < tensor.element_count(); ++i) {
      const std::string_view text = tensor.string_at(i);
      if (!text.empty()) std::memcpy(texts.data() + at, text.data(), text.size());
      views[i] = {reinterpret_cast<const char*>(texts.data() + at), text.size()};
      at += text.size();
    }
    texts.make_read_only();
    lent_texts_.push_back(std::move(texts));
  } else if (tensor.byte_length() > 0) {
    std::memcpy(memory.data(), tensor.data(), tensor.byte_length());
  }
  tn_tensor view = tensor.abi_view(is_shared ? 0 : TN_TENSOR_READ_ONLY | (is_constant ? TN_TENSOR_CONSTANT : 0));
  view.data = memory.data();
  if (!is_shared) memory.make_read_only();
  if (is_packed_away) {
    memory.make_inaccessible();
    view.byte_length = 0;
  }
  lent_[index] = std::move(memory);
  views_[index] = view;
}

const tn_tensor* GuardedRun::input(uint32_t index) const {
  return views_[index] ? &*views_[index] : nullptr;
}

bool GuardedRun::fails(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (requests_++ != settings_.failing_request) return false;
  failed_request_ = what;
  return true;
}

Status GuardedRun::output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
  if (fails(concat("output ", index))) return host::error(TN_OUT_OF_MEMORY, "the kit has no memory for output ", index);
  const std::lock_guard lock(mutex_);
  if (outputs_.contains(index)) return host::error(TN_INTERNAL, "the kernel asks for output ", index, " a second time");
  const uint64_t bytes = host::checked_byte_length(dtype, {shape, rank}).get().value_or(0);
  constexpr uint64_t kMostBytes = uint64_t{1} << 30;
  if (bytes > kMostBytes) return host::error(TN_OUT_OF_MEMORY, "output ", index, " would take ", bytes, " bytes");
  Output made{{dtype, {shape, shape + rank}, {}, {}}, {}};
  const bool shares = settings_.shared_output == index && dtype != TN_STRING && views_[*settings_.shared_input] &&
                      views_[*settings_.shared_input]->byte_length == bytes && !has_shared_;
  if (shares) {
    made.memory = std::move(lent_[*settings_.shared_input]);
    has_shared_ = true;
  } else {
    made.memory = GuardedRegion(bytes, kHostAlignment, settings_.place, concat("output ", index));
    made.memory.fill(settings_.fill);
  }
  Output& kept = outputs_[index] = std::move(made);
  *out = kept.hand_out(kept.memory.data(), bytes);
  return {};
}

Status GuardedRun::set_string(uint32_t index, int64_t element, std::string_view value) {
  if (fails(concat("string ", element, " of output ", index)))
    return host::error(TN_OUT_OF_MEMORY, "the kit has no memory for a string");
  const auto found = outputs_.find(index);
  const bool is_set = found != outputs_.end() && found->second.set_string(element, value);
  return is_set ? Status() : host::no_such_string(index, element);
}

void* GuardedRun::scratch(size_t bytes, size_t alignment) {
  if (fails(concat(bytes, " bytes of scratch memory"))) return nullptr;
  constexpr size_t kMostBytes = size_t{1} << 30;
  if (bytes > kMostBytes) return nullptr;
  const std::lock_guard lock(mutex_);
  scratch_.emplace_back(bytes, alignment, settings_.place, concat("scratch memory ", scratch_.size()));
  scratch_.back().fill(settings_.fill);
  return scratch_.back().data();
}

void GuardedRun::parallel_for(int64_t count, double, int64_t grain, host::RangeFunction body, void* arg) {
  if (fails("parallel_for")) throw std::runtime_error("the kit has no threads for parallel_for");
  if (spread(count, grain, settings_.workers, body, arg)) has_left_mode_ = true;
}

std::optional<host::Tensor> GuardedRun::output_tensor(uint32_t index) const {
  const auto found = outputs_.find(index);
  if (found == outputs_.end()) return std::nullopt;
  const Output& made = found->second;
  auto tensor = made.dtype == TN_STRING
                    ? host::Tensor::from_strings(made.shape, made.strings, host::Residence::kComputed)
                    : host::Tensor::allocate(static_cast<tn_dtype>(made.dtype), made.shape, host::Residence::kComputed);
  if (!tensor.is_ok()) throw std::runtime_error(tensor.status().message());
  if (made.dtype != TN_STRING && tensor->byte_length() > 0)
    std::memcpy(tensor->mutable_data(), made.memory.data(), tensor->byte_length());
  return *std::move(tensor);
}

std::string GuardedRun::trespass() const {
  for (const auto& [index, made] : outputs_)
    if (const std::string what = made.memory.trespass(); !what.empty())
      return concat("wrote ", what, " of output ", index);
  for (size_t i = 0; i < scratch_.size(); ++i)
    if (const std::string what = scratch_[i].trespass(); !what.empty())
      return concat("wrote ", what, " of scratch memory ", i);
  return {};
}

}  // namespace tenon::conform
