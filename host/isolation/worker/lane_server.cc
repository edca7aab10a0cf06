#include "host/isolation/worker/lane_server.h"

#include <cstring>

#include "host/base/exceptions.h"
#include "host/isolation/worker/served_run.h"

namespace tenon::host {
namespace {

// Between the nodes of one run the host takes less; later ones may take long, so the thread sleeps.
constexpr std::chrono::microseconds kAwake{20};
constexpr std::chrono::milliseconds kLook{100};

}  // namespace

LaneServer::~LaneServer() {
  is_ending_ = true;
  for (Lane* lane : lanes_) wake_sleepers(*lane);
  for (std::thread& thread : threads_) thread.join();
}

Status LaneServer::open(uint64_t offset) {
  std::byte* const memory = segments_.writable(offset, sizeof(Lane));
  if (memory == nullptr) return error(TN_INTERNAL, "a lane that lies nowhere");
  const std::lock_guard lock(mutex_);
  lanes_.push_back(reinterpret_cast<Lane*>(memory));
  threads_.emplace_back([this, memory] { serve(*reinterpret_cast<Lane*>(memory)); });
  return {};
}

Status LaneServer::run_all(Lane& lane, Scratch& scratch) {
  const uint32_t jobs = lane.jobs;
  uint64_t place = lane.first_job;
  for (uint32_t i = 0; i < jobs; ++i) {
    lane.progress.store(i);
    if (lane.stop.load() != 0) return error(TN_CANCELLED, "it was told to stop");
    auto* const job = reinterpret_cast<LaneJob*>(segments_.writable(place, sizeof(LaneJob)));
    if (job == nullptr) return error(TN_INTERNAL, "a run that lies nowhere");
    const Status status = guarded([&] { return run(lane, *job, scratch); });
    scratch.reset();
    TENON_RETURN_IF_ERROR(status);
    place = job->next;
  }
  return {};
}

Status LaneServer::run(Lane& lane, LaneJob& job, Scratch& scratch) {
  const auto kernel = find_kernel_(job.kernel);
  if (kernel == nullptr) return error(TN_INTERNAL, "there is no kernel ", job.kernel);
  ServedRun run(lane, job, segments_, scratch);
  TENON_RETURN_IF_ERROR(run.begin());
  TENON_RETURN_IF_ERROR(kernel->run(run));
  return run.finish();
}

void LaneServer::serve(Lane& lane) {
  Scratch scratch;
  while (!is_ending_) {
    if (!wait_for_turn(lane, LaneSide::kWorker, kAwake, kLook)) continue;
    const Status status = without_context(run_all(lane, scratch), provider_);
    lane.code = static_cast<uint32_t>(status.code());
    lane.text_bytes = std::min<uint64_t>(status.message().size(), kLaneTextBytes);
    std::memcpy(lane.text, status.message().data(), lane.text_bytes);
    lane.ask = LaneAsk::kDone;
    pass_turn(lane, LaneSide::kHost);
  }
}

Status without_context(const Status& status, const std::string& provider) {
  const std::string context = "provider '" + provider + "': ";
  if (status.is_ok() || !status.message().starts_with(context)) return status;
  return Status(status.code(), status.message().substr(context.size()));
}

}  // namespace tenon::host
