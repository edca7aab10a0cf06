#include <signal.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>

#include "conform/kernel/fault.h"
#include "conform/runner/child.h"
#include "host/plugins/calls/plugin_call.h"

namespace tenon::conform {
namespace {

constexpr size_t kMostKnown = 1 << 12, kMostText = 96;

/// What handlers may read: no memory of its own. One that reads an entry which is being taken anew tells nonsense.
struct Entry {
  std::atomic<bool> is_taken{false};
  const std::byte *begin, *end, *data, *data_end;
  char what[kMostText];
};
std::array<Entry, kMostKnown> known;
std::mutex known_mutex;

const Entry* find_known(const std::byte* address) {
  for (const Entry& entry : known)
    if (entry.is_taken.load(std::memory_order_acquire) && address >= entry.begin && address < entry.end) return &entry;
  return nullptr;
}

bool is_write([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  constexpr int kWriteBit = 2;
  return (static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & kWriteBit) != 0;
#else
  return false;
#endif
}

void add_who(host::SignalText& text) {
  const host::PluginCall* call = host::PluginCall::current();
  if (call == nullptr) return;
  text.add(" in ");
  host::add_place(call->facts(), text);
}

void tell_known(const Entry& memory, const std::byte* address, bool writes) {
  host::SignalText text;
  text.add(writes ? "wrote " : "read ");
  const char* finding = nullptr;
  const auto size = static_cast<uint64_t>(memory.data_end - memory.data);
  if (address >= memory.data && address < memory.data_end) {
    text.add(writes ? "to byte " : "byte ").add(static_cast<uint64_t>(address - memory.data)).add(" of ");
    text.add(memory.what).add(writes ? ", which is read-only" : ", which it said it would not");
    finding = writes ? "writes-read-only" : "reads-packed-source";
  } else {
    const bool is_behind = address >= memory.data_end;
    text.add("byte ").add(static_cast<uint64_t>(is_behind ? address - memory.data_end : memory.data - address));
    text.add(is_behind ? " behind the end of " : " before the begin of ").add(memory.what).add(", which has ");
    text.add(size).add(" bytes");
    finding = writes ? "writes-beyond" : "reads-beyond";
  }
  add_who(text);
  fail_from_signal(finding, text.view());
}

void handle(int signal, siginfo_t* info, void* context) {
  const auto* address = static_cast<const std::byte*>(info->si_addr);
  if (signal == SIGSEGV || signal == SIGBUS)
    if (const Entry* memory = find_known(address)) tell_known(*memory, address, is_write(context));
  host::SignalText text;
  text.add("signal SIG").add(sigabbrev_np(signal));
  add_who(text);
  fail_from_signal("crash", text.view());
}

}  // namespace

size_t add_known_memory(const KnownMemory& memory) {
  const std::lock_guard lock(known_mutex);
  for (size_t slot = 0; slot < kMostKnown; ++slot) {
    Entry& entry = known[slot];
    if (entry.is_taken.load(std::memory_order_relaxed)) continue;
    entry.begin = memory.begin, entry.end = memory.end, entry.data = memory.data, entry.data_end = memory.data_end;
    entry.what[memory.what.copy(entry.what, kMostText - 1)] = '\0';
    entry.is_taken.store(true, std::memory_order_release);
    return slot;
  }
  return kMostKnown;
}

void remove_known_memory(size_t slot) {
  if (slot < kMostKnown) known[slot].is_taken.store(false, std::memory_order_release);
}

void install_fault_handlers() {
  static std::array<std::byte, size_t{64} << 10> stack;
  const stack_t other{stack.data(), 0, stack.size()};
  sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) sigaction(signal, &action, nullptr);
}

}  // namespace tenon::conform
