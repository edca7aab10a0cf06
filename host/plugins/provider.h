// Providers on the host's side: finding and loading their libraries, instances per session, kernels, claims. Everything
// that crosses the ABI goes through this folder.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/plugins/kernel_run.h"
#include "host/plugins/plugin_call.h"

namespace tenon::host {

struct PluginInstance;

/// A provider as the user asks for it.
struct ProviderSpec {
  std::string name;  // "cpu_blas", or the path of a library (anything with a '/')
  std::map<std::string, std::string> options;
};

/// The order that is taken when the user names none.
inline constexpr const char* kDefaultProviders = "cpu_blas,cpu_ref";

/// Parses "cpu_blas,cpu_ref:key=value;key2=value2,./my.so".
Result<std::vector<ProviderSpec>> parse_provider_list(const std::string& text);

/// A loaded provider library. Pinned until process exit unless unload() is asked for. Thread-safe.
class ProviderLibrary {
 public:
  /// Loads a library, or gives the one already loaded from that file. The descriptor is read and judged (architecture,
  /// ABI version, CPU features, sanitizer) before any of its code runs. Each way to fail has its own message.
  static Result<std::shared_ptr<ProviderLibrary>> load(const std::filesystem::path& path);
  /// Finds `name` (file lib<name>.so or <name>.so) in TENON_PROVIDER_PATH, then in the folder `tenon/providers` beside
  /// libtenon, then beside libtenon itself, and loads it. TN_NOT_FOUND lists the places searched.
  static Result<std::shared_ptr<ProviderLibrary>> find(const std::string& name);
  /// A library file and what its descriptor says. None of its code has run.
  struct File {
    std::filesystem::path path;
    std::string name, version, build;
  };
  /// The file that load() or find() would load for `name`, a path or a name, judged as they judge it.
  static Result<File> look_up(const std::string& name);
  static Result<std::shared_ptr<ProviderLibrary>> load(const File& file);

  virtual ~ProviderLibrary() = default;
  virtual const tn_provider& table() const = 0;
  virtual const std::filesystem::path& path() const = 0;
  virtual std::string name() const = 0;
  virtual std::string version() const = 0;
  virtual std::string build() const = 0;  // as Descriptor::build, of the file that was loaded
  /// Closes the library when its last instance is gone instead of keeping it until process exit.
  virtual void unload_when_unused() = 0;
};

/// A kernel made by a provider. Move-only; destroys the kernel. run() is safe from several threads at once.
class Kernel {
 public:
  Kernel() = default;
  /// `instance`, when there is one, is kept until the kernel is destroyed. `node`, for messages, must outlive the
  /// kernel; `group_size`: of a claimed group that begins there.
  Kernel(const tn_kernel_vtable* vtable, tn_kernel* kernel, uint32_t may_reuse_input, bool deterministic,
         std::shared_ptr<const PluginInstance> instance = nullptr, const Node* node = nullptr, size_t group_size = 0)
      : vtable_(vtable),
        kernel_(kernel),
        may_reuse_input_(may_reuse_input),
        deterministic_(deterministic),
        group_size_(static_cast<uint32_t>(group_size)),
        node_(node),
        instance_(std::move(instance)) {}
  Kernel(Kernel&& other) noexcept;
  Kernel& operator=(Kernel&& other) noexcept;
  ~Kernel();

  explicit operator bool() const { return kernel_ != nullptr; }
  Status run(KernelRun& run) const;
  /// byte_length 0 when the kernel does not pack this input. plan.key is borrowed from the kernel.
  Result<tn_pack_plan> pack_plan(uint32_t input) const;
  Status pack(uint32_t input, const Tensor& weight, void* blob) const;
  Status bind_pack(uint32_t input, const void* blob, uint64_t byte_length);
  /// Bit i: output 0 may take the memory of input i.
  uint32_t may_reuse_input() const { return may_reuse_input_; }
  bool is_deterministic() const { return deterministic_; }

 private:
  const tn_kernel_vtable* vtable_ = nullptr;
  tn_kernel* kernel_ = nullptr;
  uint32_t may_reuse_input_ = 0;
  bool deterministic_ = true;
  uint32_t group_size_ = 0;
  const Node* node_ = nullptr;
  std::shared_ptr<const PluginInstance> instance_;

  PluginCall call(PluginPhase phase) const;

  Status in_context(const Status& status) const;
};

/// Nodes that a provider compiles into one kernel, with the group's interface: the kernel's inputs and outputs in
/// order.
struct ClaimedGroup {
  std::vector<Node*> nodes;  // topological order
  std::string label;
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;
};

/// What a provider's claim hook asked for.
struct ClaimResult {
  std::vector<ClaimedGroup> groups;
  std::map<const Node*, std::string> refusals;
};

/// One provider instance of a session.
class Provider {
 public:
  static Result<std::unique_ptr<Provider>> create(const ProviderSpec& spec);
  /// Like create(), but the library is loaded and the instance made when the first claim or kernel is asked for, whose
  /// failure then is that of create(): a session that opens from a pack needs few of its providers. With options, which
  /// only the provider can judge, the same as create().
  static Result<std::unique_ptr<Provider>> defer(const ProviderSpec& spec);
  /// Of a table in this process, for tests and embedded providers; `table` must outlive the instance.
  static Result<std::unique_ptr<Provider>> create(const tn_provider& table,
                                                  const std::map<std::string, std::string>& options);

  virtual ~Provider() = default;
  virtual std::string name() const = 0;
  virtual std::string version() const = 0;
  virtual std::string build() const = 0;                                  // of its library; empty for create(table)
  virtual std::filesystem::path path() const = 0;                         // empty for create(table)
  virtual const tn_provider* table() const = 0;                           // nullptr: deferred, and not needed so far
  virtual const std::map<std::string, std::string>& options() const = 0;  // as given to create()

  /// Runs the claim hook over the nodes of `graph` that are not in `taken`; nothing when there is none.
  virtual Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) = 0;
  /// Compiles a group of claim(). TN_UNSUPPORTED when the provider compiles none.
  virtual Result<Kernel> compile(const ClaimedGroup& group) = 0;
  /// Looks for the node in the kernel table and makes its kernel. TN_UNSUPPORTED says why this provider does not take
  /// the node: no such operator, opset out of range, type not in the rules, or the factory's own reason.
  virtual Result<Kernel> create_kernel(const Node& node) = 0;
  /// Whether the kernel table has the node's operator in its version, for some types. Once create_kernel() was asked.
  virtual bool has_operator(const Node& node) const = 0;
};

/// The table that plugins are given. Lives as long as the process.
const tn_host& host_table();
/// Takes over a tn_status from a plugin and frees it.
Status adopt_status(tn_status* raw);
/// Makes a tn_status for a plugin to receive; NULL for success.
tn_status* to_abi(const Status& status);

}  // namespace tenon::host
