#include "tools/support/session_flags.h"

#include <charconv>

#include "host/session/option_table.h"
#include "tools/support/terminal.h"

namespace tenon::tools {

CLI::Validator whole_number(int64_t least, int64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    if (failure == std::errc() && stopped == end && value >= least && value <= most) return {};
    return host::concat("'", text, "' is no whole number from ", least, " to ", most);
  };
  return CLI::Validator(check, "");
}

namespace {

bool is_flag(const host::OptionRow& row) {
  return row.kind() == host::OptionKind::kFlag;
}

/// What giving a flag means.
const char* set_value(const host::OptionRow& row) {
  return std::string_view(row.default_text) == "1" ? "0" : "1";
}

/// The row's help, and what counts when the option is not given.
std::string help_of(const host::OptionRow& row) {
  const std::string variable = row.environment_text();
  if (is_flag(row)) return host::concat(row.help, variable.empty() ? "" : " (for every session: " + variable + ")");
  return host::concat(row.help, " (default: ", variable, variable.empty() ? "" : ", or ", row.default_text, ")");
}

std::string type_of(const host::OptionRow& row) {
  if (row.kind() == host::OptionKind::kNumber) return "UINT";
  return row.kind() == host::OptionKind::kChoice ? "{" + row.values() + "}" : "TEXT";
}

CLI::Validator value_of(const host::OptionRow& row) {
  const auto check = [&row](const std::string& text) {
    host::SessionOptions scratch;
    return row.set(scratch, text).message();
  };
  return CLI::Validator(check, "");
}

}  // namespace

void SessionFlags::add_to(CLI::App& command) {
  command.add_option("MODEL", model, "The model: .onnx or .ort, a self-contained .tpack, or shm:NAME")->required();
  add_session_options(command);
  command
      .add_option("--timeout-ms", timeout_ms,
                  "Give up a run after this many milliseconds; the command ends, and names the call, when a provider "
                  "keeps one for longer, while opening too")
      ->check(whole_number(0, 1000000000));
}

void SessionFlags::add_session_options(CLI::App& command) {
  for (const host::OptionRow& row : host::option_rows()) {
    if (*row.flag == '\0') continue;
    Given& given = given_[row.name];
    if (is_flag(row)) {
      command.add_flag(row.flag, given.is_set, help_of(row));
    } else {
      command.add_option(row.flag, given.text, help_of(row))->check(value_of(row))->type_name(type_of(row));
    }
  }
}

host::Result<host::SessionOptions> SessionFlags::options() const {
  host::SessionOptions options;
  for (const auto& [name, given] : given_) {
    TENON_ASSIGN_OR_RETURN(const host::OptionRow* row, host::find_option(name));
    const std::string text = given.is_set ? set_value(*row) : given.text;
    if (!text.empty()) TENON_RETURN_IF_ERROR(host::set_option(options, name, text));
  }
  return options;
}

std::vector<std::string> SessionFlags::arguments() const {
  std::vector<std::string> arguments;
  for (const host::OptionRow& row : host::option_rows()) {
    const auto given = given_.find(row.name);
    if (given == given_.end()) continue;
    if (given->second.is_set) arguments.emplace_back(row.flag);
    if (!given->second.text.empty()) arguments.insert(arguments.end(), {row.flag, given->second.text});
  }
  return arguments;
}

host::Result<std::unique_ptr<host::Session>> SessionFlags::open(host::SessionOptions options) const {
  const Progress progress("opening " + model.filename().string());
  return host::Session::open(model, options);
}

}  // namespace tenon::tools
