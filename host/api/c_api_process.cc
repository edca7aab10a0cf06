// <tenon/process.h>: memory of sessions and processes, calls into providers, and who ended the process.
#include <tenon/process.h>

#include <algorithm>
#include <climits>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/plugins/calls/crash_report.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/report/process_residency.h"
#include "host/storage/process_memory.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

struct tenon_residency_list {
  std::vector<ResidencyEntry> entries;
};

namespace {

Status check_pid(int64_t pid) {
  if (pid >= 0 && pid <= INT_MAX) return {};
  return error(TN_INVALID_ARGUMENT, "pid ", pid, " is no number of a process; 0 stands for this one");
}

uint64_t number_of(CallId call) {
  return uint64_t{call.slot} << 32 | call.number;
}

/// As much of the text as there is room for, with its end; its length.
size_t give_text(std::string_view text, char* to, size_t size) {
  if (to == nullptr || size == 0) return 0;
  const size_t length = std::min(text.size(), size - 1);
  text.copy(to, length);
  to[length] = '\0';
  return length;
}

}  // namespace

int tenon_process_memory(int64_t pid, tenon_memory_use* memory) {
  return code_of([&]() -> Status {
    TENON_RETURN_IF_ERROR(check_pid(pid));
    const auto read = pid == 0 ? read_process_memory() : read_process_memory(static_cast<int>(pid));
    TENON_RETURN_IF_ERROR(read.status());
    tenon_memory_use made{};
    made.private_clean = read->private_clean;
    made.private_dirty = read->private_dirty;
    made.shared = read->shared;
    made.proportional = read->proportional;
    made.anonymous = read->anonymous;
    made.resident = read->resident;
    made.peak_resident = read->peak_resident;
    return give(made, memory, "memory");
  });
}

int tenon_session_residency(const tenon_session* session, tenon_residency_list** list) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    *list = nullptr;
    if (session == nullptr) return null_argument("session");
    *list = new tenon_residency_list{session->session->report().residency};
    return {};
  });
}

int tenon_process_residency(int64_t pid, tenon_residency_list** list) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    *list = nullptr;
    TENON_RETURN_IF_ERROR(check_pid(pid));
    TENON_ASSIGN_OR_RETURN(auto entries, process_residency(static_cast<int>(pid)));
    *list = new tenon_residency_list{std::move(entries)};
    return {};
  });
}

void tenon_residency_destroy(tenon_residency_list* list) {
  delete list;
}

size_t tenon_residency_count(const tenon_residency_list* list) {
  return list != nullptr ? list->entries.size() : 0;
}

int tenon_residency_get(const tenon_residency_list* list, size_t index, tenon_residency* residency) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    if (index >= list->entries.size())
      return error(TN_INVALID_ARGUMENT, "there is no entry ", index, ": the list has ", list->entries.size());
    const ResidencyEntry& entry = list->entries[index];
    tenon_residency made{};
    made.kind = entry.kind.c_str();
    made.name = entry.name.c_str();
    made.bytes = entry.bytes;
    made.resident = entry.resident;
    made.proportional = entry.proportional;
    made.shared_bytes = entry.shared_bytes;
    made.private_bytes = entry.private_bytes;
    return give(made, residency, "residency");
  });
}

size_t tenon_calls(uint64_t* calls, size_t capacity) {
  size_t count = 0;
  (void)code_of([&]() -> Status {
    const std::vector<CallId> found = calls_under_way();
    count = found.size();
    for (size_t i = 0; calls != nullptr && i < std::min(capacity, count); ++i) calls[i] = number_of(found[i]);
    return {};
  });
  return count;
}

size_t tenon_call_text(uint64_t call, char* text, size_t size) {
  SignalText found;
  const CallId id{static_cast<uint32_t>(call >> 32), static_cast<uint32_t>(call)};
  const bool is_under_way = call != 0 && add_call(id, found);
  return give_text(is_under_way ? found.view() : std::string_view(), text, size);
}

size_t tenon_calls_text(char* text, size_t size) {
  SignalText found;
  const size_t count = add_other_calls(found);
  give_text(found.view(), text, size);
  return count;
}

void tenon_crash_report_install(void) {
  install_crash_report();
  prepare_thread_for_crash_report();
}

uint32_t tenon_crash_report_ended_by(const char* function) {
  return function != nullptr && report_ended_by(function) ? 1 : 0;
}
