// Structs that end at a page nobody may read, and structs with more behind them than this version knows.
#include <cstring>
#include <list>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "conform/kernel/guarded_region.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::conform {
namespace {

using host::concat;

/// A copy of a struct in memory that ends with it. `grown`: bytes that a later version has behind it.
template <typename T>
class Lent {
 public:
  Lent(const T& value, size_t grown, const char* what)
      : memory_(sizeof(T) + grown, alignof(T), GuardedRegion::Place::kAtEnd, what) {
    memory_.fill(std::byte{0xEE});
    std::memcpy(memory_.data(), &value, sizeof value);
    (*this)->struct_size = static_cast<uint32_t>(sizeof value + grown);
  }
  T* operator->() { return reinterpret_cast<T*>(memory_.data()); }
  T* get() { return reinterpret_cast<T*>(memory_.data()); }
  void make_read_only() { memory_.make_read_only(); }

 private:
  GuardedRegion memory_;
};

// The host's tables live as long as the process.
struct LentHost {
  Lent<tn_host> host;
  Lent<tn_graph_api> graph;
  Lent<tn_claims_api> claims;
  Lent<tn_run_api> run;

  explicit LentHost(size_t grown)
      : host(host::host_table(), grown, "tn_host"),
        graph(host::graph_api(), grown, "tn_graph_api"),
        claims(host::claims_api(), grown, "tn_claims_api"),
        run(host::run_api(), grown, "tn_run_api") {
    host->graph = graph.get(), host->claims = claims.get(), host->run = run.get();
    graph.make_read_only(), claims.make_read_only(), run.make_read_only(), host.make_read_only();
  }
};

}  // namespace

Outcome check_abi_sizes(const Subject& subject) {
  std::list<LentHost> hosts;  // a plugin may go on using the first that it was given
  for (const size_t grown : {size_t{0}, size_t{8}, size_t{256}}) {
    const RawPlugin plugin(subject);
    LentHost& lent = hosts.emplace_back(grown);
    const tn_provider* table = plugin.entry()(lent.host.get(), TN_ABI_VERSION);
    if (table == nullptr)
      return Outcome::fail("refuses-host", concat("the entry gives no table to a host whose tn_host has ", grown,
                                                  " bytes more than version 1"));
    const InstanceRequest plain(subject.options);
    tn_instance_request asked = plain.get();
    asked.host = lent.host.get();
    Lent<tn_instance_request> request(asked, grown, "tn_instance_request");
    request.make_read_only();
    tn_provider_instance* instance = nullptr;
    if (const std::string message = take_message(table->create(request.get(), &instance)); !message.empty())
      return Outcome::fail("struct-size", concat("create fails where structs have ", grown, " bytes more: ", message));
    table->destroy(instance);
  }
  return Outcome::pass();
}

}  // namespace tenon::conform
