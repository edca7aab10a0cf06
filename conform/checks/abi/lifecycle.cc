#include <mutex>
#include <optional>
#include <thread>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "conform/checks/process_watch.h"

namespace tenon::conform {
namespace {

constexpr int kRounds = 50, kThreads = 4;

void make_and_destroy(const tn_provider& table, const Subject& subject) {
  for (int i = 0; i < kRounds; ++i) {
    tn_provider_instance* first = create_instance(table, subject);
    tn_provider_instance* second = create_instance(table, subject);
    table.destroy(first);
    table.destroy(second);
  }
}

}  // namespace

Outcome check_abi_extensions(const Subject& subject) {
  const RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  if (table.extension == nullptr) return Outcome::pass("none offered");
  tn_provider_instance* instance = create_instance(table, subject);
  for (const std::string& name : {std::string("tenon.no_such_extension/1"), std::string(), std::string(1 << 16, 'x')})
    if (table.extension(instance, {name.data(), name.size()}) != nullptr)
      return Outcome::fail("unknown-extension", "extension gives a table for a name that nobody has heard of");
  table.destroy(instance);
  return Outcome::pass();
}

Outcome check_abi_lifecycle(const Subject& subject) {
  const ProcessWatch watch;
  const RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  make_and_destroy(table, subject);
  if (&plugin.table() != &table || plugin.table().kernel_count != table.kernel_count)
    return Outcome::fail("entry-keeps-state", "the entry gives another table when it is called again");
  std::optional<Breach> breach;
  std::vector<std::thread> threads;
  std::mutex mutex;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      try {
        make_and_destroy(table, subject);
      } catch (const Breach& met) {
        const std::lock_guard lock(mutex);
        breach = met;
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (!breach) breach = watch.breach();
  if (breach) throw *breach;
  return Outcome::pass();
}

}  // namespace tenon::conform
