// Provider: the hooks of one instance, and kernels from its table.
#include "host/plugins/provider.h"

#include "host/plugins/abi_call.h"
#include "host/plugins/abi_tables.h"
#include "host/plugins/claims.h"
#include "host/plugins/kernel_matching.h"
#include "host/plugins/plugin_instance.h"
#include "host/plugins/table_check.h"

namespace tenon::host {
namespace {

class LoadedProvider final : public Provider {
 public:
  LoadedProvider(std::shared_ptr<const PluginInstance> instance, std::map<std::string, std::string> options)
      : instance_(std::move(instance)), options_(std::move(options)), index_(*instance_->table) {}

  std::string name() const override { return instance_->name; }
  std::string version() const override { return instance_->table->version; }
  std::string build() const override { return instance_->library != nullptr ? instance_->library->build() : ""; }
  std::filesystem::path path() const override {
    return instance_->library != nullptr ? instance_->library->path() : std::filesystem::path();
  }
  const tn_provider* table() const override { return instance_->table; }
  const std::map<std::string, std::string>& options() const override { return options_; }

  Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) override;
  Result<Kernel> compile(const ClaimedGroup& group) override;
  Result<Kernel> create_kernel(const Node& node) override;
  bool has_operator(const Node& node) const override { return index_.has_operator(node); }
  Result<bool> has_preferred_kernels() override { return index_.has_preferred(); }

 private:
  Result<Kernel> create_from(const tn_kernel_def& def, const Node& node);
  Status in_context(const Status& status) const {
    return status.is_ok() ? status : status.with_context("provider '" + name() + "'");
  }
  PluginCall call(PluginPhase phase, const Node* node = nullptr, size_t group_size = 0) const {
    return PluginCall(phase, instance_->name, instance_->library_path(), node, group_size);
  }

  std::shared_ptr<const PluginInstance> instance_;
  const std::map<std::string, std::string> options_;
  KernelIndex index_;
};

Result<ClaimResult> LoadedProvider::claim(const Graph& graph, const std::map<const Node*, std::string>& taken) {
  if (table()->claim == nullptr) return ClaimResult{};
  const GraphScope scope;
  const tn_graph view{&graph, nullptr};
  tn_claims claims(graph, taken, table()->compile != nullptr);
  TENON_RETURN_IF_ERROR(in_context(scope.judge(
      call_plugin(call(PluginPhase::kClaim), [&] { return table()->claim(instance_->raw, &view, &claims); }))));
  return claims.take();
}

Result<Kernel> LoadedProvider::compile(const ClaimedGroup& group) {
  if (table()->compile == nullptr)
    return in_context(
        error(TN_UNSUPPORTED, "the group '", group.label, "' cannot be compiled: there is no compile hook"));
  const GraphScope scope;
  const Node* first = group.nodes.empty() ? nullptr : group.nodes.front();
  const tn_graph view{first == nullptr ? nullptr : first->graph, &group};
  const tn_kernel_vtable* vtable = nullptr;
  tn_kernel* kernel = nullptr;
  TENON_RETURN_IF_ERROR(in_context(call_plugin(call(PluginPhase::kCompile, first, group.nodes.size()), [&] {
    return table()->compile(instance_->raw, &view, &vtable, &kernel);
  })));
  TENON_RETURN_IF_ERROR(in_context(check_vtable(vtable)));
  if (kernel == nullptr)
    return in_context(
        error(TN_INTERNAL, "compile reports success for the group '", group.label, "', but hands over no kernel"));
  Kernel made(vtable, kernel, 0, 0, instance_, first, group.nodes.size());
  TENON_RETURN_IF_ERROR(in_context(scope.judge({})));
  return made;
}

Result<Kernel> LoadedProvider::create_from(const tn_kernel_def& def, const Node& node) {
  const GraphScope scope;
  tn_kernel* kernel = nullptr;
  const Status status = call_plugin(call(PluginPhase::kKernelCreate, &node),
                                    [&] { return def.create(instance_->raw, to_abi(&node), &kernel); });
  if (!status.is_ok()) return scope.judge(status);
  if (kernel == nullptr)
    return error(TN_INTERNAL, "create reports success for ", describe(node), ", but hands over no kernel");
  Kernel made(def.vtable, kernel, def.may_reuse_input, def.flags, instance_, &node);
  TENON_RETURN_IF_ERROR(scope.judge({}));
  return made;
}

Result<Kernel> LoadedProvider::create_kernel(const Node& node) {
  const KernelIndex::Match match = index_.match(node);
  std::string reason = match.reason;
  for (const tn_kernel_def* def : match.lines) {
    auto kernel = create_from(*def, node);
    if (kernel.is_ok()) return kernel;
    if (kernel.status().code() != TN_UNSUPPORTED) return in_context(kernel.status());
    reason += (reason.empty() ? "" : "; ") + kernel.status().message();
  }
  return in_context(Status(TN_UNSUPPORTED, reason));
}

Result<std::unique_ptr<Provider>> make_provider(std::shared_ptr<ProviderLibrary> library, const tn_provider& table,
                                                const std::map<std::string, std::string>& options) {
  TENON_ASSIGN_OR_RETURN(auto instance, PluginInstance::create(std::move(library), table, options));
  return std::unique_ptr<Provider>(std::make_unique<LoadedProvider>(std::move(instance), options));
}

Result<std::unique_ptr<Provider>> create_loaded(const ProviderLibrary::File& file) {
  TENON_ASSIGN_OR_RETURN(auto library, ProviderLibrary::load(file));
  const tn_provider& table = library->table();
  return make_provider(std::move(library), table, {});
}

// A provider whose library is loaded when something is asked of it.
class DeferredProvider final : public Provider {
 public:
  explicit DeferredProvider(ProviderLibrary::File file) : file_(std::move(file)) {}

  std::string name() const override { return file_.name; }
  std::string version() const override { return file_.version; }
  std::string build() const override { return file_.build; }
  std::filesystem::path path() const override { return file_.path; }
  const tn_provider* table() const override { return provider_ != nullptr ? provider_->table() : nullptr; }
  const std::map<std::string, std::string>& options() const override { return no_options_; }

  Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->claim(graph, taken);
  }
  Result<Kernel> compile(const ClaimedGroup& group) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->compile(group);
  }
  Result<Kernel> create_kernel(const Node& node) override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->create_kernel(node);
  }
  bool has_operator(const Node& node) const override { return provider_ != nullptr && provider_->has_operator(node); }
  Result<bool> has_preferred_kernels() override {
    TENON_RETURN_IF_ERROR(make());
    return provider_->has_preferred_kernels();
  }

 private:
  Status make() {
    if (provider_ != nullptr) return {};
    TENON_ASSIGN_OR_RETURN(provider_, create_loaded(file_));
    if (provider_->name() == file_.name && provider_->version() == file_.version && provider_->build() == file_.build)
      return {};
    provider_.reset();
    return error(TN_INVALID_ARGUMENT, "provider '", file_.name, "': its library ", file_.path.string(),
                 " was replaced while the session was being opened; open it again");
  }

  const ProviderLibrary::File file_;
  const std::map<std::string, std::string> no_options_;
  std::unique_ptr<Provider> provider_;
};

}  // namespace

Result<std::unique_ptr<Provider>> Provider::create(const ProviderSpec& spec) {
  if (spec.name.empty()) return error(TN_INVALID_ARGUMENT, "a provider is asked for without a name");
  const bool is_path = spec.name.find('/') != std::string::npos;
  TENON_ASSIGN_OR_RETURN(auto library, is_path ? ProviderLibrary::load(spec.name) : ProviderLibrary::find(spec.name));
  const tn_provider& table = library->table();
  return make_provider(std::move(library), table, spec.options);
}

Result<std::unique_ptr<Provider>> Provider::defer(const ProviderSpec& spec) {
  if (spec.name.empty() || !spec.options.empty()) return create(spec);
  TENON_ASSIGN_OR_RETURN(auto file, ProviderLibrary::look_up(spec.name));
  return std::unique_ptr<Provider>(std::make_unique<DeferredProvider>(std::move(file)));
}

Result<std::unique_ptr<Provider>> Provider::create(const tn_provider& table,
                                                   const std::map<std::string, std::string>& options) {
  TENON_RETURN_IF_ERROR(check_provider_table(table));
  return make_provider(nullptr, table, options);
}

}  // namespace tenon::host
