// Memory of sessions and processes, and calls into providers, of the C++17 API; part of <tenon/tenon.hpp>. thread: any.
#pragma once

#include <tenon/process.h>

#include <cstdint>
#include <string>
#include <tenon/tensor.hpp>
#include <vector>

namespace tenon {

/// Bytes of resident memory; see tenon_memory_use.
struct MemoryUse {
  uint64_t private_clean = 0, private_dirty = 0, shared = 0, proportional = 0;
  uint64_t anonymous = 0, resident = 0, peak_resident = 0;
  uint64_t private_bytes() const { return private_clean + private_dirty; }
};

/// Memory of one kind; see tenon_residency.
struct Residency {
  std::string kind, name;
  uint64_t bytes = 0, resident = 0, proportional = 0, shared_bytes = 0, private_bytes = 0;
};

/// pid 0: of this process.
inline MemoryUse process_memory(int64_t pid = 0) {
  auto raw = detail::sized<tenon_memory_use>();
  detail::check(tenon_process_memory(pid, &raw));
  return {raw.private_clean, raw.private_dirty, raw.shared,       raw.proportional,
          raw.anonymous,     raw.resident,      raw.peak_resident};
}

namespace detail {

inline std::vector<Residency> residency(tenon_residency_list* made) {
  const Handle<tenon_residency_list, tenon_residency_destroy> list(made);
  std::vector<Residency> entries;
  for (size_t i = 0; i < tenon_residency_count(made); ++i) {
    auto raw = sized<tenon_residency>();
    check(tenon_residency_get(made, i, &raw));
    entries.push_back(
        {raw.kind, raw.name, raw.bytes, raw.resident, raw.proportional, raw.shared_bytes, raw.private_bytes});
  }
  return entries;
}

inline std::vector<Residency> session_residency(const tenon_session* session) {
  tenon_residency_list* list = nullptr;
  check(tenon_session_residency(session, &list));
  return residency(list);
}

}  // namespace detail

/// What a process holds, mapped files first; pid 0: of this one.
inline std::vector<Residency> process_residency(int64_t pid = 0) {
  tenon_residency_list* list = nullptr;
  detail::check(tenon_process_residency(pid, &list));
  return detail::residency(list);
}

/// Numbers of the calls into providers that have not returned; see tenon_calls.
inline std::vector<uint64_t> calls() {
  std::vector<uint64_t> numbers(tenon_calls(nullptr, 0));
  const size_t count = tenon_calls(numbers.data(), numbers.size());
  if (count < numbers.size()) numbers.resize(count);
  return numbers;
}
/// Who is called, and for which node; "": the call has ended.
inline std::string call_text(uint64_t call) {
  char text[2048];
  return {text, tenon_call_text(call, text, sizeof text)};
}

}  // namespace tenon
