#include "host/isolation/isolated_run.h"

#include <chrono>
#include <cstring>

namespace tenon::host {
namespace {

using Clock = std::chrono::steady_clock;

// Shorter than a wake-up takes, and short enough not to be missed by the worker's threads.
constexpr std::chrono::microseconds kAwake{5};
constexpr std::chrono::milliseconds kLook{10};
constexpr std::chrono::milliseconds kGrace{100};

class RunInWorker {
 public:
  RunInWorker(Worker& worker, WorkerLife& life, HostLane& lane, KernelRun& run)
      : worker_(worker), life_(life), host_lane_(lane), lane_(lane.shared()), run_(run) {}

  Status ask(uint64_t kernel, std::span<const KernelRecipe::Constant> constants, const std::vector<bool>& written) {
    lane_.ask = LaneAsk::kRun;
    lane_.kernel = kernel;
    lane_.stop.store(0);
    lane_.input_count = run_.input_count();
    lane_.output_count = run_.output_count();
    lane_.max_workers = run_.max_workers();
    lane_.is_profiled = run_.is_profiled();
    if (lane_.input_count > kMostLaneInputs || lane_.output_count > kMostLaneOutputs)
      return error(TN_UNSUPPORTED, "a worker process takes at most ", kMostLaneInputs, " inputs and ",
                   kMostLaneOutputs, " outputs");
    for (uint32_t i = 0; i < lane_.output_count; ++i) lane_.wanted[i] = run_.output_wanted(i);
    inputs_.assign(lane_.input_count, {});
    for (uint32_t i = 0; i < lane_.input_count; ++i) {
      const auto* constant = i < constants.size() ? &constants[i] : nullptr;
      TENON_RETURN_IF_ERROR(give_input(i, constant, i < written.size() && written[i]));
    }
    pass_turn(lane_, LaneSide::kWorker);
    return {};
  }

  /// Answers the worker until the kernel has returned. `is_lost`: the process is.
  Status serve(bool* is_lost) {
    for (;;) {
      if (const Status status = await(); !status.is_ok()) {
        *is_lost = true;
        return status;
      }
      switch (lane_.ask) {
        case LaneAsk::kOutput: answer(give_output()); break;
        case LaneAsk::kStrings: answer(take_strings()); break;
        case LaneAsk::kPhase: answer(begin_phase()); break;
        case LaneAsk::kDone: return finish();
        default:
          *is_lost = true;
          return worker_.end(life_, error(TN_INTERNAL, "its worker process asks for what there is not"));
      }
    }
  }

 private:
  struct GivenInput {
    const void* data = nullptr;
    uint32_t segment = 0;
    uint64_t offset = 0;
  };
  struct GivenOutput {
    uint32_t index;
    uint64_t bytes;
    void* to;                // nullptr: the worker has written to the value's own memory
    const std::byte* from;
  };

  Status give_input(uint32_t index, const KernelRecipe::Constant* constant, bool is_writable) {
    LaneTensor& given = lane_.inputs[index];
    const tn_tensor* input = run_.input(index);
    given.is_given = input != nullptr;
    if (input == nullptr) return {};
    given.dtype = input->dtype;
    given.flags = input->flags;
    given.is_writable = is_writable;
    given.bytes = input->byte_length;
    TENON_RETURN_IF_ERROR(put_shape(given, input->shape, input->rank));
    if (input->dtype == TN_STRING) return put_strings(given, *input);
    given.segment = kHeapSegment;
    given.offset = 0;
    if (input->byte_length == 0) return {};
    if (constant != nullptr && constant->data == input->data) {
      given.segment = constant->reached.segment;
      given.offset = constant->reached.offset;
    } else if (const auto offset = worker_.heap()->offset_of(input->data, input->byte_length)) {
      given.offset = *offset;
    } else {
      std::byte* const copy = host_lane_.take(input->byte_length, worker_.heap());
      if (copy == nullptr) return Status::out_of_memory();
      std::memcpy(copy, input->data, input->byte_length);
      given.offset = *worker_.heap()->offset_of(copy, input->byte_length);
    }
    inputs_[index] = {input->data, given.segment, given.offset};
    return {};
  }

  Status put_shape(LaneTensor& tensor, const int64_t* shape, uint32_t rank) {
    if (rank > std::size(tensor.shape))
      return error(TN_UNSUPPORTED, "a tensor of rank ", rank, ", a worker process takes at most ",
                   std::size(tensor.shape));
    tensor.rank = rank;
    std::copy_n(shape, rank, tensor.shape);
    return {};
  }

  // Each as length and bytes, one behind the other.
  Status put_strings(LaneTensor& given, const tn_tensor& input) {
    const auto* strings = static_cast<const tn_str*>(input.data);
    const uint64_t count = input.byte_length / sizeof(tn_str);
    uint64_t bytes = count * sizeof(uint64_t);
    for (uint64_t i = 0; i < count; ++i) bytes += strings[i].size;
    std::byte* place = host_lane_.take(bytes, worker_.heap());
    if (place == nullptr) return Status::out_of_memory();
    given.segment = kHeapSegment;
    given.offset = *worker_.heap()->offset_of(place, bytes);
    given.bytes = bytes;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t size = strings[i].size;
      std::memcpy(place, &size, sizeof size);
      if (size > 0) std::memcpy(place + sizeof size, strings[i].data, size);
      place += sizeof size + size;
    }
    return {};
  }

  Status await() {
    std::optional<Clock::time_point> stopped;
    while (!wait_for_turn(lane_, LaneSide::kHost, kAwake, kLook)) {
      TENON_RETURN_IF_ERROR(worker_.check_alive(life_));
      if (!run_.cancelled()) continue;
      lane_.stop.store(1);
      if (!stopped) stopped = Clock::now();
      if (Clock::now() - *stopped > kGrace)
        return worker_.end(life_, error(TN_CANCELLED, "the kernel did not heed a stop within ", kGrace.count(),
                                        " ms; its worker process was ended"));
    }
    return {};
  }

  void answer(const Status& status) {
    lane_.ask = LaneAsk::kAnswer;
    lane_.code = status.code();
    lane_.text_bytes = std::min<uint64_t>(status.message().size(), kLaneTextBytes);
    std::memcpy(lane_.text, status.message().data(), lane_.text_bytes);
    pass_turn(lane_, LaneSide::kWorker);
  }

  Status give_output() {
    LaneTensor& asked = lane_.tensor;
    const uint32_t index = lane_.index, dtype = asked.dtype, rank = asked.rank;
    if (rank > std::size(asked.shape)) return error(TN_INTERNAL, "an output of rank ", rank);
    int64_t shape[std::size(LaneTensor().shape)];
    std::copy_n(asked.shape, rank, shape);
    tn_tensor made{};
    made.struct_size = sizeof made;
    TENON_RETURN_IF_ERROR(run_.output(index, dtype, shape, rank, &made));
    asked.segment = kHeapSegment;
    asked.offset = 0;
    asked.bytes = made.byte_length;
    if (made.byte_length == 0 || dtype == TN_STRING) return {};
    if (const auto offset = worker_.heap()->offset_of(made.data, made.byte_length)) {
      asked.offset = *offset;
      return {};
    }
    // Where it is an input's memory, the two are one for the worker as well.
    for (const GivenInput& input : inputs_)
      if (input.data == made.data && input.segment == kHeapSegment) {
        asked.offset = input.offset;
        outputs_.push_back({index, made.byte_length, made.data, worker_.heap()->at(input.offset)});
        return {};
      }
    std::byte* const place = host_lane_.take(made.byte_length, worker_.heap());
    if (place == nullptr) return Status::out_of_memory();
    asked.offset = *worker_.heap()->offset_of(place, made.byte_length);
    outputs_.push_back({index, made.byte_length, made.data, place});
    return {};
  }

  Status take_strings() {
    const uint64_t end = std::min<uint64_t>(lane_.text_bytes, kLaneTextBytes);
    const uint32_t index = lane_.index;
    const bool is_last_cut = lane_.count != 0;
    for (uint64_t at = 0; at + sizeof(LaneString) <= end;) {
      LaneString head;
      std::memcpy(&head, lane_.text + at, sizeof head);
      at += sizeof head;
      if (head.bytes > end - at) return error(TN_INTERNAL, "a string that is longer than what holds it");
      string_.append(lane_.text + at, head.bytes);
      at += head.bytes;
      if (is_last_cut && at == end) break;
      TENON_RETURN_IF_ERROR(run_.set_string(index, head.element, string_));
      string_.clear();
    }
    return {};
  }

  Status begin_phase() {
    phases_.push_back(std::make_unique<std::string>(lane_.text, std::min<uint64_t>(lane_.text_bytes, kLaneTextBytes)));
    run_.phase(*phases_.back());
    return {};
  }

  Status finish() {
    if (const uint32_t code = lane_.code; code != TN_OK) {
      const std::string text(lane_.text, std::min<uint64_t>(lane_.text_bytes, kLaneTextBytes));
      return Status(code <= TN_NO_KERNEL ? static_cast<tn_code>(code) : TN_INTERNAL, text);
    }
    for (const GivenOutput& output : outputs_) std::memcpy(output.to, output.from, output.bytes);
    return {};
  }

  Worker& worker_;
  WorkerLife& life_;
  HostLane& host_lane_;
  Lane& lane_;
  KernelRun& run_;
  std::vector<GivenInput> inputs_;
  std::vector<GivenOutput> outputs_;
  std::string string_;                                // whose rest is still to come
  std::vector<std::unique_ptr<std::string>> phases_;  // as long as the run
};

}  // namespace

Status run_in_worker(Worker& worker, WorkerLife& life, uint64_t kernel,
                     std::span<const KernelRecipe::Constant> constants, const std::vector<bool>& written,
                     KernelRun& run) {
  TENON_ASSIGN_OR_RETURN(std::unique_ptr<HostLane> lane, worker.take_lane(life));
  RunInWorker running(worker, life, *lane, run);
  bool is_lost = false;
  Status status = running.ask(kernel, constants, written);
  if (status.is_ok()) status = running.serve(&is_lost);
  // What a process that died had is freed, not used again.
  if (!is_lost) worker.give_back(life, std::move(lane));
  return status;
}

}  // namespace tenon::host
