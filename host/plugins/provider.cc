// Provider: the hooks of one instance, and kernels from its table.
#include "host/plugins/provider.h"

#include <algorithm>

#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/claims.h"
#include "host/plugins/described_operators.h"
#include "host/plugins/kernel_matching.h"
#include "host/plugins/loading/table_check.h"
#include "host/plugins/plugin_instance.h"

namespace tenon::host {
namespace {

class LoadedProvider final : public Provider {
 public:
  LoadedProvider(std::shared_ptr<const PluginInstance> instance, std::map<std::string, std::string> options)
      : instance_(std::move(instance)),
        options_(std::move(options)),
        operators_(DescribedOperators::create(instance_)),
        index_(*instance_->table) {}

  std::string name() const override { return instance_->name; }
  std::string version() const override { return instance_->table->version; }
  std::string build() const override { return instance_->library != nullptr ? instance_->library->build() : ""; }
  std::filesystem::path path() const override {
    return instance_->library != nullptr ? instance_->library->path() : std::filesystem::path();
  }
  const tn_provider* table() const override { return instance_->table; }
  const std::map<std::string, std::string>& options() const override { return options_; }

  Result<const OpSchema*> described(const Node& node, int64_t opset) override {
    return operators_->find(node.domain, node.op_type, opset);
  }
  Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) override;
  Result<Kernel> compile(const ClaimedGroup& group, tn_purpose purpose) override;
  Result<Kernel> create_kernel(const Node& node, tn_purpose purpose) override;
  bool has_operator(const Node& node) const override { return index_.has_operator(node); }
  ConstantReads constants_read() const override { return reads_; }
  uint64_t memory_used() const override {
    if (table()->memory_used == nullptr) return 0;
    uint64_t bytes = 0;
    call_plugin_and_log(call(PluginPhase::kMemoryUsed), name(), [&] { bytes = table()->memory_used(instance_->raw); });
    return bytes;
  }
  Result<bool> has_preferred_kernels() override { return index_.has_preferred(); }

 private:
  // What `make`, of the table, makes of the request: for `node`, or for a group that begins there.
  Result<Kernel> make_kernel(tn_make_kernel_fn make, const tn_kernel_request& request, tn_kernel_result result,
                             const Node* node, const ClaimedGroup* group);
  Result<Kernel> create_from(const tn_kernel_def& def, const Node& node, tn_purpose purpose);
  Status in_context(const Status& status) const {
    return status.is_ok() ? status : status.with_context("provider '" + name() + "'");
  }
  template <typename T>
  Result<T> in_context(Result<T> result) const {
    return result.is_ok() ? std::move(result) : Result<T>(in_context(result.status()));
  }
  void note(const std::vector<const Value*>& constants);
  PluginCall call(PluginPhase phase, const Node* node = nullptr, size_t group_size = 0) const {
    return PluginCall(phase, instance_->name, instance_->library_path(), node, group_size);
  }

  std::shared_ptr<const PluginInstance> instance_;
  const std::map<std::string, std::string> options_;
  const std::unique_ptr<DescribedOperators> operators_;
  KernelIndex index_;
  ConstantReads reads_;
};

void LoadedProvider::note(const std::vector<const Value*>& constants) {
  constexpr size_t kMostNamed = 20;
  for (const Value* value : constants) {
    ++reads_.count;
    reads_.bytes += value->constant->byte_length();
    const auto& names = reads_.names;
    if (names.size() < kMostNamed && std::find(names.begin(), names.end(), value->name) == names.end())
      reads_.names.push_back(value->name);
  }
}

Result<ClaimResult> LoadedProvider::claim(const Graph& graph, const std::map<const Node*, std::string>& taken) {
  if (table()->claim == nullptr) return ClaimResult{};
  const GraphScope scope;
  const tn_graph view{&graph, nullptr};
  tn_claims claims(graph, taken, table()->compile != nullptr);
  const Status status =
      call_plugin(call(PluginPhase::kClaim), [&] { return table()->claim(instance_->raw, &view, &claims); });
  note(scope.constants_read());
  TENON_RETURN_IF_ERROR(in_context(scope.judge(status)));
  return claims.take();
}

Result<Kernel> LoadedProvider::make_kernel(tn_make_kernel_fn make, const tn_kernel_request& request,
                                           tn_kernel_result result, const Node* node, const ClaimedGroup* group) {
  const size_t group_size = group == nullptr ? 0 : group->nodes.size();
  const PluginPhase phase = group == nullptr ? PluginPhase::kKernelCreate : PluginPhase::kCompile;
  const GraphScope scope;
  const Status status =
      call_plugin(call(phase, node, group_size), [&] { return make(instance_->raw, &request, &result); });
  note(scope.constants_read());
  if (!status.is_ok()) return scope.judge(status);
  if (result.kernel == nullptr)
    return error(TN_INTERNAL, phase_text(phase), " reports success for ",
                 group == nullptr ? describe(*node) : concat("the group '", group->label, "'"),
                 ", but hands over no kernel");
  TENON_RETURN_IF_ERROR(check_vtable(result.vtable));  // whose destroy the kernel needs
  Kernel made(result, instance_, node, group_size);
  TENON_RETURN_IF_ERROR(check_kernel_result(result));
  TENON_RETURN_IF_ERROR(scope.judge({}));
  return made;
}

Result<Kernel> LoadedProvider::compile(const ClaimedGroup& group, tn_purpose purpose) {
  if (table()->compile == nullptr)
    return in_context(
        error(TN_UNSUPPORTED, "the group '", group.label, "' cannot be compiled: there is no compile hook"));
  const Node* first = group.nodes.empty() ? nullptr : group.nodes.front();
  const tn_graph view{first == nullptr ? nullptr : first->graph, &group};
  const tn_kernel_request request{
      sizeof(tn_kernel_request), purpose, nullptr, nullptr, &view, to_abi(std::string_view(group.label)), group.tag};
  return in_context(make_kernel(table()->compile, request,
                                {sizeof(tn_kernel_result), 0, nullptr, nullptr, nullptr, 0, TN_MEMORY_HOST, 0, 0, 0},
                                first, &group));
}

Result<Kernel> LoadedProvider::create_from(const tn_kernel_def& def, const Node& node, tn_purpose purpose) {
  const tn_kernel_request request{sizeof(tn_kernel_request), purpose, to_abi(&node), &def, nullptr, {}, 0};
  return make_kernel(
      def.create, request,
      {sizeof(tn_kernel_result), def.flags, nullptr, def.vtable, def.aliases, def.alias_count, TN_MEMORY_HOST, 0, 0, 0},
      &node, nullptr);
}

Result<Kernel> LoadedProvider::create_kernel(const Node& node, tn_purpose purpose) {
  const KernelIndex::Match match = index_.match(node);
  std::string reason = match.reason;
  for (const tn_kernel_def* def : match.lines) {
    auto kernel = create_from(*def, node, purpose);
    if (kernel.is_ok()) return kernel;
    if (kernel.status().code() != TN_UNSUPPORTED) return in_context(kernel.status());
    reason += (reason.empty() ? "" : "; ") + kernel.status().message();
  }
  return in_context(Status(TN_UNSUPPORTED, reason));
}

Result<std::unique_ptr<Provider>> make_provider(std::shared_ptr<ProviderLibrary> library, const tn_provider& table,
                                                const std::map<std::string, std::string>& options,
                                                const InstanceFacts& facts) {
  TENON_ASSIGN_OR_RETURN(auto instance, PluginInstance::create(std::move(library), table, options, facts));
  return std::unique_ptr<Provider>(std::make_unique<LoadedProvider>(std::move(instance), options));
}

Result<std::unique_ptr<Provider>> create_loaded(const ProviderLibrary::File& file, const InstanceFacts& facts) {
  TENON_ASSIGN_OR_RETURN(auto library, ProviderLibrary::load(file));
  const tn_provider& table = library->table();
  return make_provider(std::move(library), table, {}, facts);
}

// A provider whose library is loaded when something is asked of it.
class DeferredProvider final : public Provider {
 public:
  DeferredProvider(ProviderLibrary::File file, InstanceFacts facts)
      : file_(std::move(file)), facts_(std::move(facts)) {}

  std::string name() const override { return file_.name; }
  std::string version() const override { return file_.version; }
  std::string build() const override { return file_.build; }
  std::filesystem::path path() const override { return file_.path; }
  const tn_provider* table() const override { return provider_ != nullptr ? provider_->table() : nullptr; }
  const std::map<std::string, std::string>& options() const override { return no_options_; }

  Result<const OpSchema*> described(const Node& node, int64_t opset) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->described(node, opset);
  }
  Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->claim(graph, taken);
  }
  Result<Kernel> compile(const ClaimedGroup& group, tn_purpose purpose) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->compile(group, purpose);
  }
  Result<Kernel> create_kernel(const Node& node, tn_purpose purpose) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->create_kernel(node, purpose);
  }
  ConstantReads constants_read() const override {
    return provider_ != nullptr ? provider_->constants_read() : ConstantReads();
  }
  uint64_t memory_used() const override { return provider_ != nullptr ? provider_->memory_used() : 0; }
  bool has_operator(const Node& node) const override { return provider_ != nullptr && provider_->has_operator(node); }
  Result<bool> has_preferred_kernels() override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->has_preferred_kernels();
  }

 private:
  Status make() {
    if (provider_ != nullptr) return {};
    TENON_ASSIGN_OR_RETURN(provider_, create_loaded(file_, facts_));
    if (provider_->name() == file_.name && provider_->version() == file_.version && provider_->build() == file_.build)
      return {};
    provider_.reset();
    return error(TN_INVALID_ARGUMENT, "provider '", file_.name, "': its library ", file_.path.string(),
                 " was replaced while the session was being opened; open it again");
  }

  const ProviderLibrary::File file_;
  const InstanceFacts facts_;
  const std::map<std::string, std::string> no_options_;
  std::unique_ptr<Provider> provider_;
};

}  // namespace

Result<std::unique_ptr<Provider>> Provider::create(const ProviderSpec& spec, const InstanceFacts& facts) {
  if (spec.name.empty()) return error(TN_INVALID_ARGUMENT, "a provider is asked for without a name");
  const bool is_path = spec.name.find('/') != std::string::npos;
  TENON_ASSIGN_OR_RETURN(auto library, is_path ? ProviderLibrary::load(spec.name) : ProviderLibrary::find(spec.name));
  const tn_provider& table = library->table();
  return make_provider(std::move(library), table, spec.options, facts);
}

Result<std::unique_ptr<Provider>> Provider::defer(const ProviderSpec& spec, const InstanceFacts& facts) {
  if (spec.name.empty() || !spec.options.empty()) return create(spec, facts);
  TENON_ASSIGN_OR_RETURN(auto file, ProviderLibrary::look_up(spec.name));
  return std::unique_ptr<Provider>(std::make_unique<DeferredProvider>(std::move(file), facts));
}

Result<std::unique_ptr<Provider>> Provider::create(const tn_provider& table,
                                                   const std::map<std::string, std::string>& options,
                                                   const InstanceFacts& facts) {
  TENON_RETURN_IF_ERROR(check_provider_table(table));
  return make_provider(nullptr, table, options, facts);
}

}  // namespace tenon::host
