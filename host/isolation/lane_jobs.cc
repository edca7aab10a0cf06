#include "host/isolation/lane_jobs.h"

#include <cstring>

namespace tenon::host {
namespace {

Status put_shape(LaneTensor& tensor, std::span<const int64_t> shape) {
  if (shape.size() > std::size(tensor.shape))
    return error(TN_UNSUPPORTED, "a tensor of rank ", shape.size(), ", a worker process takes at most ",
                 std::size(tensor.shape));
  tensor.rank = static_cast<uint32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape);
  return {};
}

}  // namespace

std::byte* LaneJobs::take(uint64_t bytes, uint64_t* offset) {
  std::byte* const place = lane_.take(bytes, heap_);
  if (place != nullptr) *offset = *heap_->offset_of(place, bytes);
  return place;
}

Status LaneJobs::add(const KernelInWorker& kernel, KernelRun& run, bool* is_lasting) {
  const uint32_t inputs = run.input_count(), outputs = run.output_count();
  uint64_t offset = 0;
  std::byte* const place = take(job_bytes(uint64_t{inputs} + outputs), &offset);
  if (place == nullptr) return Status::out_of_memory();
  auto* const job = new (place) LaneJob{};
  job->kernel = kernel.number;
  job->input_count = inputs;
  job->output_count = outputs;
  job->max_workers = run.max_workers();
  job->is_foreseen = run.put_off() != nullptr;
  (last_ != nullptr ? last_->next : first_) = offset;
  last_ = job;
  const PluginCall* const call = PluginCall::current();
  Job& made = jobs_.emplace_back();
  if (call != nullptr) made.call = call->facts();
  made.number = run.number();
  LaneTensor* const tensors = tensors_of(*job);
  for (uint32_t i = 0; i < inputs; ++i) TENON_RETURN_IF_ERROR(give_input(run, i, kernel, tensors[i], is_lasting));
  for (uint32_t i = 0; i < outputs; ++i) {
    LaneTensor& output = tensors[inputs + i];
    output.is_given = run.output_wanted(i);
    if (job->is_foreseen == 0 || output.is_given == 0) continue;
    const auto [dtype, shape] = run.foreseen(i);
    TENON_RETURN_IF_ERROR(give_output(run, i, dtype, shape, output, is_lasting));
  }
  return {};
}

Status LaneJobs::give_input(KernelRun& run, uint32_t index, const KernelInWorker& kernel, LaneTensor& given,
                            bool* is_lasting) {
  const tn_tensor* input = run.input(index);
  given.is_given = input != nullptr;
  jobs_.back().inputs.emplace_back(nullptr, 0);
  if (input == nullptr) return {};
  given.dtype = input->dtype;
  given.flags = input->flags;
  given.is_writable = index < kernel.written.size() && kernel.written[index];
  given.bytes = input->byte_length;
  TENON_RETURN_IF_ERROR(put_shape(given, {input->shape, input->rank}));
  if (input->dtype == TN_STRING) return put_strings(given, *input);
  given.segment = kHeapSegment;
  given.offset = 0;
  if (input->byte_length == 0) return {};
  if (index < kernel.constants.size() && kernel.constants[index].data == input->data) {
    given.segment = kernel.constants[index].reached.segment;
    given.offset = kernel.constants[index].reached.offset;
    return {};
  }
  if (const auto offset = heap_->offset_of(input->data, input->byte_length)) {
    given.offset = *offset;
    *is_lasting = *is_lasting && run.is_lasting(input->data);
  } else {
    std::byte* const copy = take(input->byte_length, &given.offset);
    if (copy == nullptr) return Status::out_of_memory();
    std::memcpy(copy, input->data, input->byte_length);
  }
  jobs_.back().inputs.back() = {input->data, given.offset};
  return {};
}

// Each as length and bytes, one behind the other.
Status LaneJobs::put_strings(LaneTensor& given, const tn_tensor& input) {
  const auto* strings = static_cast<const tn_str*>(input.data);
  const uint64_t count = input.byte_length / sizeof(tn_str);
  uint64_t bytes = count * sizeof(uint64_t);
  for (uint64_t i = 0; i < count; ++i) bytes += strings[i].size;
  given.segment = kHeapSegment;
  given.bytes = bytes;
  std::byte* place = take(bytes, &given.offset);
  if (place == nullptr) return Status::out_of_memory();
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t size = strings[i].size;
    std::memcpy(place, &size, sizeof size);
    if (size > 0) std::memcpy(place + sizeof size, strings[i].data, size);
    place += sizeof size + size;
  }
  return {};
}

Status LaneJobs::give_output(KernelRun& run, uint32_t index, uint32_t dtype, std::span<const int64_t> shape,
                             LaneTensor& given, bool* is_lasting) {
  tn_tensor made{};
  made.struct_size = sizeof made;
  TENON_RETURN_IF_ERROR(run.output(index, dtype, shape.data(), static_cast<uint32_t>(shape.size()), &made));
  given.dtype = dtype;
  given.segment = kHeapSegment;
  given.offset = 0;
  given.bytes = made.byte_length;
  TENON_RETURN_IF_ERROR(put_shape(given, shape));
  if (made.byte_length == 0 || dtype == TN_STRING) return {};
  if (const auto offset = heap_->offset_of(made.data, made.byte_length)) {
    given.offset = *offset;
    *is_lasting = *is_lasting && run.is_lasting(made.data);
    return {};
  }
  // Whoever has the memory may let it go once the run is said to be done.
  *is_lasting = false;
  const auto& inputs = jobs_.back().inputs;
  const auto same =
      std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) { return input.first == made.data; });
  if (same != inputs.end()) {
    given.offset = same->second;  // one memory here is one for the worker, too
  } else if (take(made.byte_length, &given.offset) == nullptr) {
    return Status::out_of_memory();
  }
  brought_.push_back({made.byte_length, made.data, heap_->at(given.offset)});
  return {};
}

void LaneJobs::bring_outputs() const {
  for (const Brought& output : brought_) std::memcpy(output.to, output.from, output.bytes);
}

}  // namespace tenon::host
