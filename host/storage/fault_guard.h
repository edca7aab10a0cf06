// Keeps the process alive when a page of a mapped file is gone: the file was truncated, its disk failed, its network
// share went away. A SIGBUS handler puts pages of zeroes there, marks the range as damaged and lets the reader go on;
// whoever uses the range asks afterwards and throws away what was computed from the zeroes. Every other SIGBUS goes to
// the handler that was there before, as the kernel would have called it. Thread-safe.
//
// The handler is installed with the first range, and again in front of any handler that the application has installed
// since, whenever a range is added. An application that replaces it for good, or blocks SIGBUS in a thread that runs
// sessions, is on its own there: the lost page then ends the process as if there were no guard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace tenon::host {

/// Where the handler looks a faulting address up. Slots are reused and never freed.
struct GuardSlot;

/// A range of addresses that the handler answers for, from construction to destruction; the pages must stay mapped as
/// long. Installs the handler unless fault_guard_enabled() is false for the calling thread.
class GuardedRange {
 public:
  GuardedRange() = default;
  /// `begin` lies on a page boundary. No bytes: guards nothing.
  GuardedRange(const void* begin, size_t bytes);
  GuardedRange(GuardedRange&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
  GuardedRange& operator=(GuardedRange&& other) noexcept {
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~GuardedRange();

  /// Offset of the lowest page that was lost so far; nothing: none. It stays lost: later changes of the file no longer
  /// reach the range. thread: any
  std::optional<uint64_t> lost_offset() const;

 private:
  GuardSlot* slot_ = nullptr;
};

/// Installs the handler, or puts it in front again, unless fault_guard_enabled() is false. For users of a range that
/// somebody else has added.
void install_fault_guard();

/// Whether the handler, wherever it stands in the chain, will mend a SIGBUS at this address: other handlers then hand
/// the signal on without a word. async-signal-safe
bool fault_guard_answers_for(const void* address);

/// The environment's word on the handler: "off" keeps it away.
inline constexpr char kFaultGuardVariable[] = "TENON_FAULT_GUARD";

/// False while a FaultGuardPause lives on this thread, or when kFaultGuardVariable is "off".
bool fault_guard_enabled();

/// While it lives, ranges added by this thread do not install the handler; one that is installed stays. For hosts that
/// own all signals.
class FaultGuardPause {
 public:
  explicit FaultGuardPause(bool paused);
  ~FaultGuardPause();
  FaultGuardPause(const FaultGuardPause&) = delete;
  FaultGuardPause& operator=(const FaultGuardPause&) = delete;

 private:
  const bool before_;
};

}  // namespace tenon::host
