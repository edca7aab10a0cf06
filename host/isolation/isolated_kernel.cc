#include "host/isolation/isolated_kernel.h"

#include <cstring>

#include "host/isolation/isolated_run.h"
#include "host/plugins/abi/abi_call.h"

namespace tenon::host {
namespace {

tn_kernel* handle_of(IsolatedKernel* kernel) {
  return reinterpret_cast<tn_kernel*>(kernel);
}
IsolatedKernel* behind(tn_kernel* kernel) {
  return reinterpret_cast<IsolatedKernel*>(kernel);
}

template <typename Body>
tn_status* answered(Body&& body) {
  return to_abi(guarded(body));
}

const tn_kernel_vtable kVtable = {
    sizeof(tn_kernel_vtable),
    0,
    [](tn_kernel* kernel) { return behind(kernel)->slots(); },
    [](tn_kernel* kernel, uint32_t slot, tn_pack_plan* plan) {
      return answered([&] { return behind(kernel)->pack_plan(slot, plan); });
    },
    [](tn_kernel* kernel, uint32_t slot, const tn_pack_args* args) {
      return answered([&] { return behind(kernel)->pack(slot, *args); });
    },
    [](tn_kernel* kernel, uint32_t slot, const void* blob, uint64_t byte_length) {
      return answered([&] { return behind(kernel)->bind_pack(slot, blob, byte_length); });
    },
    [](tn_kernel* kernel, tn_run* run) { return answered([&] { return behind(kernel)->run(run); }); },
    [](tn_kernel* kernel) { delete behind(kernel); }};

wire::Place place_of(const Reached& reached) {
  return {reached.segment, reached.offset, reached.bytes};
}

}  // namespace

Status IsolatedKernel::create(std::shared_ptr<Worker> worker, std::shared_ptr<WorkerLife> life, KernelRecipe recipe,
                              wire::ReplyT made, tn_kernel_result* result) {
  std::unique_ptr<IsolatedKernel> kernel(new IsolatedKernel());
  kernel->worker_ = std::move(worker);
  kernel->life_ = std::move(life);
  kernel->recipe_ = std::move(recipe);
  kernel->number_ = made.kernel;
  kernel->slots_ = made.slots;
  const size_t inputs = kernel->recipe_.constants.size();
  for (const wire::Alias& alias : made.aliases)
    kernel->aliases_.push_back({alias.output(), alias.input(), alias.kind()});
  for (uint32_t i = 0; i < inputs; ++i) kernel->written_.push_back(kernel->may_be_written(i));
  result->flags = made.flags;
  result->vtable = &kVtable;
  result->aliases = kernel->aliases_.data();
  result->alias_count = static_cast<uint32_t>(kernel->aliases_.size());
  result->memory_kind = TN_MEMORY_HOST;
  result->cost_ns = made.cost_ns;
  result->kernel = handle_of(kernel.release());
  return {};
}

IsolatedKernel::~IsolatedKernel() {
  if (life_ == nullptr) return;
  (void)guarded([&]() -> Status {
    wire::RequestT request;
    request.call = wire::Call::kDestroy;
    request.kernel = number_;
    worker_->tell(*life_, request);
    return {};
  });
}

bool IsolatedKernel::may_be_written(uint32_t input) const {
  return std::any_of(aliases_.begin(), aliases_.end(),
                     [&](const tn_alias& alias) { return alias.input == input || alias.input == TN_ANY_INPUT; });
}

Result<std::shared_ptr<WorkerLife>> IsolatedKernel::at_hand(uint64_t* number) {
  const std::lock_guard lock(mutex_);
  if (life_ == nullptr || !worker_->check_alive(*life_).is_ok()) {
    life_.reset();
    TENON_ASSIGN_OR_RETURN(auto life, worker_->life());
    TENON_ASSIGN_OR_RETURN(const wire::ReplyT made, worker_->ask(*life, recipe_.request));
    for (const Bound& bound : bound_) {
      wire::RequestT request;
      request.call = wire::Call::kBindPack;
      request.kernel = made.kernel;
      request.slot = bound.slot;
      request.place = std::make_unique<wire::Place>(place_of(bound.blob));
      TENON_RETURN_IF_ERROR(worker_->ask(*life, request).status());
    }
    number_ = made.kernel;
    life_ = std::move(life);
  }
  *number = number_;
  return life_;
}

Result<wire::ReplyT> IsolatedKernel::ask(wire::RequestT request) {
  TENON_ASSIGN_OR_RETURN(const auto life, at_hand(&request.kernel));
  return worker_->ask(*life, request);
}

Status IsolatedKernel::pack_plan(uint32_t slot, tn_pack_plan* plan) {
  wire::RequestT request;
  request.call = wire::Call::kPackPlan;
  request.slot = slot;
  TENON_ASSIGN_OR_RETURN(wire::ReplyT reply, ask(std::move(request)));
  Plan& kept = plans_[slot];
  kept = {std::move(reply.key), std::move(reply.inputs)};
  plan->alignment = reply.alignment;
  plan->byte_length = reply.byte_length;
  plan->key = {kept.key.data(), kept.key.size()};
  plan->inputs = kept.inputs.data();
  plan->input_count = static_cast<uint32_t>(kept.inputs.size());
  plan->sources_needed = reply.sources_needed;
  return {};
}

Status IsolatedKernel::pack(uint32_t slot, const tn_pack_args& args) {
  wire::RequestT request;
  request.call = wire::Call::kPack;
  request.slot = slot;
  request.threads = args.max_workers;
  std::vector<Reached> held;
  for (uint32_t i = 0; i < args.input_count; ++i) {
    const tn_tensor& input = *args.inputs[i];
    auto source = std::make_unique<wire::SourceT>();
    source->dtype = input.dtype;
    source->shape.assign(input.shape, input.shape + input.rank);
    TENON_ASSIGN_OR_RETURN(Reached reached, worker_->reach(input.data, input.byte_length));
    source->place = std::make_unique<wire::Place>(place_of(reached));
    request.sources.push_back(std::move(source));
    held.push_back(std::move(reached));
  }
  HostRegion blob;
  const auto offset = worker_->heap()->offset_of(args.blob, args.byte_length);
  if (offset) {
    request.place = std::make_unique<wire::Place>(kHeapSegment, *offset, args.byte_length);
  } else if (args.blob != nullptr && args.byte_length > 0) {
    TENON_ASSIGN_OR_RETURN(blob, HostRegion::allocate(args.byte_length, worker_->heap()));
    request.place = std::make_unique<wire::Place>(
        kHeapSegment, *worker_->heap()->offset_of(blob.data(), args.byte_length), args.byte_length);
  }
  TENON_ASSIGN_OR_RETURN(const wire::ReplyT reply, ask(std::move(request)));
  if (blob.data() != nullptr) std::memcpy(args.blob, blob.data(), args.byte_length);
  if (reply.appended.empty()) return {};
  return adopt_status(args.append(&args, reply.appended.data(), reply.appended.size()));
}

Status IsolatedKernel::bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) {
  TENON_ASSIGN_OR_RETURN(Reached reached, worker_->reach(blob, byte_length));
  wire::RequestT request;
  request.call = wire::Call::kBindPack;
  request.slot = slot;
  request.place = std::make_unique<wire::Place>(place_of(reached));
  TENON_RETURN_IF_ERROR(ask(std::move(request)).status());
  const std::lock_guard lock(mutex_);
  bound_.push_back({slot, std::move(reached)});
  return {};
}

Status IsolatedKernel::run(tn_run* run) {
  uint64_t number = 0;
  TENON_ASSIGN_OR_RETURN(const auto life, at_hand(&number));
  return run_in_worker(worker_, life, {number, recipe_.constants, written_}, *KernelRun::from_abi(run));
}

}  // namespace tenon::host
