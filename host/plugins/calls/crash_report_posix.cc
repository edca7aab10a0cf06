// The handlers read atomics, thread-local memory and the records of plugin_call.h, and make system calls, nothing else.
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>

#include "host/base/signal_action_posix.h"
#include "host/plugins/calls/crash_report.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/storage/fault_guard.h"

namespace tenon::host {
namespace {

struct ReportedSignal {
  int number;
  const char* name;
};
constexpr ReportedSignal kReportedSignals[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
                                               {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"}, {SIGTRAP, "SIGTRAP"}};
constexpr size_t kReportedCount = std::size(kReportedSignals);
constexpr size_t kHandlerStackBytes = 128 << 10;

/// Where the code of a library lies. `end` is 0 while the place is free or being filled.
struct CodeRange {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  char name[128] = {};
  char path[512] = {};
  struct stat file = {};  // of when it was loaded
};
constexpr size_t kCodeRanges = 64;

// Handlers may run before and after every constructor and destructor.
constinit SignalAction actions_before[kReportedCount];
constinit CodeRange code_ranges[kCodeRanges];
std::mutex crash_report_mutex;  // guards installation and changes of code_ranges
std::atomic<bool> is_crash_report_installed{false};
std::terminate_handler terminate_before = nullptr;
// One line a thread: abort() follows std::terminate, and a sanitizer's handler may abort in turn. And one a process
// that is sure to end: bodies of parallel_for crash together.
__attribute__((tls_model("initial-exec"))) thread_local bool thread_has_reported = false;
std::atomic<bool> process_has_reported{false};

/// Whether the line is this thread's to write. `is_end`: the process ends after it.
bool may_report(bool is_end) {
  if (thread_has_reported || process_has_reported.load()) return false;
  thread_has_reported = true;
  return !is_end || !process_has_reported.exchange(true);
}

uintptr_t instruction_of(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(machine.pc);
#else
  (void)machine;
  return 0;
#endif
}

const CodeRange* range_of(uintptr_t address) {
  for (const CodeRange& range : code_ranges) {
    const uintptr_t end = range.end.load(std::memory_order_acquire);
    if (end != 0 && address >= range.begin.load(std::memory_order_relaxed) && address < end) return &range;
  }
  return nullptr;
}

/// A library that is overwritten takes its code with it: the loader has mapped the file.
bool is_overwritten(const CodeRange& range) {
  struct stat now;
  return stat(range.path, &now) == 0 && now.st_dev == range.file.st_dev && now.st_ino == range.file.st_ino &&
         (now.st_size != range.file.st_size || now.st_mtim.tv_sec != range.file.st_mtim.tv_sec ||
          now.st_mtim.tv_nsec != range.file.st_mtim.tv_nsec);
}

void add_overwriting(SignalText& text) {
  for (const CodeRange& range : code_ranges)
    if (range.end.load(std::memory_order_acquire) != 0 && is_overwritten(range))
      text.add("; ").add(range.path).add(" was written to after it was loaded: replace libraries by renaming");
}

void add_signal(size_t which, const siginfo_t& info, SignalText& text) {
  const ReportedSignal& signal = kReportedSignals[which];
  text.add(signal.name);
  if (signal.number != SIGABRT && is_fault(signal.number, info))
    text.add(" (address 0x").add(reinterpret_cast<uintptr_t>(info.si_addr), 16).add(")");
}

/// What can be said of a signal in a thread that calls no provider; false: nothing.
bool add_bystander(size_t which, const siginfo_t& info, const void* context, SignalText& text) {
  if (const CodeRange* range = range_of(instruction_of(context))) {
    text.add("error: provider '").add(range->name).add("' (").add(range->path).add(") crashed with ");
    add_signal(which, info, text);
    text.add(" in a thread that the host was not calling it on");
    return true;
  }
  // With a handler of somebody else the signal may be his daily business.
  if (!actions_before[which].is_default()) return false;
  SignalText calls;
  if (add_other_calls(calls) == 0) return false;
  add_signal(which, info, text.add("error: "));
  text.add(" in a thread that calls no provider; other threads are in calls: ").add(calls.view());
  return true;
}

void report_signal(size_t which, const siginfo_t& info, const void* context) {
  SignalText text;
  if (const PluginCall* call = PluginCall::current()) {
    add_provider(call->facts(), text.add("error: "));
    add_signal(which, info, text.add(" crashed with "));
    add_place(call->facts(), text.add(" in "));
  } else if (!add_bystander(which, info, context, text)) {
    return;
  }
  add_overwriting(text);
  if (may_report(actions_before[which].is_default())) text.write_line();
}

void handle_crash(int signal, siginfo_t* info, void* context) {
  const int error_number = errno;
  size_t which = 0;
  while (kReportedSignals[which].number != signal) ++which;
  const bool is_mended = signal == SIGBUS && fault_guard_answers_for(info->si_addr);
  if (!is_mended) report_signal(which, *info, context);
  call_action(actions_before[which], signal, info, context);
  errno = error_number;
}

void report_exit() {
  report_ended_by("exit()");
}

[[noreturn]] void report_terminate() {
  const PluginCall* call = PluginCall::current();
  if (call != nullptr && may_report(true)) {
    SignalText text;
    add_provider(call->facts(), text.add("error: "));
    add_place(call->facts(), text.add(" called std::terminate in "));
    try {
      if (std::current_exception() != nullptr) std::rethrow_exception(std::current_exception());
    } catch (const std::exception& e) {
      text.add(", with the exception: ").add(e.what());
    } catch (...) {
      text.add(", with an exception that is no std::exception");
    }
    text.write_line();
  }
  if (terminate_before != nullptr) terminate_before();
  std::abort();
}

/// Needs the mutex.
void install_signal(size_t which) {
  const int signal = kReportedSignals[which].number;
  if (sigaction(signal, nullptr, &actions_before[which].action) != 0) return;
  struct sigaction own {};
  own.sa_sigaction = handle_crash;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&own.sa_mask);
  sigaction(signal, &own, nullptr);
}

struct CodeSearch {
  uintptr_t inside;
  uintptr_t begin = 0, end = 0;
};

// Of dl_iterate_phdr.
int find_code(dl_phdr_info* info, size_t, void* search) {
  CodeSearch& found = *static_cast<CodeSearch*>(search);
  uintptr_t begin = UINTPTR_MAX, end = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    begin = std::min<uintptr_t>(begin, info->dlpi_addr + segment.p_vaddr);
    end = std::max<uintptr_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
  }
  if (found.inside < begin || found.inside >= end) return 0;
  found.begin = begin;
  found.end = end;
  return 1;
}

void copy_cut(const char* from, char* to, size_t capacity) {
  const size_t bytes = std::min(std::strlen(from), capacity - 1);
  std::memcpy(to, from, bytes);
  to[bytes] = '\0';
}

}  // namespace

void install_crash_report() {
  const std::lock_guard lock(crash_report_mutex);
  if (is_crash_report_installed.load()) return;
  for (size_t i = 0; i < kReportedCount; ++i) install_signal(i);
  terminate_before = std::set_terminate(report_terminate);
  std::atexit(report_exit);
  is_crash_report_installed.store(true);
}

void prepare_thread_for_crash_report() {
  if (!is_crash_report_installed.load()) return;
  stack_t present{};
  if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
  void* memory =
      mmap(nullptr, kHandlerStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t own{};
  own.ss_sp = memory;
  own.ss_size = kHandlerStackBytes;
  if (sigaltstack(&own, nullptr) != 0) munmap(memory, kHandlerStackBytes);
}

bool report_ended_by(const char* function) {
  const PluginCall* call = PluginCall::current();
  if (call == nullptr) return false;
  if (!may_report(true)) return true;
  SignalText text;
  add_provider(call->facts(), text.add("error: "));
  text.add(" ended the process by ").add(function);
  add_place(call->facts(), text.add(" in "));
  text.write_line();
  return true;
}

void add_provider_code(const void* inside, const char* name, const char* path) {
  const std::lock_guard lock(crash_report_mutex);
  CodeSearch search{reinterpret_cast<uintptr_t>(inside)};
  if (dl_iterate_phdr(&find_code, &search) == 0) return;
  for (CodeRange& range : code_ranges) {
    if (range.end.load() != 0) continue;
    range.begin.store(search.begin);
    copy_cut(name, range.name, sizeof range.name);
    copy_cut(path, range.path, sizeof range.path);
    if (stat(range.path, &range.file) != 0) range.file = {};
    range.end.store(search.end, std::memory_order_release);
    return;
  }
}

void remove_provider_code(const void* inside) {
  const std::lock_guard lock(crash_report_mutex);
  const auto address = reinterpret_cast<uintptr_t>(inside);
  for (CodeRange& range : code_ranges)
    if (address >= range.begin.load() && address < range.end.load()) range.end.store(0);
}

}  // namespace tenon::host
