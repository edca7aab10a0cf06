#include <chrono>
#include <optional>
#include <thread>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/elf/elf_file.h"
#include "conform/checks/library_checks.h"
#include "conform/checks/loading/process_facts.h"
#include "conform/checks/process_watch.h"
#include "host/base/status.h"

namespace tenon::conform {
namespace {

using host::concat;

void load_and_unload(const Subject& subject) {
  RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  table.destroy(create_instance(table, subject));
  plugin.unload();
}

// Threads that were told to end may take a moment.
size_t threads_left(size_t before) {
  for (int i = 0; i < 50 && thread_count() > before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const size_t now = thread_count();
  return now > before ? now - before : 0;
}

// On a thread of its own, whose thread-local objects are gone with it.
void load_and_unload_on_thread(const Subject& subject) {
  std::optional<Breach> breach;
  const size_t threads = thread_count() + 1;
  std::thread([&] {
    try {
      RawPlugin plugin(subject);
      const tn_provider& table = plugin.table();
      table.destroy(create_instance(table, subject));
      // Before the code that they run goes.
      if (const size_t left = threads_left(threads))
        throw Breach("leaves-threads", concat(left, " threads are left when its only instance is destroyed"));
      plugin.unload();
    } catch (const Breach& met) {
      breach = met;
    }
  }).join();
  if (breach) throw *breach;
}

/// Why there is nothing to see of unloading; nothing: there is.
std::optional<Outcome> stays_loaded(const Subject& subject) {
  const ElfFile file = read_elf(subject.library);
  if (file.cannot_be_unloaded) return Outcome::unsupported("the library asks never to be unloaded (-z nodelete)");
  for (const ElfSymbol& symbol : file.symbols)
    if (symbol.is_unique && symbol.is_defined)
      return Outcome::excluded("its GNU_UNIQUE symbols keep it loaded: elf/unique");
  return std::nullopt;
}

}  // namespace

Outcome check_unload_leftovers(const Subject& subject) {
  if (auto outcome = stays_loaded(subject)) return *std::move(outcome);
  const std::vector<std::string> files = open_files();
  const ProcessWatch watch;
  load_and_unload_on_thread(subject);
  if (const auto now = open_files(); now.size() > files.size())
    return Outcome::fail("leaves-files", concat(now.size() - files.size(), " files are left open"));
  if (const auto breach = watch.breach()) throw *breach;
  if (is_mapped(subject.library))
    return Outcome::fail("not-unloaded",
                         "the library is still mapped after it was closed: it has symbols that are one in the "
                         "process, thread-local objects with destructors, or holds itself");
  return Outcome::pass();
}

Outcome check_unload_rounds(const Subject& subject) {
  constexpr int64_t kMostGrowth = int64_t{2} << 20;
  if (auto outcome = stays_loaded(subject)) return *std::move(outcome);
  for (int64_t i = 0; i < subject.rounds / 10; ++i) load_and_unload(subject);
  const size_t threads = thread_count(), files = open_files().size();
  const int64_t before = resident_bytes();
  for (int64_t i = 0; i < subject.rounds; ++i) load_and_unload(subject);
  const int64_t growth = resident_bytes() - before;
  if (threads_left(threads) > 0) return Outcome::fail("leaves-threads", "threads gather");
  if (open_files().size() > files) return Outcome::fail("leaves-files", "open files gather");
  if (growth > kMostGrowth)
    return Outcome::fail("leaks-per-load",
                         concat(subject.rounds, " rounds of loading and unloading take ", growth >> 10, " KiB more"));
  return Outcome::pass(concat(subject.rounds, " rounds"));
}

}  // namespace tenon::conform
