#include "host/isolation/isolated_provider.h"

#include <array>
#include <map>
#include <tuple>

#include "host/isolation/described_table.h"
#include "host/isolation/isolated_kernel.h"
#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/claims.h"
#include "host/plugins/described_operators.h"
#include "host/plugins/loading/operator_check.h"
#include "host/plugins/loading/table_check.h"
#include "host/plugins/plugin_instance.h"

namespace tenon::host {
namespace {

tn_status* infer_in_worker(tn_provider_instance* raw, const tn_infer_args* args);

class IsolatedProvider final : public Provider {
 public:
  IsolatedProvider(WorkerFacts facts, std::shared_ptr<SharedHeap> heap)
      : worker_(std::make_shared<Worker>(std::move(facts), std::move(heap))),
        instance_(std::make_shared<PluginInstance>()) {
    instance_->name = library().name;
    instance_->process = worker_.get();
  }

  std::string name() const override { return library().name; }
  std::string version() const override { return library().version; }
  std::string build() const override { return library().build; }
  std::filesystem::path path() const override { return library().path; }
  const tn_provider* table() const override { return is_ready_ ? &table_ : nullptr; }
  const std::map<std::string, std::string>& options() const override { return worker_->facts().options; }
  std::shared_ptr<RegionSource> shared_memory() const override { return worker_->heap(); }
  std::string isolation() const override { return sandbox_; }

  Result<const OpSchema*> described(const Node& node, int64_t opset) override;
  Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) override;
  Result<Kernel> compile(const ClaimedGroup& group, tn_purpose purpose) override;
  Result<Kernel> create_kernel(const Node& node, tn_purpose purpose) override;
  bool has_operator(const Node& node) const override {
    const auto found = operators_.find(operator_of(node));
    return found != operators_.end() && found->second;
  }
  ConstantReads constants_read() const override;
  uint64_t memory_used() const override { return facts().memory_used; }
  Result<bool> has_preferred_kernels() override {
    TENON_RETURN_IF_ERROR(prepare());
    return has_preferred_;
  }

  /// Starts the process, and learns what the provider describes.
  Status prepare();
  Status infer(const tn_infer_args& args);

 private:
  using Operator = std::tuple<std::string, std::string, int>;
  static Operator operator_of(const Node& node) { return {node.domain, node.op_type, node.since_version}; }
  const ProviderLibrary::File& library() const { return worker_->facts().library; }

  Status note_operator(WorkerLife& life, KernelRecipe& recipe, bool is_made, const Node& node);
  Result<Kernel> make(KernelRecipe recipe, tn_purpose purpose, const Node* node, size_t group_size);
  Result<GraphPart> part_of(std::span<const Node* const> nodes, std::span<const Value* const> outputs);
  Status add_constants(const std::vector<Value*>& inputs, KernelRecipe& recipe);
  Result<wire::ReplyT> ask(const wire::RequestT& request);
  wire::ReplyT facts() const;
  PluginCall call(PluginPhase phase, const Node* node = nullptr, size_t group_size = 0) const {
    return PluginCall(phase, instance_->name, library().path.native(), node, group_size);
  }
  Status in_context(const Status& status) const { return status.with_context("provider '" + name() + "'"); }
  template <typename T>
  Result<T> in_context(Result<T> result) const {
    return result.is_ok() ? std::move(result) : Result<T>(in_context(result.status()));
  }

  const std::shared_ptr<Worker> worker_;
  const std::shared_ptr<PluginInstance> instance_;  // names the provider; its table is of described operators alone
  bool is_ready_ = false, has_preferred_ = false;
  std::string sandbox_;
  tn_provider table_{};
  std::unique_ptr<DescribedTable> described_;
  std::unique_ptr<DescribedOperators> schemas_;
  std::map<Operator, bool> operators_;  // that kernels were asked for; whether the provider has them
};

void put_graph(const GraphPart& part, wire::RequestT& request) {
  request.graph = part.bytes;
  for (const Reached& constant : part.constants)
    request.constants.emplace_back(constant.segment, constant.offset, constant.bytes);
}

std::vector<const Value*> present(const std::vector<Value*>& values) {
  std::vector<const Value*> found;
  for (const Value* value : values)
    if (value != nullptr) found.push_back(value);
  return found;
}

Status IsolatedProvider::prepare() {
  if (is_ready_) return {};
  const PluginCall create = call(PluginPhase::kCreate);
  TENON_ASSIGN_OR_RETURN(const auto life, in_context(worker_->life()));
  wire::RequestT request;
  request.call = wire::Call::kDescribe;
  TENON_ASSIGN_OR_RETURN(wire::ReplyT reply, in_context(worker_->ask(*life, request)));
  has_preferred_ = life->hello.has_preferred;
  sandbox_ = life->hello.sandbox;
  described_ = std::make_unique<DescribedTable>(std::move(reply.operators), &infer_in_worker);
  table_.struct_size = sizeof table_;
  table_.abi_version = TN_ABI_VERSION;
  table_.name = library().name.c_str();
  table_.version = library().version.c_str();
  table_.operators = described_->operators().data();
  table_.operator_count = static_cast<uint32_t>(described_->operators().size());
  table_.operator_stride = sizeof(tn_operator);
  TENON_RETURN_IF_ERROR(in_context(check_operators(table_)));
  // Borrows the table, which lies here as well, and has nothing to destroy.
  auto describing = std::make_shared<PluginInstance>();
  describing->name = library().name;
  describing->raw = reinterpret_cast<tn_provider_instance*>(this);
  describing->table = &table_;
  table_.destroy = [](tn_provider_instance*) {};
  schemas_ = DescribedOperators::create(std::move(describing));
  is_ready_ = true;
  return {};
}

Result<wire::ReplyT> IsolatedProvider::ask(const wire::RequestT& request) {
  TENON_ASSIGN_OR_RETURN(const auto life, worker_->life());
  return worker_->ask(*life, request);
}

Result<GraphPart> IsolatedProvider::part_of(std::span<const Node* const> nodes, std::span<const Value* const> outputs) {
  return write_graph_part(nodes, outputs,
                          [&](const Tensor& tensor) { return worker_->reach(tensor.data(), tensor.byte_length()); });
}

Result<const OpSchema*> IsolatedProvider::described(const Node& node, int64_t opset) {
  TENON_RETURN_IF_ERROR(prepare());
  return schemas_->find(node.domain, node.op_type, opset);
}

Status IsolatedProvider::infer(const tn_infer_args& args) {
  const Node* const node = from_abi(args.node);
  const auto outputs = present(node->outputs);
  TENON_ASSIGN_OR_RETURN(const GraphPart part, part_of(std::array{node}, outputs));
  wire::RequestT request;
  request.call = wire::Call::kInfer;
  put_graph(part, request);
  TENON_ASSIGN_OR_RETURN(const wire::ReplyT reply, ask(request));
  for (uint32_t i = 0; i < reply.outputs.size(); ++i) {
    const wire::OutputFactT& fact = *reply.outputs[i];
    const uint32_t rank = fact.has_shape ? static_cast<uint32_t>(fact.shape.size()) : TN_RANK_UNKNOWN;
    TENON_RETURN_IF_ERROR(adopt_status(args.set_output(&args, i, fact.dtype, rank, fact.shape.data())));
  }
  return {};
}

tn_status* infer_in_worker(tn_provider_instance* raw, const tn_infer_args* args) {
  return to_abi(guarded([&] { return reinterpret_cast<IsolatedProvider*>(raw)->infer(*args); }));
}

Result<ClaimResult> IsolatedProvider::claim(const Graph& graph, const std::map<const Node*, std::string>& taken) {
  TENON_RETURN_IF_ERROR(prepare());
  std::vector<const Node*> nodes;
  wire::RequestT request;
  request.call = wire::Call::kClaim;
  for (const auto& node : graph.nodes()) {
    if (taken.contains(node.get())) request.taken.push_back(static_cast<uint32_t>(nodes.size()));
    nodes.push_back(node.get());
  }
  if (nodes.empty()) return ClaimResult();
  TENON_ASSIGN_OR_RETURN(const GraphPart part, in_context(part_of(nodes, present(graph.outputs))));
  put_graph(part, request);
  const PluginCall claiming = call(PluginPhase::kClaim);
  TENON_ASSIGN_OR_RETURN(const wire::ReplyT reply, in_context(ask(request)));
  // What the process says counts as if the library had said it.
  const auto node_at = [&](uint32_t index) { return index < nodes.size() ? nodes[index] : nullptr; };
  tn_claims claims(graph, taken, true);
  for (const auto& group : reply.groups) {
    std::vector<const Node*> members;
    for (const uint32_t index : group->nodes) members.push_back(node_at(index));
    TENON_RETURN_IF_ERROR(in_context(claims.claim_group(members, group->label, group->tag)));
  }
  for (const auto& refusal : reply.refusals)
    if (const Node* node = node_at(refusal->node)) claims.refuse(node, refusal->reason);
  return claims.take();
}

Status IsolatedProvider::add_constants(const std::vector<Value*>& inputs, KernelRecipe& recipe) {
  for (const Value* value : inputs) {
    KernelRecipe::Constant& constant = recipe.constants.emplace_back();
    if (value == nullptr || !value->is_constant() || value->constant->dtype() == TN_STRING) continue;
    const Tensor& tensor = *value->constant;
    if (tensor.byte_length() == 0) continue;
    TENON_ASSIGN_OR_RETURN(constant.reached, worker_->reach(tensor.data(), tensor.byte_length()));
    constant.data = tensor.data();
  }
  return {};
}

Result<Kernel> IsolatedProvider::make(KernelRecipe recipe, tn_purpose purpose, const Node* node, size_t group_size) {
  const PluginCall making = call(group_size > 0 ? PluginPhase::kCompile : PluginPhase::kKernelCreate, node, group_size);
  recipe.request.purpose = purpose;
  put_graph(recipe.part, recipe.request);
  TENON_ASSIGN_OR_RETURN(const auto life, in_context(worker_->life()));
  auto reply = worker_->ask(*life, recipe.request);
  if (group_size == 0) TENON_RETURN_IF_ERROR(note_operator(*life, recipe, reply.is_ok(), *node));
  if (!reply.is_ok()) return in_context(reply.status());
  tn_kernel_result result{};
  result.struct_size = sizeof result;
  TENON_RETURN_IF_ERROR(
      in_context(IsolatedKernel::create(worker_, life, std::move(recipe), std::move(*reply), &result)));
  Kernel made(result, instance_, node, group_size);
  TENON_RETURN_IF_ERROR(in_context(check_kernel_result(result)));
  return made;
}

// Of a kernel that was made it is clear, of a node that was refused it is asked once.
Status IsolatedProvider::note_operator(WorkerLife& life, KernelRecipe& recipe, bool is_made, const Node& node) {
  const Operator known = operator_of(node);
  if (!is_made && !operators_.contains(known)) {
    recipe.request.call = wire::Call::kHasOperator;
    TENON_ASSIGN_OR_RETURN(const wire::ReplyT reply, in_context(worker_->ask(life, recipe.request)));
    operators_[known] = reply.has_operator;
  } else if (is_made) {
    operators_[known] = true;
  }
  return {};
}

Result<Kernel> IsolatedProvider::compile(const ClaimedGroup& group, tn_purpose purpose) {
  TENON_RETURN_IF_ERROR(prepare());
  const std::vector<const Node*> nodes(group.nodes.begin(), group.nodes.end());
  KernelRecipe recipe;
  TENON_ASSIGN_OR_RETURN(recipe.part, in_context(part_of(nodes, present(group.outputs))));
  recipe.request.call = wire::Call::kCompile;
  recipe.request.label = group.label;
  recipe.request.tag = group.tag;
  for (const Value* input : group.inputs) recipe.request.inputs.push_back(input->name);
  for (const Value* output : group.outputs) recipe.request.outputs.push_back(output->name);
  TENON_RETURN_IF_ERROR(in_context(add_constants(group.inputs, recipe)));
  return make(std::move(recipe), purpose, nodes.empty() ? nullptr : nodes.front(), nodes.size());
}

Result<Kernel> IsolatedProvider::create_kernel(const Node& node, tn_purpose purpose) {
  TENON_RETURN_IF_ERROR(prepare());
  KernelRecipe recipe;
  const Node* const nodes[] = {&node};
  TENON_ASSIGN_OR_RETURN(recipe.part, in_context(part_of(nodes, present(node.outputs))));
  recipe.request.call = wire::Call::kCreate;
  TENON_RETURN_IF_ERROR(in_context(add_constants(node.inputs, recipe)));
  return make(std::move(recipe), purpose, &node, 0);
}

wire::ReplyT IsolatedProvider::facts() const {
  wire::RequestT request;
  request.call = wire::Call::kFacts;
  if (!is_ready_) return {};
  const auto life = worker_->life();
  if (!life.is_ok()) return {};
  auto reply = worker_->ask(**life, request);
  return reply.is_ok() ? std::move(*reply) : wire::ReplyT();
}

ConstantReads IsolatedProvider::constants_read() const {
  wire::ReplyT told = facts();
  ConstantReads reads;
  reads.count = told.reads;
  reads.bytes = told.read_bytes;
  reads.names = std::move(told.read_names);
  return reads;
}

}  // namespace

Result<std::unique_ptr<Provider>> isolate_provider(const ProviderSpec& spec, const InstanceFacts& facts,
                                                   std::shared_ptr<SharedHeap> heap) {
  if (spec.name.empty()) return error(TN_INVALID_ARGUMENT, "a provider is asked for without a name");
  TENON_ASSIGN_OR_RETURN(auto file, ProviderLibrary::look_up(spec.name));
  auto provider =
      std::make_unique<IsolatedProvider>(WorkerFacts{std::move(file), spec.options, facts}, std::move(heap));
  if (!spec.options.empty()) TENON_RETURN_IF_ERROR(provider->prepare());
  return std::unique_ptr<Provider>(std::move(provider));
}

}  // namespace tenon::host
