#include "host/isolation/isolated_run.h"

#include <chrono>
#include <cstring>
#include <optional>

#include "host/isolation/lane_jobs.h"

namespace tenon::host {
namespace {

using Clock = std::chrono::steady_clock;

// A kernel asks for its outputs at once, if it asks.
constexpr std::chrono::microseconds kAwakeForAsking{5};
// To sleep and be woken takes tens of microseconds, so what takes less is waited for awake.
constexpr std::chrono::microseconds kShortRun{40}, kAwakeForShort{60};
constexpr std::chrono::milliseconds kLook{10};
constexpr std::chrono::milliseconds kGrace{100};

// Whatever is given to a lane until it is run.
class LaneRuns final : public PutOffRuns {
 public:
  LaneRuns(std::shared_ptr<Worker> worker, std::shared_ptr<WorkerLife> life, std::unique_ptr<HostLane> lane,
           KernelRun& run)
      : worker_(std::move(worker)),
        life_(std::move(life)),
        host_lane_(std::move(lane)),
        lane_(host_lane_->shared()),
        run_(run),
        jobs_(*worker_, *host_lane_) {}
  // What a process that died had is freed, not used again.
  ~LaneRuns() override {
    if (!is_lost_) worker_->give_back(*life_, std::move(host_lane_));
  }

  const void* process() const override { return worker_.get(); }
  const WorkerLife* life() const { return life_.get(); }
  Status add(const KernelInWorker& kernel, KernelRun& run, bool* is_lasting) {
    return jobs_.add(kernel, run, is_lasting);
  }
  Status run_all(uint64_t* failed) override;

 private:
  Status await();
  Status lose(Status status) {
    is_lost_ = true;
    return status;
  }
  void name_job();
  void answer(const Status& status);
  Status give_output();
  Status take_strings();
  Status begin_phase();
  Status take_count();
  Status finish();
  std::string lane_text() const {
    return std::string(lane_.text, std::min<uint64_t>(lane_.text_bytes, kLaneTextBytes));
  }

  const std::shared_ptr<Worker> worker_;
  const std::shared_ptr<WorkerLife> life_;
  std::unique_ptr<HostLane> host_lane_;
  Lane& lane_;
  KernelRun& run_;
  LaneJobs jobs_;
  bool is_lost_ = false;
  Clock::time_point begin_;
  std::optional<PluginCall> call_;  // of the job that is run
  size_t named_ = SIZE_MAX;
  std::string string_;                                // whose rest is still to come
  std::vector<std::unique_ptr<std::string>> phases_;  // as long as the run
};

Status LaneRuns::run_all(uint64_t* failed) {
  const auto& jobs = jobs_.jobs();
  *failed = jobs.front().number;
  lane_.ask = LaneAsk::kRun;
  lane_.first_job = jobs_.first();
  lane_.jobs = static_cast<uint32_t>(jobs.size());
  lane_.progress.store(0);
  lane_.stop.store(0);
  lane_.is_profiled = run_.is_profiled();
  begin_ = Clock::now();
  pass_turn(lane_, LaneSide::kWorker);
  for (;;) {
    const Status status = await();
    *failed = jobs[std::min<size_t>(lane_.progress.load(), jobs.size() - 1)].number;
    if (!status.is_ok()) return lose(status);
    switch (lane_.ask) {
      case LaneAsk::kOutput: answer(give_output()); break;
      case LaneAsk::kStrings: answer(take_strings()); break;
      case LaneAsk::kPhase: answer(begin_phase()); break;
      case LaneAsk::kCount: answer(take_count()); break;
      case LaneAsk::kDone: return finish();
      default: return lose(worker_->end(*life_, error(TN_INTERNAL, "its worker process asks for what there is not")));
    }
  }
}

// So that whoever asks what this thread is at hears of the kernel that runs now.
void LaneRuns::name_job() {
  const size_t current = std::min<size_t>(lane_.progress.load(), jobs_.jobs().size() - 1);
  if (current == named_) return;
  named_ = current;
  call_.reset();
  call_.emplace(jobs_.jobs()[current].call);
}

Status LaneRuns::await() {
  std::optional<Clock::time_point> stopped;
  const bool may_ask = run_.put_off() == nullptr;
  const auto awake = host_lane_->last_run < kShortRun ? kAwakeForShort
                     : may_ask                        ? kAwakeForAsking
                                                      : std::chrono::microseconds(0);
  while (!wait_for_turn(lane_, LaneSide::kHost, awake, kLook)) {
    name_job();
    if (const Status alive = worker_->check_alive(*life_); !alive.is_ok()) {
      call_.reset();
      return alive;
    }
    if (!run_.cancelled()) continue;
    lane_.stop.store(1);
    if (!stopped) stopped = Clock::now();
    if (Clock::now() - *stopped <= kGrace) continue;
    call_.reset();
    return worker_->end(*life_, error(TN_INTERNAL, "the kernel did not heed a stop within ", kGrace.count(),
                                      " ms; its worker process was ended"));
  }
  call_.reset();
  named_ = SIZE_MAX;
  return {};
}

void LaneRuns::answer(const Status& status) {
  lane_.ask = LaneAsk::kAnswer;
  lane_.code = status.code();
  lane_.text_bytes = std::min<uint64_t>(status.message().size(), kLaneTextBytes);
  std::memcpy(lane_.text, status.message().data(), lane_.text_bytes);
  pass_turn(lane_, LaneSide::kWorker);
}

Status LaneRuns::give_output() {
  LaneTensor& asked = lane_.tensor;
  const uint32_t rank = asked.rank;
  if (rank > std::size(asked.shape)) return error(TN_INTERNAL, "an output of rank ", rank);
  int64_t shape[std::size(LaneTensor().shape)];
  std::copy_n(asked.shape, rank, shape);
  bool is_lasting = false;
  return jobs_.give_output(run_, lane_.index, asked.dtype, {shape, rank}, asked, &is_lasting);
}

Status LaneRuns::take_strings() {
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

Status LaneRuns::begin_phase() {
  phases_.push_back(std::make_unique<std::string>(lane_text()));
  run_.phase(*phases_.back());
  return {};
}

Status LaneRuns::take_count() {
  const uint32_t counter = lane_.index;
  if (counter > TN_COUNT_BYTES) return error(TN_INTERNAL, "a counter ", counter);
  run_.count(static_cast<tn_counter>(counter), lane_.count);
  return {};
}

Status LaneRuns::finish() {
  host_lane_->last_run = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin_);
  if (const uint32_t code = lane_.code; code != TN_OK)
    return Status(code <= TN_NO_KERNEL ? static_cast<tn_code>(code) : TN_INTERNAL, lane_text());
  jobs_.bring_outputs();
  return {};
}

}  // namespace

Status run_in_worker(std::shared_ptr<Worker> worker, std::shared_ptr<WorkerLife> life, const KernelInWorker& kernel,
                     KernelRun& run) {
  std::unique_ptr<PutOffRuns>* const place = run.put_off();
  std::unique_ptr<PutOffRuns> runs = place != nullptr ? std::move(*place) : nullptr;
  // A process that died in between has what was put off with it.
  if (runs != nullptr && static_cast<LaneRuns&>(*runs).life() != life.get())
    return error(TN_INTERNAL, "its worker process died with runs that were put off");
  if (runs == nullptr) {
    TENON_ASSIGN_OR_RETURN(std::unique_ptr<HostLane> lane, worker->take_lane(*life));
    runs = std::make_unique<LaneRuns>(std::move(worker), std::move(life), std::move(lane), run);
  }
  bool is_lasting = true;
  TENON_RETURN_IF_ERROR(static_cast<LaneRuns&>(*runs).add(kernel, run, &is_lasting));
  if (place != nullptr && is_lasting) {
    *place = std::move(runs);
    return {};
  }
  uint64_t failed = 0;
  return runs->run_all(&failed);
}

}  // namespace tenon::host
