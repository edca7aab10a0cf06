#include "host/runtime/validation/validated_run.h"

#include <algorithm>
#include <cstring>

#include "host/base/dtype.h"
#include "host/runtime/validation/thread_state.h"
#include "host/runtime/validation/watched_run.h"

namespace tenon::host {
namespace {

constexpr std::byte kFirstFill = GuardedMemory::kFirstFill, kSecondFill = GuardedMemory::kSecondFill;

using Outputs = std::map<uint32_t, WatchedRun::Output>;

Status breach(const std::string& what) {
  return error(TN_INTERNAL, "the kernel ", what, ": a bug in the provider");
}

// One run, and what it breached.
Status watch(const Kernel& kernel, WatchedRun& run) {
  const ThreadState before = ThreadState::now();
  const Status status = kernel.run(run);
  const std::string changed = before.changed();
  before.restore();
  if (const std::string what = run.breach(); !what.empty()) return breach(what);
  if (!changed.empty()) return breach("left " + changed + " changed");
  return status;
}

std::string element_text(const WatchedRun::Output& output, size_t byte) {
  const int bits = dtype_bits(output.dtype);
  return concat("element ", bits > 0 ? byte * 8 / static_cast<size_t>(bits) : byte, " of shape ",
                shape_text(output.shape));
}

// Bytes that hold what they were filled with in both runs were written in neither. `kept`: what `b` had before, which
// it may still have; nullptr: nothing.
Status compare(const std::string& name, const WatchedRun::Output& a, const WatchedRun::Output& b, const char* when,
               const std::byte* kept) {
  if (a.dtype != b.dtype || a.shape != b.shape)
    return breach(concat("makes ", name, " of ", dtype_name(a.dtype), " ", shape_text(a.shape), ", and of ",
                         dtype_name(b.dtype), " ", shape_text(b.shape), " ", when));
  if (a.strings != b.strings) return breach(concat("makes other strings of ", name, " ", when));
  if (a.dtype == TN_STRING) return {};
  const std::span first(a.memory.data(), a.memory.bytes()), second(b.memory.data(), b.memory.bytes());
  size_t unwritten = 0, first_unwritten = 0;
  std::optional<size_t> other;
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i] == second[i] || (kept != nullptr && second[i] == kept[i])) continue;
    if (first[i] != kFirstFill || second[i] != kSecondFill) {
      if (!other) other = i;
    } else if (unwritten++ == 0) {
      first_unwritten = i;
    }
  }
  if (other)
    return breach(concat("computes ", name, " otherwise ", when, ", from ", element_text(a, *other),
                         " on: it keeps something between runs, reads what it did not write or what lies around its "
                         "inputs, or does not give the same for the same (TN_KERNEL_NOT_DETERMINISTIC)"));
  if (unwritten > 0)
    return breach(concat("left ", unwritten, " of ", first.size(), " bytes of ", name, " unwritten, from ",
                         element_text(a, first_unwritten), " on"));
  return {};
}

// `kept`: of output `state`, as above.
Status compare(const KernelRun& run, const Outputs& a, const Outputs& b, const char* when, uint32_t state = 0,
               const void* kept = nullptr) {
  for (const auto& [index, output] : a) {
    const auto found = b.find(index);
    if (found == b.end()) return breach(concat("does not ask for ", output_text(run, index), " ", when));
    TENON_RETURN_IF_ERROR(compare(output_text(run, index), output, found->second, when,
                                  index == state ? static_cast<const std::byte*>(kept) : nullptr));
  }
  return {};
}

Status try_aliases(const Kernel& kernel, KernelRun& run, const Outputs& expected) {
  for (const auto& [output, made] : expected)
    for (uint32_t input = 0; input < run.input_count(); ++input) {
      if (!kernel.may_share(output, input)) continue;
      WatchedRun shared(run, {kSecondFill, output, input});
      TENON_RETURN_IF_ERROR(watch(kernel, shared));
      if (!shared.has_shared()) continue;
      // What a state has beyond its use may stay in place and be 0 elsewhere.
      const void* kept = kernel.is_state(output, input) ? run.input(input)->data : nullptr;
      TENON_RETURN_IF_ERROR(compare(run, expected, shared.outputs(),
                                    ("in the memory of " + input_text(run, input)).c_str(), output, kept));
    }
  return {};
}

Status hand_out(const Outputs& outputs, KernelRun& run) {
  for (const auto& [index, made] : outputs) {
    tn_tensor out{};
    out.struct_size = sizeof out;
    TENON_RETURN_IF_ERROR(
        run.output(index, made.dtype, made.shape.data(), static_cast<uint32_t>(made.shape.size()), &out));
    if (made.dtype == TN_STRING) {
      for (size_t i = 0; i < made.strings.size(); ++i)
        TENON_RETURN_IF_ERROR(run.set_string(index, static_cast<int64_t>(i), made.strings[i]));
    } else if (out.byte_length > 0) {
      std::memcpy(out.data, made.memory.data(), out.byte_length);
    }
  }
  return {};
}

}  // namespace

Status run_validated(const Kernel& kernel, KernelRun& run) {
  WatchedRun first(run, {kFirstFill, std::nullopt, std::nullopt, true});
  TENON_RETURN_IF_ERROR(watch(kernel, first));
  if (kernel.is_deterministic()) {
    WatchedRun second(run, {kSecondFill, std::nullopt, std::nullopt});
    TENON_RETURN_IF_ERROR(watch(kernel, second));
    TENON_RETURN_IF_ERROR(compare(run, first.outputs(), second.outputs(), "in a second run on the same inputs"));
    TENON_RETURN_IF_ERROR(try_aliases(kernel, run, first.outputs()));
  }
  return hand_out(first.outputs(), run);
}

}  // namespace tenon::host
