// One provider as a session has it: its instance, what it claims, the kernels that it makes. Everything that crosses
// the ABI goes through this folder. Used by one thread while a session opens.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/plugins/claimed_group.h"
#include "host/plugins/kernel.h"
#include "host/plugins/loading/provider_list.h"

namespace tenon::host {

class RegionSource;

/// Constants that a provider looked at while a session opened.
struct ConstantReads {
  size_t count = 0;
  uint64_t bytes = 0;
  std::vector<std::string> names;  // the first of them, each once
};

/// One provider instance of a session.
class Provider {
 public:
  static Result<std::unique_ptr<Provider>> create(const ProviderSpec& spec, const InstanceFacts& facts = {});
  /// Like create(), but the library is loaded and the instance made when the first claim or kernel is asked for, whose
  /// failure then is that of create(): a session that opens from a pack needs few of its providers. With options, which
  /// only the provider can judge, the same as create().
  static Result<std::unique_ptr<Provider>> defer(const ProviderSpec& spec, const InstanceFacts& facts = {});
  /// Of a table in this process, for tests and embedded providers; `table` must outlive the instance.
  static Result<std::unique_ptr<Provider>> create(const tn_provider& table,
                                                  const std::map<std::string, std::string>& options,
                                                  const InstanceFacts& facts = {});

  virtual ~Provider() = default;
  virtual std::string name() const = 0;
  virtual std::string version() const = 0;
  virtual std::string build() const = 0;                                  // of its library; empty for create(table)
  virtual std::filesystem::path path() const = 0;                         // empty for create(table)
  virtual const tn_provider* table() const = 0;                           // nullptr: deferred, and not needed so far
  virtual const std::map<std::string, std::string>& options() const = 0;  // as given to create()

  /// The form in force at `opset` of an operator that the provider describes; nullptr: none. Lives as long as this.
  /// Where the node's domain is not imported (opset 0), the newest.
  virtual Result<const OpSchema*> described(const Node& node, int64_t opset) = 0;
  /// Runs the claim hook over the nodes of `graph` that are not in `taken`; nothing when there is none.
  virtual Result<ClaimResult> claim(const Graph& graph, const std::map<const Node*, std::string>& taken) = 0;
  /// Compiles a group of claim(). TN_UNSUPPORTED when the provider compiles none.
  virtual Result<Kernel> compile(const ClaimedGroup& group, tn_purpose purpose = TN_FOR_RUNS) = 0;
  /// Looks for the node in the kernel table and makes its kernel. TN_UNSUPPORTED says why this provider does not take
  /// the node: no such operator, opset out of range, type not in the rules, or the factory's own reason.
  virtual Result<Kernel> create_kernel(const Node& node, tn_purpose purpose = TN_FOR_RUNS) = 0;
  /// Whether the kernel table has the node's operator in its version, for some types. Once create_kernel() was asked.
  virtual bool has_operator(const Node& node) const = 0;
  /// The constants whose bytes the provider has asked for so far, and the bytes that it holds of its own.
  virtual ConstantReads constants_read() const = 0;
  virtual uint64_t memory_used() const = 0;
  /// Where memory that its kernels read and write has to lie, so that it need not be copied; nullptr: anywhere.
  virtual std::shared_ptr<RegionSource> shared_memory() const { return nullptr; }
  /// Of one that runs in a process of its own, once it does: why that process is not confined; empty: it is.
  virtual std::string isolation() const { return ""; }
  /// Whether the kernel table has lines that are TN_KERNEL_PREFERRED.
  virtual Result<bool> has_preferred_kernels() = 0;
};

}  // namespace tenon::host
