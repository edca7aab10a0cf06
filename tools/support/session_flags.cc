#include "tools/support/session_flags.h"

#include <charconv>

#include "tools/support/terminal.h"
#include "tools/support/text.h"

namespace tenon::tools {

CLI::Validator whole_number(int64_t least, int64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    if (failure == std::errc() && stopped == end && value >= least && value <= most) return {};
    return concat("'", text, "' is no whole number from ", least, " to ", most);
  };
  return CLI::Validator(check, "");
}

namespace {

const std::vector<tenon_option>& known_options() {
  static const std::vector<tenon_option> known = Options::known();
  return known;
}

bool is_switch(const tenon_option& option) {
  return option.kind == TENON_OPTION_SWITCH;
}

/// What giving a switch means.
const char* set_value(const tenon_option& option) {
  return std::string_view(option.default_value) == "1" ? "0" : "1";
}

/// The option's help, and what counts when it is not given.
std::string help_of(const tenon_option& option) {
  const std::string variable = option.environment;
  if (is_switch(option)) return concat(option.help, variable.empty() ? "" : " (for every session: " + variable + ")");
  return concat(option.help, " (default: ", variable, variable.empty() ? "" : ", or ", option.default_value, ")");
}

std::string type_of(const tenon_option& option) {
  if (option.kind == TENON_OPTION_NUMBER) return "UINT";
  return option.kind == TENON_OPTION_CHOICE ? "{" + std::string(option.values) + "}" : "TEXT";
}

CLI::Validator value_of(const tenon_option& option) {
  const auto check = [&option](const std::string& text) -> std::string {
    try {
      Options().set(option.name, text);
      return {};
    } catch (const Error& error) {
      // The command names the flag.
      const std::string message = error.what(), prefix = concat("option '", option.name, "': ");
      return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
    }
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
  for (const tenon_option& option : known_options()) {
    if (*option.flag == '\0') continue;
    Given& given = given_[option.name];
    if (is_switch(option)) {
      command.add_flag(option.flag, given.is_set, help_of(option));
    } else {
      command.add_option(option.flag, given.text, help_of(option))->check(value_of(option))->type_name(type_of(option));
    }
  }
}

Options SessionFlags::options() const {
  Options options;
  for (const tenon_option& option : known_options()) {
    const auto given = given_.find(option.name);
    if (given == given_.end()) continue;
    const std::string text = given->second.is_set ? set_value(option) : given->second.text;
    if (!text.empty()) options.set(option.name, text);
  }
  return options;
}

std::vector<std::string> SessionFlags::arguments() const {
  std::vector<std::string> arguments;
  for (const tenon_option& option : known_options()) {
    const auto given = given_.find(option.name);
    if (given == given_.end()) continue;
    if (given->second.is_set) arguments.emplace_back(option.flag);
    if (!given->second.text.empty()) arguments.insert(arguments.end(), {option.flag, given->second.text});
  }
  return arguments;
}

Session SessionFlags::open(const Options& options) const {
  const Progress progress("opening " + model.filename().string());
  return Session(model.string(), options);
}

Session SessionFlags::inspect(const Options& options) const {
  const Progress progress("opening " + model.filename().string());
  return Session::inspect(model.string(), options);
}

}  // namespace tenon::tools
