// What each thread is calling in a plugin: a record on the caller's stack for as long as the call runs. The thread's
// own signal handler reads it (crash_report.h), and so does whoever wants to know why a run does not return. A record
// costs a few stores: no clock, no lock, no allocation. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tenon::host {

struct Node;

/// Where in its life a plugin is.
enum class PluginPhase : uint32_t {
  kLoading,
  kEntry,
  kCreate,
  kInfer,
  kClaim,
  kCompile,
  kKernelCreate,
  kMemoryUsed,
  kPackCount,
  kPackPlan,
  kPack,
  kBindPack,
  kRun,
  kBody,
  kKernelDestroy,
  kDestroy,
  kUnloading,
};
/// As messages say it after "in": "run", "its entry function".
const char* phase_text(PluginPhase phase);

/// Who is called, and for what. Borrows everything until the call has returned.
struct CallFacts {
  PluginPhase phase = PluginPhase::kRun;
  int32_t since_version = 0;
  uint32_t group_size = 0;  // nodes of a claimed group, of which `node` is the first; 0: no group
  bool is_named_by_output = false;
  std::string_view provider;
  std::string_view library;                // path; empty: a table of this process
  std::string_view node, domain, op_type;  // op_type empty: no node
};
static_assert(std::is_trivially_copyable_v<CallFacts>);

class PluginCall {
 public:
  /// `group_size`: of a claimed group that begins at `node`; 0: `node` alone, which may be null.
  PluginCall(PluginPhase phase, std::string_view provider, std::string_view library, const Node* node = nullptr,
             size_t group_size = 0);
  /// A body of parallel_for of the call `run`, on any thread. `run` may be null.
  explicit PluginCall(const PluginCall* run);
  /// A call that was put off, with the facts of when it was.
  explicit PluginCall(const CallFacts& facts);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  const CallFacts& facts() const { return facts_; }
  /// The innermost call of this thread; nullptr: none. async-signal-safe
  static const PluginCall* current();

 private:
  void begin();

  CallFacts facts_;
  const PluginCall* outer_;
};

/// Text of bounded length in a buffer of its own, for handlers of signals. async-signal-safe
class SignalText {
 public:
  /// Control characters become '?', since names come from models; what does not fit is left out.
  SignalText& add(std::string_view text);
  SignalText& add(uint64_t number, unsigned base = 10);
  std::string_view view() const { return {bytes_, size_}; }
  /// Writes the text and a line end to standard error, in one call.
  void write_line();

 private:
  static constexpr size_t kCapacity = 2048;
  size_t size_ = 0;
  char bytes_[kCapacity];
};

/// "provider 'a' (/lib/liba.so)". async-signal-safe
void add_provider(const CallFacts& call, SignalText& text);
/// "run of node 'y' (Relu, opset 14)", to follow "in". async-signal-safe
void add_place(const CallFacts& call, SignalText& text);

/// One call of one thread, as long as it is the innermost of that thread.
struct CallId {
  uint32_t slot;
  uint32_t number;
  bool operator==(const CallId&) const = default;
};
/// The innermost calls of all threads.
std::vector<CallId> calls_under_way();
/// Adds "provider 'a' (/lib/liba.so) in run of node ...", of a thread that goes on running; false: the call has ended.
/// async-signal-safe
bool add_call(CallId call, SignalText& text);
/// The same of every thread but this one, joined by ", ", neighbours that are alike once; how many were added.
/// async-signal-safe
size_t add_other_calls(SignalText& text);

}  // namespace tenon::host
