#include <dlfcn.h>

#include <algorithm>
#include <chrono>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "conform/checks/loading/process_facts.h"
#include "conform/checks/process_watch.h"
#include "conform/kernel/breaches.h"
#include "host/plugins/provider.h"

namespace tenon::conform {
namespace {

using host::concat;
using Clock = std::chrono::steady_clock;

std::string added_file(const std::vector<std::string>& before) {
  for (const std::string& file : open_files())
    if (!std::binary_search(before.begin(), before.end(), file)) return file;
  return {};
}

}  // namespace

Outcome check_loading_opens(const Subject& subject) {
  auto provider = host::Provider::create({subject.library.string(), subject.options});
  if (provider.is_ok()) return Outcome::pass(concat((*provider)->name(), " ", (*provider)->version()));
  const Breach breach = breach_of("loading", provider.status());
  return Outcome::fail(breach.finding() == "fails-unasked" ? "not-loadable" : breach.finding(), breach.what());
}

Outcome check_loading_quiet(const Subject& subject) {
  // What the library needs may be loud; it is loaded on its own account.
  const size_t threads = thread_count();
  const std::vector<std::string> files = open_files();
  const ProcessWatch watch;
  void* handle = dlopen(subject.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Outcome::fail("not-loadable", dlerror());
  const auto loud = [](const std::string& what) {
    return Outcome::fail("constructor-works", "loading the library, before its entry is called, " + what);
  };
  if (thread_count() != threads) return loud("starts threads");
  if (const std::string file = added_file(files); !file.empty()) return loud("opens " + file);
  if (const auto breach = watch.breach()) return loud(breach->what());
  const auto entry = reinterpret_cast<tn_entry_fn>(dlsym(handle, TN_ENTRY_SYMBOL));
  if (entry == nullptr) return Outcome::fail("no-entry", concat("it has no symbol ", TN_ENTRY_SYMBOL));
  const RawPlugin plugin(subject);
  (void)plugin.table();
  if (thread_count() != threads) return Outcome::fail("entry-works", "the entry starts threads");
  if (const auto breach = watch.breach()) return Outcome::fail("entry-works", concat("the entry ", breach->what()));
  return Outcome::pass();
}

Outcome check_loading_time(const Subject& subject) {
  constexpr auto kMost = std::chrono::microseconds(5000);
  // The first one reads the file; the machine may have other work.
  auto best = Clock::duration::max();
  for (int i = 0; i < 7; ++i) {
    const auto start = Clock::now();
    RawPlugin plugin(subject);
    const tn_provider& table = plugin.table();
    table.destroy(create_instance(table, subject));
    best = std::min(best, Clock::now() - start);
    plugin.unload();
  }
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(best);
  if (took > kMost)
    return Outcome::fail("slow-to-load", concat("loading and making an instance take ", took.count(),
                                                " us, expected at most ", kMost.count()));
  return Outcome::pass(concat(took.count(), " us"));
}

}  // namespace tenon::conform
