// <tenon/tenon.h>: options by name.
#include <charconv>

#include "host/api/c_api_internal.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

Result<uint64_t> number(const char* name, const std::string& value) {
  uint64_t result = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (problem != std::errc() || end != value.data() + value.size())
    return error(TN_INVALID_ARGUMENT, "option '", name, "' is '", value, "': a whole number of at least 0 is expected");
  return result;
}

bool* flag_option(SessionOptions& options, const std::string& name) {
  if (name == "fold_constants") return &options.fold_constants;
  if (name == "rewrite_graph") return &options.rewrite_graph;
  if (name == "fault_guard") return &options.fault_guard;
  if (name == "crash_report") return &options.crash_report;
  if (name == "prefetch") return &options.memory.prefetch;
  if (name == "lock_memory") return &options.memory.lock_memory;
  if (name == "huge_pages") return &options.memory.huge_pages;
  return nullptr;
}

// False: the name is none of these.
Result<bool> set_pack_option(PackOptions& pack, const std::string& name, const std::string& value) {
  const auto unknown = [&](const char* expected) {
    return error(TN_INVALID_ARGUMENT, "option '", name, "' is '", value, "': ", expected, " is expected");
  };
  if (name == "pack") {
    if (value != "auto" && value != "readonly" && value != "off") return unknown("auto, readonly or off");
    pack.mode = value == "auto" ? PackMode::kAuto : value == "readonly" ? PackMode::kReadOnly : PackMode::kOff;
  } else if (name == "cache_dir") {
    pack.folder = value;
  } else if (name == "cache_max_bytes") {
    TENON_ASSIGN_OR_RETURN(pack.max_bytes, number(name.c_str(), value));
  } else if (name == "pack_verify") {
    if (value != "always" && value != "new") return unknown("always or new");
    pack.verify_always = value == "always";
  } else {
    return false;
  }
  return true;
}

Status set_option(SessionOptions& options, const std::string& name, const std::string& value) {
  if (name == "providers") {
    TENON_ASSIGN_OR_RETURN(options.providers, parse_provider_list(value));
    return {};
  }
  if (name == "external_data_root") {
    options.external_data_root = value;
    return {};
  }
  TENON_ASSIGN_OR_RETURN(const bool is_set, set_pack_option(options.pack, name, value));
  if (is_set) return {};
  if (bool* flag = flag_option(options, name)) {
    if (value != "0" && value != "1")
      return error(TN_INVALID_ARGUMENT, "option '", name, "' is '", value, "': 0 or 1 is expected");
    *flag = value == "1";
    return {};
  }
  if (name != "threads" && name != "fold_limit_bytes" && name != "run_memory_limit_bytes")
    return error(
        TN_INVALID_ARGUMENT, "unknown option '", name,
        "': known are providers, threads, external_data_root, fold_constants, fold_limit_bytes, rewrite_graph, "
        "run_memory_limit_bytes, fault_guard, crash_report, prefetch, lock_memory, huge_pages, pack, "
        "cache_dir, cache_max_bytes "
        "and pack_verify");
  TENON_ASSIGN_OR_RETURN(const uint64_t amount, number(name.c_str(), value));
  if (name == "fold_limit_bytes") options.fold_limit_bytes = amount;
  if (name == "run_memory_limit_bytes") options.run_memory_limit_bytes = amount;
  if (name == "threads") {
    if (amount > 65'535) return error(TN_INVALID_ARGUMENT, "option 'threads' is ", amount, ": at most 65535");
    options.threads = static_cast<unsigned>(amount);
  }
  return {};
}

}  // namespace

const SessionOptions& c_api::options_of(const tenon_options* options) {
  static const SessionOptions defaults;
  return options != nullptr ? options->options : defaults;
}

tenon_options* tenon_options_create(void) {
  tenon_options* options = new (std::nothrow) tenon_options;
  if (options == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return options;
}

void tenon_options_destroy(tenon_options* options) {
  delete options;
}

int tenon_options_set(tenon_options* options, const char* name, const char* value) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (name == nullptr) return null_argument("name");
    if (value == nullptr) return null_argument("value");
    return set_option(options->options, name, value);
  });
}
