#include "host/session/option_table.h"

#include <cstdlib>

#include "host/session/option_values.h"
#include "host/storage/fault_guard.h"
#include "host/storage/pack/cache_folder.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::host {
namespace {

constexpr OptionRow kOptionRows[] = {
#define OPTION(name_text, member, ...)                                                      \
  {.name = name_text,                                                                       \
   .field = option_values::field_at([](auto& options) -> auto& { return options.member; }), \
   __VA_ARGS__},
#include "host/session/option_table.inc"
#undef OPTION
};

// Also of a variable that is read below, where a bad value would be taken for none.
Status check_variable(const OptionRow& row, const std::string& text) {
  const OptionEnvironment& environment = row.environment;
  if (*environment.other == '\0') {
    SessionOptions asked;
    return row.set(asked, text).with_context(environment.variable);
  }
  if (text == environment.value || text == environment.other) return {};
  return error(TN_INVALID_ARGUMENT, environment.variable, ": '", text, "' is not ", environment.value, " or ",
               environment.other);
}

}  // namespace

std::span<const OptionRow> option_rows() {
  return kOptionRows;
}

Result<const OptionRow*> find_option(std::string_view name) {
  std::vector<const char*> known;
  for (const OptionRow& row : kOptionRows) {
    if (row.name == name) return &row;
    known.push_back(row.name);
  }
  return error(TN_INVALID_ARGUMENT, "unknown option '", name, "': known are ", joined_names(known, " and "));
}

Status set_option(SessionOptions& options, const std::string& name, const std::string& text) {
  TENON_ASSIGN_OR_RETURN(const OptionRow* row, find_option(name));
  const Status status = row->set(options, text);
  return status.is_ok() ? status : status.with_context(concat("option '", name, "'"));
}

Result<SessionOptions> with_environment(const SessionOptions& options) {
  static const SessionOptions defaults;
  SessionOptions made = options;
  for (const OptionRow& row : kOptionRows) {
    const auto& [variable, value, is_read_below, other] = row.environment;
    const char* text = *variable == '\0' ? nullptr : std::getenv(variable);
    if (text == nullptr || *text == '\0') continue;
    TENON_RETURN_IF_ERROR(check_variable(row, text));
    if (is_read_below) continue;
    const bool counts = *value != '\0' ? std::string_view(text) == value : row.get(options) == row.get(defaults);
    if (counts) TENON_RETURN_IF_ERROR(row.set(made, text));
  }
  // Tables in this process stand for the providers that none were named of.
  if (!options.provider_tables.empty()) made.providers = options.providers;
  // Only until here it matters whether anybody said it.
  made.pack.mode = made.pack.mode.value_or(PackMode::kAuto);
  return made;
}

}  // namespace tenon::host
