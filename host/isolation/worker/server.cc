#include "host/isolation/worker/server.h"

#include <cstring>

#include "host/base/dtype.h"
#include "host/base/exceptions.h"
#include "host/formats/ort/reader.h"
#include "host/graph/schemas/op_schema.h"
#include "host/graph/schemas/output_hook.h"
#include "host/isolation/worker/describe.h"
#include "host/isolation/worker/sandbox.h"
#include "host/placement/described_schemas.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

std::vector<uint8_t> packed(const wire::ReplyT& reply) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::Reply::Pack(builder, &reply));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

wire::Place place_or_none(const std::unique_ptr<wire::Place>& place) {
  return place != nullptr ? *place : wire::Place();
}

}  // namespace

void Server::serve() {
  std::vector<uint8_t> message;
  for (FileDescriptor descriptor; channel_.receive(&message, &descriptor); descriptor = FileDescriptor()) {
    flatbuffers::Verifier verifier(message.data(), message.size());
    if (!verifier.VerifyBuffer<wire::Request>(nullptr)) break;
    wire::RequestT request;
    flatbuffers::GetRoot<wire::Request>(message.data())->UnPackTo(&request);
    wire::ReplyT reply;
    Status status = guarded([&] { return answer(request, std::move(descriptor), reply); });
    if (request.call == wire::Call::kDestroy) continue;
    if (!providers_.empty()) status = without_context(status, provider().name());
    reply.code = static_cast<uint32_t>(status.code());
    reply.message = status.message();
    if (!channel_.send(packed(reply))) break;
  }
  lanes_.reset();
  kernels_.clear();
  providers_.clear();
}

Status Server::answer(const wire::RequestT& request, FileDescriptor descriptor, wire::ReplyT& reply) {
  if (request.call == wire::Call::kHello) return hello(request, descriptor, reply);
  if (providers_.empty()) return error(TN_INTERNAL, "no library is loaded");
  switch (request.call) {
    case wire::Call::kMap: return segments_.add(request.segment, descriptor, place_or_none(request.place).length());
    case wire::Call::kOpenLane: return lanes_->open(place_or_none(request.place).offset());
    case wire::Call::kClaim: return claim(request, reply);
    case wire::Call::kCompile:
    case wire::Call::kCreate: return make(request, reply);
    case wire::Call::kHasOperator: return has_operator(request, reply);
    case wire::Call::kDescribe: reply.operators = described_operators(*provider().table()); return {};
    case wire::Call::kInfer: return infer(request, reply);
    case wire::Call::kFacts: return facts(reply);
    case wire::Call::kPackPlan: return pack_plan(request, reply);
    case wire::Call::kPack: return pack(request, reply);
    case wire::Call::kBindPack: return bind_pack(request);
    case wire::Call::kDestroy: {
      std::shared_ptr<Made> last;  // destroyed after the lock is released
      const std::lock_guard lock(mutex_);
      if (const auto found = kernels_.find(request.kernel); found != kernels_.end()) {
        last = std::move(found->second);
        kernels_.erase(found);
      }
      return {};
    }
    default: return error(TN_INTERNAL, "there is no such request");
  }
}

Status Server::hello(const wire::RequestT& request, const FileDescriptor& heap, wire::ReplyT& reply) {
  if (!providers_.empty()) return error(TN_INTERNAL, "a library is loaded already");
  TENON_RETURN_IF_ERROR(segments_.add(kHeapSegment, heap, place_or_none(request.place).length()));
  (void)ThreadPool::process();  // counts CPUs, which takes files
  Status confined = confine_before_loading();
  TENON_ASSIGN_OR_RETURN(library_, ProviderLibrary::load(request.library));
  if (confined.is_ok()) confined = confine_after_loading(library_->path().parent_path());
  ProviderSpec spec{request.library, {}};
  for (const auto& option : request.options) spec.options[option->name] = option->value;
  TENON_ASSIGN_OR_RETURN(auto provider,
                         Provider::create(spec, {request.max_workers, request.memory_limit, request.model_name}));
  reply.name = provider->name();
  reply.version = provider->version();
  reply.build = provider->build();
  reply.sandbox = confined.message();
  TENON_ASSIGN_OR_RETURN(reply.has_preferred, provider->has_preferred_kernels());
  providers_.push_back(std::move(provider));
  lanes_ =
      std::make_unique<LaneServer>(segments_, reply.name, [this](uint64_t number) -> std::shared_ptr<const Kernel> {
        const auto made = look_up(number);
        return made == nullptr ? nullptr : std::shared_ptr<const Kernel>(made, &made->kernel);
      });
  return {};
}

Result<Tensor> Server::tensor_at(tn_dtype dtype, std::vector<int64_t> shape, const wire::Place& place) {
  if (place.length() == 0) return Tensor(dtype, std::move(shape), nullptr, 0, nullptr, Residence::kDropped);
  const std::byte* const data = segments_.read_only(place.segment(), place.offset(), place.length());
  if (data == nullptr) return error(TN_INTERNAL, "a constant of ", place.length(), " bytes that lies nowhere");
  return Tensor(dtype, std::move(shape), data, place.length(), nullptr, Residence::kMapped);
}

Result<std::shared_ptr<Server::Received>> Server::receive(const wire::RequestT& request) {
  auto received = std::make_shared<Received>();
  const auto* const first = reinterpret_cast<const std::byte*>(request.graph.data());
  received->bytes.assign(first, first + request.graph.size());
  OrtReadOptions options;
  options.outside = [&](const std::string&, tn_dtype dtype, std::vector<int64_t> shape,
                        int64_t index) -> Result<Tensor> {
    if (static_cast<uint64_t>(index) >= request.constants.size())
      return error(TN_INTERNAL, "there is no constant ", index);
    return tensor_at(dtype, std::move(shape), request.constants[static_cast<size_t>(index)]);
  };
  TENON_ASSIGN_OR_RETURN(received->model, read_ort(received->bytes, nullptr, options));
  TENON_RETURN_IF_ERROR(bind_described_schemas(*received->model, providers_));
  if (received->graph().nodes().empty()) return error(TN_INTERNAL, "a graph without nodes");
  return received;
}

Status Server::claim(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(const auto received, receive(request));
  const auto& nodes = received->graph().nodes();
  std::map<const Node*, std::string> taken;
  for (const uint32_t index : request.taken)
    if (index < nodes.size()) taken.emplace(nodes[index].get(), "another provider");
  std::unordered_map<const Node*, uint32_t> number;
  for (const auto& node : nodes) number.emplace(node.get(), static_cast<uint32_t>(number.size()));
  TENON_ASSIGN_OR_RETURN(const ClaimResult result, provider().claim(received->graph(), taken));
  for (const ClaimedGroup& group : result.groups) {
    auto told = std::make_unique<wire::GroupT>();
    for (const Node* node : group.nodes) told->nodes.push_back(number.at(node));
    told->label = group.label;
    told->tag = group.tag;
    reply.groups.push_back(std::move(told));
  }
  for (const auto& [node, reason] : result.refusals) {
    auto told = std::make_unique<wire::RefusalT>();
    told->node = number.at(node);
    told->reason = reason;
    reply.refusals.push_back(std::move(told));
  }
  return {};
}

Status Server::make(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(auto received, receive(request));
  const auto purpose = static_cast<tn_purpose>(request.purpose);
  Result<Kernel> kernel = Status(TN_INTERNAL, "");
  if (request.call == wire::Call::kCompile) {
    ClaimedGroup group;
    for (const auto& node : received->graph().nodes()) group.nodes.push_back(node.get());
    group.label = request.label;
    group.tag = request.tag;
    const auto find = [&](const std::vector<std::string>& names, std::vector<Value*>& values) -> Status {
      for (const std::string& name : names) {
        values.push_back(received->graph().find_value(name));
        if (values.back() == nullptr) return error(TN_INTERNAL, "the group has no value '", name, "'");
      }
      return {};
    };
    TENON_RETURN_IF_ERROR(find(request.inputs, group.inputs));
    TENON_RETURN_IF_ERROR(find(request.outputs, group.outputs));
    kernel = provider().compile(group, purpose);
  } else {
    kernel = provider().create_kernel(received->node(), purpose);
  }
  TENON_RETURN_IF_ERROR(kernel.status());
  TENON_ASSIGN_OR_RETURN(reply.slots, kernel->pack_count());
  reply.flags = kernel->flags();
  reply.cost_ns = kernel->cost_ns();
  for (const tn_alias& alias : kernel->aliases()) reply.aliases.emplace_back(alias.output, alias.input, alias.kind);
  const std::lock_guard lock(mutex_);
  reply.kernel = next_++;
  kernels_.emplace(reply.kernel, std::make_shared<Made>(Made{std::move(received), std::move(*kernel)}));
  return {};
}

Status Server::has_operator(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(const auto received, receive(request));
  reply.has_operator = provider().has_operator(received->node());
  return {};
}

Status Server::infer(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(const auto received, receive(request));
  const Node& node = received->node();
  if (node.schema == nullptr || node.schema->hook == nullptr)
    return error(TN_INTERNAL, describe(node), ": the provider does not infer it");
  TENON_ASSIGN_OR_RETURN(const std::vector<OutputFacts> outputs, node.schema->hook->infer(node));
  for (const OutputFacts& output : outputs) {
    auto fact = std::make_unique<wire::OutputFactT>();
    if (output.type) fact->dtype = output.type->dtype;
    fact->has_shape = output.dims.has_value();
    if (output.dims)
      for (const Dim& dim : *output.dims) fact->shape.push_back(dim.value);
    reply.outputs.push_back(std::move(fact));
  }
  return {};
}

Status Server::facts(wire::ReplyT& reply) {
  ConstantReads reads = provider().constants_read();
  reply.memory_used = provider().memory_used();
  reply.reads = reads.count;
  reply.read_bytes = reads.bytes;
  reply.read_names = std::move(reads.names);
  return {};
}

std::shared_ptr<Server::Made> Server::look_up(uint64_t kernel) {
  const std::lock_guard lock(mutex_);
  const auto found = kernels_.find(kernel);
  return found == kernels_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<Server::Made>> Server::find(uint64_t kernel) {
  auto made = look_up(kernel);
  if (made == nullptr) return error(TN_INTERNAL, "there is no kernel ", kernel);
  return made;
}

Status Server::pack_plan(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(const auto made, find(request.kernel));
  TENON_ASSIGN_OR_RETURN(const tn_pack_plan plan, made->kernel.pack_plan(request.slot));
  if (plan.key.size > 0) reply.key.assign(plan.key.data, plan.key.size);
  reply.byte_length = plan.byte_length;
  reply.alignment = plan.alignment;
  reply.inputs.assign(plan.inputs, plan.inputs + plan.input_count);
  reply.sources_needed = plan.sources_needed;
  return {};
}

Status Server::pack(const wire::RequestT& request, wire::ReplyT& reply) {
  TENON_ASSIGN_OR_RETURN(const auto made, find(request.kernel));
  std::vector<Tensor> tensors;
  for (const auto& source : request.sources) {
    TENON_ASSIGN_OR_RETURN(Tensor tensor,
                           tensor_at(dtype_from_number(source->dtype), source->shape, place_or_none(source->place)));
    tensors.push_back(std::move(tensor));
  }
  std::vector<const Tensor*> sources;
  for (const Tensor& tensor : tensors) sources.push_back(&tensor);
  PackTarget target;
  std::vector<std::byte> appended;
  target.threads = std::max(request.threads, 1u);
  if (request.place != nullptr) {
    target.memory = segments_.writable(request.place->offset(), request.place->length());
    target.bytes = request.place->length();
    if (target.memory == nullptr) return error(TN_INTERNAL, "a blob that lies nowhere");
  } else {
    target.bytes = TN_LENGTH_UNKNOWN;
    target.appended = &appended;
  }
  TENON_RETURN_IF_ERROR(made->kernel.pack(request.slot, sources, target));
  const auto* const first = reinterpret_cast<const uint8_t*>(appended.data());
  reply.appended.assign(first, first + appended.size());
  return {};
}

Status Server::bind_pack(const wire::RequestT& request) {
  TENON_ASSIGN_OR_RETURN(const auto made, find(request.kernel));
  const wire::Place place = place_or_none(request.place);
  const std::byte* const blob = segments_.read_only(place.segment(), place.offset(), place.length());
  if (blob == nullptr) return error(TN_INTERNAL, "a blob that lies nowhere");
  return made->kernel.bind_pack(request.slot, blob, place.length());
}

}  // namespace tenon::host
