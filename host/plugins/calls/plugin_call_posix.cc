// A thread publishes its innermost call in a slot that it takes at its first call and keeps; slots of threads that have
// ended are taken again. Readers of another thread's call copy it through a pipe, by system calls that fail on memory
// that is gone instead of faulting, and look afterwards whether it was still that call.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "host/graph/graph.h"
#include "host/plugins/calls/plugin_call.h"

namespace tenon::host {
namespace {

constexpr uint32_t kCallSlots = 1024;
constexpr size_t kNameLimit = 256;

/// `number` counts calls: with it a reader knows a call from the next one at the same place of the stack.
struct alignas(64) CallSlot {
  std::atomic<pid_t> thread{0};  // whose it is or was
  std::atomic<uint32_t> number{0};
  std::atomic<const PluginCall*> call{nullptr};
};

struct CallsOfThread {
  const PluginCall* current = nullptr;
  CallSlot* slot = nullptr;  // nullptr: no call so far, or every slot was taken
  bool has_looked = false;   // for a slot
};

constinit CallSlot call_slots[kCallSlots];
std::atomic<uint32_t> next_call_slot{0};
// Allocated with the thread: the handler of a signal must not allocate.
__attribute__((tls_model("initial-exec"))) thread_local CallsOfThread calls_of_thread;

bool is_live_thread(pid_t thread) {
  return syscall(SYS_tgkill, getpid(), thread, 0) == 0;
}

CallSlot* take_call_slot() {
  const int error_number = errno;
  const auto self = static_cast<pid_t>(syscall(SYS_gettid));
  CallSlot* taken = nullptr;
  for (uint32_t i = 0; i < kCallSlots && taken == nullptr; ++i) {
    CallSlot& slot = call_slots[next_call_slot.fetch_add(1, std::memory_order_relaxed) % kCallSlots];
    pid_t owner = slot.thread.load(std::memory_order_relaxed);
    if ((owner == 0 || !is_live_thread(owner)) && slot.thread.compare_exchange_strong(owner, self)) taken = &slot;
  }
  errno = error_number;
  return taken;
}

/// Copies memory that may be unmapped at any time.
class SafeReader {
 public:
  SafeReader() {
    if (syscall(SYS_pipe2, ends_, O_CLOEXEC | O_NONBLOCK) != 0) ends_[0] = ends_[1] = -1;
  }
  ~SafeReader() {
    for (const int end : ends_)
      if (end >= 0) syscall(SYS_close, end);
  }
  SafeReader(const SafeReader&) = delete;
  SafeReader& operator=(const SafeReader&) = delete;

  /// At most what a pipe takes at once. By system calls: a sanitizer would look at the memory in the library's.
  bool copy(const void* from, void* to, size_t bytes) const {
    if (ends_[0] < 0) return false;
    if (bytes == 0) return true;
    const long written = syscall(SYS_write, ends_[1], from, bytes);
    if (written <= 0) return false;
    const long got = syscall(SYS_read, ends_[0], to, static_cast<size_t>(written));
    return got == written && static_cast<size_t>(written) == bytes;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// The facts of another thread's call, with copies of the texts.
struct CopiedCall {
  CallFacts facts;
  char texts[5][kNameLimit];

  bool copy_text(const SafeReader& reader, std::string_view& text, char (&place)[kNameLimit]) {
    const size_t bytes = std::min(text.size(), kNameLimit);
    if (!reader.copy(text.data(), place, bytes)) return false;
    text = {place, bytes};
    return true;
  }
  bool copy(const SafeReader& reader, const CallFacts* from) {
    return reader.copy(from, static_cast<void*>(&facts), sizeof facts) && copy_text(reader, facts.provider, texts[0]) &&
           copy_text(reader, facts.library, texts[1]) && copy_text(reader, facts.node, texts[2]) &&
           copy_text(reader, facts.domain, texts[3]) && copy_text(reader, facts.op_type, texts[4]);
  }
};

bool copy_call(const SafeReader& reader, CallId id, CopiedCall& copied) {
  if (id.slot >= kCallSlots) return false;
  const CallSlot& slot = call_slots[id.slot];
  const PluginCall* call = slot.call.load(std::memory_order_acquire);
  if (call == nullptr || slot.number.load(std::memory_order_acquire) != id.number) return false;
  // The address alone: the call may be over, and its memory gone.
  if (!copied.copy(reader, &call->facts())) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return slot.call.load(std::memory_order_acquire) == call && slot.number.load(std::memory_order_acquire) == id.number;
}

void add_call_of(const CallFacts& facts, SignalText& text) {
  add_provider(facts, text);
  text.add(" in ");
  add_place(facts, text);
}

}  // namespace

const char* phase_text(PluginPhase phase) {
  switch (phase) {
    case PluginPhase::kLoading: return "the loading of its library";
    case PluginPhase::kEntry: return "its entry function";
    case PluginPhase::kCreate: return "create";
    case PluginPhase::kInfer: return "infer";
    case PluginPhase::kClaim: return "claim";
    case PluginPhase::kCompile: return "compile";
    case PluginPhase::kKernelCreate: return "kernel create";
    case PluginPhase::kMemoryUsed: return "memory_used";
    case PluginPhase::kPackCount: return "pack_count";
    case PluginPhase::kPackPlan: return "pack_plan";
    case PluginPhase::kPack: return "pack";
    case PluginPhase::kBindPack: return "bind_pack";
    case PluginPhase::kRun: return "run";
    case PluginPhase::kBody: return "a body of parallel_for in run";
    case PluginPhase::kKernelDestroy: return "kernel destroy";
    case PluginPhase::kDestroy: return "destroy";
    case PluginPhase::kUnloading: return "the unloading of its library";
  }
  return "a call";
}

PluginCall::PluginCall(PluginPhase phase, std::string_view provider, std::string_view library, const Node* node,
                       size_t group_size) {
  facts_.phase = phase;
  facts_.provider = provider;
  facts_.library = library;
  facts_.group_size = static_cast<uint32_t>(group_size);
  if (node != nullptr) {
    facts_.node = node->name;
    facts_.domain = node->domain;
    facts_.op_type = node->op_type;
    facts_.since_version = node->since_version;
    if (node->name.empty()) {
      for (const Value* output : node->outputs) {
        if (output == nullptr) continue;
        facts_.node = output->name;
        facts_.is_named_by_output = true;
        break;
      }
    }
  }
  begin();
}

PluginCall::PluginCall(const CallFacts& facts) : facts_(facts) {
  begin();
}

PluginCall::PluginCall(const PluginCall* run) {
  if (run != nullptr) facts_ = run->facts_;
  facts_.phase = PluginPhase::kBody;
  begin();
}

void PluginCall::begin() {
  CallsOfThread& thread = calls_of_thread;
  outer_ = thread.current;
  if (!thread.has_looked) {
    thread.has_looked = true;
    thread.slot = take_call_slot();
  }
  std::atomic_signal_fence(std::memory_order_release);
  thread.current = this;
  if (CallSlot* slot = thread.slot) {
    slot->number.store(slot->number.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    slot->call.store(this, std::memory_order_release);
  }
}

PluginCall::~PluginCall() {
  CallsOfThread& thread = calls_of_thread;
  thread.current = outer_;
  std::atomic_signal_fence(std::memory_order_release);
  CallSlot* slot = thread.slot;
  if (slot == nullptr) return;
  slot->call.store(outer_, std::memory_order_relaxed);
  // What comes to lie here next is written after that.
  std::atomic_thread_fence(std::memory_order_release);
}

const PluginCall* PluginCall::current() {
  return calls_of_thread.current;
}

SignalText& SignalText::add(std::string_view text) {
  // One is kept for the line end.
  for (size_t i = 0; i < text.size() && size_ + 1 < kCapacity; ++i) {
    const char c = text[i];
    bytes_[size_++] = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return *this;
}

SignalText& SignalText::add(uint64_t number, unsigned base) {
  char digits[64];
  size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  return add({digits + at, sizeof digits - at});
}

void SignalText::write_line() {
  bytes_[size_++] = '\n';
  size_t done = 0;
  while (done < size_) {
    const long written = syscall(SYS_write, STDERR_FILENO, bytes_ + done, size_ - done);
    if (written > 0) done += static_cast<size_t>(written);
    if (written == 0 || (written < 0 && errno != EINTR)) break;
  }
  size_ = 0;
}

void add_provider(const CallFacts& call, SignalText& text) {
  text.add("provider '").add(call.provider.substr(0, kNameLimit)).add("'");
  if (!call.library.empty() && call.phase != PluginPhase::kLoading)
    text.add(" (").add(call.library.substr(0, kNameLimit)).add(")");
}

void add_place(const CallFacts& call, SignalText& text) {
  text.add(phase_text(call.phase));
  if (call.phase == PluginPhase::kLoading) text.add(" ").add(call.library.substr(0, kNameLimit));
  if (call.op_type.empty()) return;
  text.add(" of ");
  if (call.group_size > 1) text.add("a group of ").add(call.group_size).add(" nodes beginning at ");
  if (call.node.empty()) {
    text.add("a node without name");
  } else {
    text.add(call.is_named_by_output ? "node that computes '" : "node '").add(call.node.substr(0, kNameLimit)).add("'");
  }
  text.add(" (").add(call.domain.substr(0, kNameLimit)).add(call.domain.empty() ? "" : ".");
  text.add(call.op_type.substr(0, kNameLimit));
  if (call.since_version > 0) text.add(", opset ").add(static_cast<uint64_t>(call.since_version));
  text.add(")");
}

std::vector<CallId> calls_under_way() {
  std::vector<CallId> calls;
  for (uint32_t i = 0; i < kCallSlots; ++i) {
    const uint32_t number = call_slots[i].number.load(std::memory_order_acquire);
    if (call_slots[i].call.load(std::memory_order_acquire) != nullptr) calls.push_back({i, number});
  }
  return calls;
}

bool add_call(CallId call, SignalText& text) {
  const SafeReader reader;
  CopiedCall copied;
  if (!copy_call(reader, call, copied)) return false;
  add_call_of(copied.facts, text);
  return true;
}

size_t add_other_calls(SignalText& text) {
  const SafeReader reader;
  CopiedCall copied;
  SignalText last;
  size_t count = 0;
  for (uint32_t i = 0; i < kCallSlots; ++i) {
    const CallId call{i, call_slots[i].number.load(std::memory_order_acquire)};
    if (&call_slots[i] == calls_of_thread.slot || !copy_call(reader, call, copied)) continue;
    SignalText now;
    add_call_of(copied.facts, now);
    // The bodies of one parallel_for are alike.
    if (count > 0 && now.view() == last.view()) continue;
    if (count++ > 0) text.add(", ");
    text.add(now.view());
    last = now;
  }
  return count;
}

}  // namespace tenon::host
