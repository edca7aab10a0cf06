// Structs that end at a page nobody may read: as version 1 has them, as this version has, and with more behind them
// than it knows.
#include <cstring>
#include <list>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "conform/kernel/guarded_region.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::conform {
namespace {

using host::concat;

/// A copy of a struct's first `size` bytes in memory that ends with them. `grown`: bytes that a later version has
/// behind it.
template <typename T>
class Lent {
 public:
  Lent(const T& value, size_t grown, const char* what, size_t size = sizeof(T))
      : memory_(size + grown, alignof(T), GuardedRegion::Place::kAtEnd, what) {
    memory_.fill(std::byte{0xEE});
    std::memcpy(memory_.data(), &value, size);
    (*this)->struct_size = static_cast<uint32_t>(size + grown);
  }
  T* operator->() { return reinterpret_cast<T*>(memory_.data()); }
  T* get() { return reinterpret_cast<T*>(memory_.data()); }
  void make_read_only() { memory_.make_read_only(); }

 private:
  GuardedRegion memory_;
};

/// How large a host's structs are. Of those that are lent here tn_run_api alone has grown since version 1.
struct Sizes {
  const char* name;
  size_t run_api;
  size_t grown;  // bytes more, of all structs
};
constexpr Sizes kSizes[] = {{"as in version 1", host::kRunApiSizeV1, 0},
                            {"as today", sizeof(tn_run_api), 0},
                            {"8 bytes longer", sizeof(tn_run_api), 8},
                            {"256 bytes longer", sizeof(tn_run_api), 256}};

// The host's tables live as long as the process.
struct LentHost {
  Lent<tn_host> host;
  Lent<tn_graph_api> graph;
  Lent<tn_claims_api> claims;
  Lent<tn_run_api> run;

  explicit LentHost(const Sizes& sizes)
      : host(host::host_table(), sizes.grown, "tn_host"),
        graph(host::graph_api(), sizes.grown, "tn_graph_api"),
        claims(host::claims_api(), sizes.grown, "tn_claims_api"),
        run(host::run_api(), sizes.grown, "tn_run_api", sizes.run_api) {
    host->graph = graph.get(), host->claims = claims.get(), host->run = run.get();
    graph.make_read_only(), claims.make_read_only(), run.make_read_only(), host.make_read_only();
  }
};

}  // namespace

Outcome check_abi_sizes(const Subject& subject) {
  std::list<LentHost> hosts;  // a plugin may go on using the first that it was given
  for (const Sizes& sizes : kSizes) {
    const RawPlugin plugin(subject);
    LentHost& lent = hosts.emplace_back(sizes);
    const tn_provider* table = plugin.entry()(lent.host.get(), TN_ABI_VERSION);
    if (table == nullptr)
      return Outcome::fail("refuses-host", concat("the entry gives no table to a host whose structs are ", sizes.name));
    const InstanceRequest plain(subject.options);
    tn_instance_request asked = plain.get();
    asked.host = lent.host.get();
    Lent<tn_instance_request> request(asked, sizes.grown, "tn_instance_request");
    request.make_read_only();
    tn_provider_instance* instance = nullptr;
    if (const std::string message = take_message(table->create(request.get(), &instance)); !message.empty())
      return Outcome::fail("struct-size", concat("create fails where structs are ", sizes.name, ": ", message));
    table->destroy(instance);
  }
  return Outcome::pass();
}

}  // namespace tenon::conform
