#include "host/isolation/worker/served_run.h"

#include <algorithm>
#include <cstring>

#include "host/base/checked.h"
#include "host/base/dtype.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

// The host answers at once; one that does not has died, which ends this process.
constexpr std::chrono::microseconds kAwake{50};
constexpr std::chrono::milliseconds kLook{1000};

}  // namespace

Status ServedRun::begin() {
  inputs_.resize(job_.input_count);
  for (size_t i = 0; i < inputs_.size(); ++i) TENON_RETURN_IF_ERROR(find(tensors_of(job_)[i], inputs_[i]));
  return {};
}

Status ServedRun::find(const LaneTensor& given, Input& input) {
  input.is_given = given.is_given != 0;
  if (!input.is_given) return {};
  input.shape.assign(given.shape, given.shape + given.rank);
  tn_tensor& view = input.view;
  view.struct_size = sizeof view;
  view.dtype = given.dtype;
  view.rank = given.rank;
  view.flags = given.flags;
  view.shape = input.shape.data();
  const auto count = checked_element_count(input.shape).get();
  if (!count) return error(TN_INTERNAL, "an input of more elements than there can be");
  if (given.dtype == TN_STRING) return find_strings(given, *count, input);
  view.byte_length = given.bytes;
  // Where an output may be given the same memory, the addresses have to be the same, too.
  const std::byte* const data = given.is_writable != 0 && given.segment == kHeapSegment
                                    ? segments_.writable(given.offset, given.bytes)
                                    : segments_.read_only(given.segment, given.offset, given.bytes);
  if (data == nullptr) return error(TN_INTERNAL, "an input of ", given.bytes, " bytes that lies nowhere");
  view.data = const_cast<std::byte*>(data);
  return {};
}

Status ServedRun::find_strings(const LaneTensor& given, uint64_t count, Input& input) {
  const std::byte* const first = segments_.read_only(given.segment, given.offset, given.bytes);
  if (first == nullptr) return error(TN_INTERNAL, "strings that lie nowhere");
  for (uint64_t at = 0; input.strings.size() < count;) {
    uint64_t size = 0;
    if (given.bytes - at < sizeof size) return error(TN_INTERNAL, "fewer strings than elements");
    std::memcpy(&size, first + at, sizeof size);
    at += sizeof size;
    if (given.bytes - at < size) return error(TN_INTERNAL, "a string that is longer than what holds it");
    input.strings.push_back({reinterpret_cast<const char*>(first + at), size});
    at += size;
  }
  input.view.data = input.strings.data();
  input.view.byte_length = count * sizeof(tn_str);
  return {};
}

const tn_tensor* ServedRun::input(uint32_t index) const {
  return index < inputs_.size() && inputs_[index].is_given ? &inputs_[index].view : nullptr;
}

bool ServedRun::output_wanted(uint32_t index) const {
  return index < job_.output_count && output_of(index).is_given != 0;
}

Status ServedRun::ask(LaneAsk what) {
  lane_.ask = what;
  pass_turn(lane_, LaneSide::kHost);
  while (!wait_for_turn(lane_, LaneSide::kWorker, kAwake, kLook)) {
  }
  if (lane_.code == TN_OK) return {};
  return Status(static_cast<tn_code>(lane_.code), std::string(lane_.text, lane_.text_bytes));
}

Status ServedRun::ask_output(uint32_t index, uint32_t dtype, std::span<const int64_t> shape, void** data,
                             uint64_t* bytes) {
  LaneTensor& asked = lane_.tensor;
  lane_.index = index;
  asked.dtype = dtype;
  asked.rank = static_cast<uint32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), asked.shape);
  TENON_RETURN_IF_ERROR(ask(LaneAsk::kOutput));
  *data = segments_.writable(asked.offset, asked.bytes);
  *bytes = asked.bytes;
  return {};
}

// As the host would judge it, were it asked.
Status ServedRun::foreseen_output(uint32_t index, uint32_t dtype, std::span<const int64_t> shape, void** data,
                                  uint64_t* bytes) {
  if (index >= job_.output_count)
    return error(TN_INTERNAL, "the kernel asks for output ", index, ", but the node has ", job_.output_count);
  if (outputs_.contains(index)) return error(TN_INTERNAL, "the kernel asks for output ", index, " a second time");
  const auto size = dtype_bits(dtype) == 0 ? std::nullopt : checked_byte_length(dtype, shape).get();
  if (!size)
    return error(TN_INTERNAL, "the kernel asks for output ", index, " of type ", dtype_name(dtype), " and shape ",
                 shape_text(shape), ": the type is unknown, a dimension negative, or the size beyond 64 bits");
  const LaneTensor& known = output_of(index);
  *bytes = *size;
  if (known.is_given == 0) {
    *data = scratch_.take(*size, 64, UINT64_MAX);
    return *data != nullptr ? Status() : Status::out_of_memory();
  }
  const std::span<const int64_t> expected(known.shape, known.rank);
  if (dtype != known.dtype || !std::equal(shape.begin(), shape.end(), expected.begin(), expected.end()))
    return error(TN_INTERNAL, "the kernel makes output ", index, " of ", dtype_name(dtype), " ", shape_text(shape),
                 ", but its inputs and attributes give ", dtype_name(known.dtype), " ", shape_text(expected),
                 ": a bug in the provider, or in Tenon's shape rule");
  *data = segments_.writable(known.offset, known.bytes);
  return {};
}

Status ServedRun::output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
  if (rank > std::size(lane_.tensor.shape) || (rank > 0 && shape == nullptr))
    return error(TN_INTERNAL, "the kernel asks for output ", index, " of rank ", rank, ", expected a shape of at most ",
                 std::size(lane_.tensor.shape), " dimensions");
  void* data = nullptr;
  uint64_t bytes = 0;
  TENON_RETURN_IF_ERROR(job_.is_foreseen != 0 ? foreseen_output(index, dtype, {shape, rank}, &data, &bytes)
                                              : ask_output(index, dtype, {shape, rank}, &data, &bytes));
  Output& output = outputs_[index];
  output.shape.assign(shape, shape + rank);
  const uint32_t size = out->struct_size;
  *out = {};
  out->struct_size = size;
  out->dtype = dtype;
  out->rank = rank;
  out->shape = output.shape.data();
  out->byte_length = bytes;
  if (dtype == TN_STRING) {
    output.elements = *checked_element_count(output.shape).get();
    output.strings.assign(output.elements, tn_str{"", 0});
    out->data = output.strings.data();
    return {};
  }
  out->data = data;
  return out->data != nullptr ? Status() : error(TN_INTERNAL, "output ", index, " lies nowhere");
}

Status ServedRun::set_string(uint32_t index, int64_t element, std::string_view value) {
  const std::lock_guard lock(strings_mutex_);
  const auto found = outputs_.find(index);
  if (found == outputs_.end() || found->second.strings.empty())
    return error(TN_INTERNAL, "the kernel sets a string of output ", index, ", which is no string output it asked for");
  if (element < 0 || static_cast<uint64_t>(element) >= found->second.elements)
    return error(TN_INTERNAL, "the kernel sets string ", element, " of output ", index, ", which has ",
                 found->second.elements);
  found->second.given[element] = value;
  return {};
}

// As many as the lane holds at a time; one that does not fit goes on in the next.
Status ServedRun::send_strings(uint32_t index, const Output& output) {
  uint64_t used = 0;
  const auto send = [&](bool is_cut) {
    lane_.index = index;
    lane_.count = is_cut ? 1 : 0;
    lane_.text_bytes = used;
    used = 0;
    return ask(LaneAsk::kStrings);
  };
  for (const auto& [element, text] : output.given) {
    for (size_t at = 0;;) {
      if (kLaneTextBytes - used <= sizeof(LaneString)) TENON_RETURN_IF_ERROR(send(false));
      const uint64_t bytes = std::min<uint64_t>(text.size() - at, kLaneTextBytes - used - sizeof(LaneString));
      const LaneString head{element, bytes};
      std::memcpy(lane_.text + used, &head, sizeof head);
      std::memcpy(lane_.text + used + sizeof head, text.data() + at, bytes);
      used += sizeof head + bytes;
      at += bytes;
      if (at == text.size()) break;
      TENON_RETURN_IF_ERROR(send(true));
    }
  }
  return used > 0 ? send(false) : Status();
}

Status ServedRun::finish() {
  for (uint32_t i = 0; i < job_.output_count; ++i)
    if (job_.is_foreseen != 0 && output_wanted(i) && !outputs_.contains(i))
      return error(TN_INTERNAL, "the kernel returned without asking for output ", i, ": a bug in the provider");
  for (const auto& [index, output] : outputs_)
    if (!output.given.empty()) TENON_RETURN_IF_ERROR(send_strings(index, output));
  return send_counters();
}

Status ServedRun::send_counters() {
  for (const tn_counter counter : {TN_COUNT_FLOPS, TN_COUNT_BYTES}) {
    const auto amount = counters_.take(counter);
    if (!amount) continue;
    lane_.index = counter;
    lane_.count = *amount;
    TENON_RETURN_IF_ERROR(ask(LaneAsk::kCount));
  }
  return {};
}

void ServedRun::parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) {
  ThreadPool::process().parallel_for(count, item_cost_ns, job_.max_workers, body, arg, grain);
}

void ServedRun::put_text(std::string_view text) {
  lane_.text_bytes = std::min<uint64_t>(text.size(), kLaneTextBytes);
  std::memcpy(lane_.text, text.data(), lane_.text_bytes);
}

void ServedRun::phase(std::string_view name) {
  if (!is_profiled()) return;
  put_text(name);
  (void)ask(LaneAsk::kPhase);
}

}  // namespace tenon::host
