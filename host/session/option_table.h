// The options of a session by name: the rows of option_table.inc, and the reader and writer of their values. An option
// is a field of SessionOptions and a row; nothing else lists options. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/session/option_row.h"

namespace tenon::host {

std::span<const OptionRow> option_rows();
/// TN_INVALID_ARGUMENT, which lists the known ones.
Result<const OptionRow*> find_option(std::string_view name);
/// As OptionRow::set; errors name the option.
Status set_option(SessionOptions& options, const std::string& name, const std::string& text);
/// The options with the environment applied. TN_INVALID_ARGUMENT names a variable with a bad value. An empty variable
/// is none. A pack mode that neither says is auto.
Result<SessionOptions> with_environment(const SessionOptions& options);

}  // namespace tenon::host
