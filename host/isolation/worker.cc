#include "host/isolation/worker.h"

#include <cstring>

#include "host/isolation/messages.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/plugins/loading/quarantine.h"

namespace tenon::host {
namespace {

constexpr uint64_t kLeastTransfer = 64 << 10, kMostKeptTransfer = uint64_t{16} << 20;
constexpr uint64_t kAlignment = 64;

uint64_t aligned(uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// "run of node 'y' (Relu, opset 14)", of what this thread calls; empty: nothing.
std::string current_place() {
  const PluginCall* const call = PluginCall::current();
  if (call == nullptr) return "";
  SignalText text;
  add_place(call->facts(), text);
  return std::string(text.view());
}

}  // namespace

std::byte* HostLane::take(uint64_t bytes, const std::shared_ptr<SharedHeap>& heap) {
  if (bytes > SIZE_MAX / 2) return nullptr;
  const uint64_t size = aligned(std::max<uint64_t>(bytes, 1));
  if (size <= transfer.bytes() - transfer_used) {
    std::byte* const place = transfer.data() + transfer_used;
    transfer_used += size;
    return place;
  }
  auto more = HostRegion::allocate(std::max(size, kLeastTransfer), heap);
  if (!more.is_ok()) return nullptr;
  overflow.push_back(std::move(*more));
  return overflow.back().data();
}

void HostLane::end_run() {
  transfer_used = 0;
  if (overflow.empty()) return;
  uint64_t needed = transfer.bytes();
  std::shared_ptr<RegionSource> source = memory.source();
  for (const HostRegion& region : overflow) needed += region.bytes();
  overflow.clear();
  // The next run like this one finds room in one piece.
  transfer = HostRegion();
  if (auto grown = HostRegion::allocate(std::min(needed, kMostKeptTransfer), source); grown.is_ok())
    transfer = std::move(*grown);
}

Result<std::shared_ptr<WorkerLife>> Worker::life() {
  const std::lock_guard lock(mutex_);
  const bool is_dead = life_ != nullptr && [this] {
    const std::lock_guard life_lock(life_->mutex);
    return !life_->death.is_ok();
  }();
  if (life_ == nullptr || is_dead) {
    life_.reset();
    TENON_ASSIGN_OR_RETURN(life_, start());
  }
  return life_;
}

Result<std::shared_ptr<WorkerLife>> Worker::start() {
  TENON_RETURN_IF_ERROR(check_quarantine(facts_.library.path));
  auto life = std::make_shared<WorkerLife>();
  life->library = identity_of_path(facts_.library.path.string());
  TENON_ASSIGN_OR_RETURN(life->process, WorkerProcess::start());
  wire::RequestT request;
  request.call = wire::Call::kHello;
  request.library = facts_.library.path.string();
  for (const auto& [name, value] : facts_.options) {
    request.options.push_back(std::make_unique<wire::PairT>());
    request.options.back()->name = name;
    request.options.back()->value = value;
  }
  request.max_workers = facts_.instance.max_workers;
  request.memory_limit = facts_.instance.memory_limit;
  request.model_name = facts_.instance.model_name;
  request.place = std::make_unique<wire::Place>(0, 0, heap_->capacity());
  TENON_ASSIGN_OR_RETURN(life->hello, exchange(*life, request, heap_->descriptor().get()));
  const auto& library = facts_.library;
  if (life->hello.name != library.name || life->hello.version != library.version || life->hello.build != library.build)
    return error(TN_INVALID_ARGUMENT, "its library ", library.path.string(),
                 " was replaced while the session was being opened; open it again");
  return life;
}

Result<wire::ReplyT> Worker::ask(WorkerLife& life, const wire::RequestT& request) {
  const std::lock_guard lock(mutex_);
  TENON_RETURN_IF_ERROR(tell_files(life));
  return exchange(life, request);
}

// What requests and runs speak of has to be known before.
Status Worker::tell_files(WorkerLife& life) {
  for (; life.files_known < files_.size(); ++life.files_known) {
    const FileMapping& file = *files_[life.files_known];
    const FileDescriptor again = file.open_again();
    wire::RequestT request;
    request.call = wire::Call::kMap;
    request.segment = static_cast<uint32_t>(life.files_known + 1);
    request.place = std::make_unique<wire::Place>(request.segment, 0, file.bytes().size());
    if (!again.is_open())
      return error(TN_DATA_LOST, file.path().string(),
                   " is no longer there, or another file, so that no new worker "
                   "process can map it: open the model again");
    TENON_RETURN_IF_ERROR(exchange(life, request, again.get()).status());
  }
  return {};
}

Result<wire::ReplyT> Worker::exchange(WorkerLife& life, const wire::RequestT& request, int descriptor) {
  Channel& channel = life.process->channel();
  std::vector<uint8_t> answer;
  if (!channel.send(bytes_of(request), descriptor) || !channel.receive(&answer)) return died(life);
  auto reply = read_reply(answer);
  if (!reply.is_ok() && !is_reply(answer)) return end(life, reply.status());
  return reply;
}

void Worker::tell(WorkerLife& life, const wire::RequestT& request) {
  const std::lock_guard lock(mutex_);
  (void)life.process->channel().send(bytes_of(request));
}

Status Worker::died(WorkerLife& life) {
  const std::lock_guard lock(life.mutex);
  if (!life.death.is_ok()) return life.death;
  bool is_fault = false;
  const std::string ending = life.process->ending(&is_fault);
  const std::string place = current_place();
  std::string what = concat("its worker process ", ending, place.empty() ? "" : " in ", place);
  const auto now = identity_of_path(facts_.library.path.string());
  if (life.library && now && now->device == life.library->device && now->inode == life.library->inode &&
      (now->size != life.library->size || now->modified_ns != life.library->modified_ns)) {
    is_fault = false;
    what += "; its library was written to after it was loaded: replace libraries by renaming";
  }
  if (is_fault) what += note_crash(facts_.library.path, facts_.library.name, what);
  life.death = error(TN_INTERNAL, what);
  return life.death;
}

Status Worker::check_alive(WorkerLife& life) {
  {
    const std::lock_guard lock(life.mutex);
    if (!life.death.is_ok()) return life.death;
  }
  return life.process->channel().is_closed() ? died(life) : Status();
}

Status Worker::end(WorkerLife& life, const Status& reason) {
  life.process->kill();
  const std::lock_guard lock(life.mutex);
  if (life.death.is_ok()) life.death = reason;
  return life.death;
}

Result<Reached> Worker::reach(const void* data, uint64_t bytes) {
  if (const auto offset = heap_->offset_of(data, bytes)) return Reached{kHeapSegment, *offset, bytes, nullptr};
  if (auto mapping = FileMapping::holding(data); mapping != nullptr) {
    const std::lock_guard lock(mutex_);
    auto found = std::find(files_.begin(), files_.end(), mapping);
    const auto offset = static_cast<uint64_t>(static_cast<const std::byte*>(data) - mapping->bytes().data());
    const bool is_within = bytes <= mapping->bytes().size() - offset;
    // A file that is known was opened once already: a session asks for hundreds of its constants.
    if (is_within && (found != files_.end() || mapping->open_again().is_open())) {
      if (found == files_.end()) found = files_.insert(files_.end(), mapping);
      return Reached{static_cast<uint32_t>(found - files_.begin() + 1), offset, bytes, mapping};
    }
  }
  TENON_ASSIGN_OR_RETURN(HostRegion copy, HostRegion::allocate(std::max<uint64_t>(bytes, 1), heap_));
  std::memcpy(copy.data(), data, bytes);
  auto owner = std::make_shared<HostRegion>(std::move(copy));
  const uint64_t offset = *heap_->offset_of(owner->data(), bytes);
  return Reached{kHeapSegment, offset, bytes, std::move(owner)};
}

Result<std::unique_ptr<HostLane>> Worker::take_lane(WorkerLife& life) {
  {
    const std::lock_guard lock(life.mutex);
    if (!life.idle_lanes.empty()) {
      auto lane = std::move(life.idle_lanes.back());
      life.idle_lanes.pop_back();
      return lane;
    }
  }
  auto lane = std::make_unique<HostLane>();
  TENON_ASSIGN_OR_RETURN(lane->memory, HostRegion::allocate(sizeof(Lane), heap_));
  TENON_ASSIGN_OR_RETURN(lane->transfer, HostRegion::allocate(kLeastTransfer, heap_));
  new (lane->memory.data()) Lane();
  lane->shared().turn.store(static_cast<uint32_t>(LaneSide::kHost));
  wire::RequestT request;
  request.call = wire::Call::kOpenLane;
  request.place =
      std::make_unique<wire::Place>(kHeapSegment, *heap_->offset_of(lane->memory.data(), sizeof(Lane)), sizeof(Lane));
  TENON_RETURN_IF_ERROR(ask(life, request).status());
  return lane;
}

void Worker::give_back(WorkerLife& life, std::unique_ptr<HostLane> lane) {
  lane->end_run();
  const std::lock_guard lock(life.mutex);
  life.idle_lanes.push_back(std::move(lane));
}

}  // namespace tenon::host
