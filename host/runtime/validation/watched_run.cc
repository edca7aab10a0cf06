#include "host/runtime/validation/watched_run.h"

#include <cstring>

#include "host/base/dtype.h"
#include "host/runtime/validation/thread_state.h"

namespace tenon::host {
namespace {

Digest digest_of_tensor(const tn_tensor* tensor) {
  if (tensor == nullptr || tensor->data == nullptr) return {};
  return digest_of({static_cast<const std::byte*>(tensor->data), tensor->byte_length});
}

// A body that has its thread's floating-point mode looked at.
struct WatchedBody {
  RangeFunction body;
  void* arg;
  std::atomic<bool>* left_mode;

  static void run(void* self, uint32_t worker, int64_t begin, int64_t end) {
    const auto& watched = *static_cast<WatchedBody*>(self);
    const uint64_t mode = floating_point_mode();
    watched.body(watched.arg, worker, begin, end);
    if (floating_point_mode() == mode) return;
    set_floating_point_mode(mode);
    watched.left_mode->store(true);
  }
};

std::string text_of(const char* kind, uint32_t index, std::string_view name) {
  return name.empty() ? concat(kind, index) : concat(kind, index, " ('", name, "')");
}

}  // namespace

std::string input_text(const KernelRun& run, uint32_t index) {
  return text_of("input ", index, run.input_name(index));
}
std::string output_text(const KernelRun& run, uint32_t index) {
  return text_of("output ", index, run.output_name(index));
}

WatchedRun::WatchedRun(KernelRun& run, WatchedRunOptions options) : run_(run), options_(options) {
  for (uint32_t i = 0; i < run.input_count(); ++i) {
    const tn_tensor* input = run.input(i);
    inputs_.push_back(digest_of_tensor(input));
    InputCopy& copy = copies_.emplace_back();
    if (input == nullptr || input->data == nullptr || input->dtype == TN_STRING) continue;
    if ((input->flags & TN_TENSOR_CONSTANT) != 0 && i != options.shared_input) continue;
    auto memory = GuardedMemory::allocate(input->byte_length, options.fill, ~options.fill);
    if (!memory.is_ok()) continue;
    copy.memory = std::move(*memory);
    std::memcpy(copy.memory.data(), input->data, input->byte_length);
    copy.view = *input;
    copy.view.data = copy.memory.data();
  }
}

const tn_tensor* WatchedRun::input(uint32_t index) const {
  if (index < copies_.size() && copies_[index].view.data != nullptr) return &copies_[index].view;
  return run_.input(index);
}

Status WatchedRun::output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
  if (outputs_.contains(index)) return error(TN_INTERNAL, "the kernel asks for output ", index, " a second time");
  Output made{{dtype, {shape, shape + rank}, {}, {}}, {}};
  const uint64_t bytes = checked_byte_length(dtype, {shape, rank}).get().value_or(0);
  InputCopy* const shared = options_.shared_input && index == options_.shared_output && dtype != TN_STRING
                                ? &copies_[*options_.shared_input]
                                : nullptr;
  if (shared != nullptr && shared->view.data != nullptr && bytes == shared->view.byte_length) {
    made.memory = std::move(shared->memory);
    has_shared_ = true;
  } else {
    TENON_ASSIGN_OR_RETURN(made.memory, GuardedMemory::allocate(bytes, options_.fill));
  }
  Output& kept = outputs_[index] = std::move(made);
  *out = kept.hand_out(kept.memory.data(), bytes);
  return {};
}

Status WatchedRun::set_string(uint32_t index, int64_t element, std::string_view value) {
  const auto found = outputs_.find(index);
  const bool is_set = found != outputs_.end() && found->second.set_string(element, value);
  return is_set ? Status() : no_such_string(index, element);
}

void* WatchedRun::scratch(size_t bytes, size_t alignment) {
  const auto room = (CheckedSize(bytes) + alignment).get();
  if (!room) return nullptr;
  auto memory = GuardedMemory::allocate(alignment > 64 ? *room : bytes, options_.fill);
  if (!memory.is_ok()) return nullptr;
  scratch_.push_back(std::move(*memory));
  std::byte* begin = scratch_.back().data();
  if (alignment > 64) begin += (alignment - reinterpret_cast<uintptr_t>(begin) % alignment) % alignment;
  return begin;
}

void WatchedRun::parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) {
  WatchedBody watched{body, arg, &left_mode_};
  run_.parallel_for(count, item_cost_ns, grain, WatchedBody::run, &watched);
}

std::string WatchedRun::breach() const {
  for (uint32_t i = 0; i < inputs_.size(); ++i) {
    if (has_shared_ && i == options_.shared_input) continue;  // it is the output's by now
    if (digest_of_tensor(input(i)) != inputs_[i]) return "wrote to its " + input_text(run_, i);
    if (copies_[i].view.data == nullptr) continue;
    if (const std::string text = copies_[i].memory.trespass(); !text.empty())
      return concat("wrote around its ", input_text(run_, i), ", ", text);
  }
  for (const auto& [index, output] : outputs_)
    if (const std::string text = output.memory.trespass(); !text.empty())
      return concat("wrote around ", output_text(run_, index), ", ", text);
  for (size_t i = 0; i < scratch_.size(); ++i)
    if (const std::string text = scratch_[i].trespass(); !text.empty())
      return concat("wrote around its scratch memory number ", i, " of ", scratch_[i].bytes(), " bytes, ", text);
  if (left_mode_) return "left a thread of the host in another floating-point mode in a body of parallel_for";
  return {};
}

}  // namespace tenon::host
