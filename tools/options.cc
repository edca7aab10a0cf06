// `tenon options`: the options that a session has, from the table that sets them.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon options\n"
    "  tenon options --json\n"
    "  tenon options --markdown\n"
    "A session has its options from tenon_options_set in C, Options::set in C++, the flags of the command, and the "
    "environment.";

constexpr char kHead[] = R"(# Options of a session
Written by `tenon options --markdown` from the table that sets them, `host/session/option_table.inc`; a test of `./check`
fails while it is behind.

In C an option is set by `tenon_options_set(options, "threads", "2")`, in C++ by `Options().set("threads", "2")`, in the
command by its flag; `tenon_option_at` and `tenon options --json` list what is here. Unknown names and bad values are errors
that say what is known.

**Environment.** `NAME`: the variable is the value of an option that was left at its default; what a program or the command
sets goes first. `NAME=value`: that value holds for every session, whatever was set. An empty variable is none.

)";

constexpr char kFoot[] = R"(
## Variables that are no options
| variable | what it is |
|---|---|
| `TENON_PROVIDER_PATH` | folders of providers, separated by colons |
| `TENON_LOG` | what is logged to standard error: `trace`, `debug`, `info`, `warn` (the default), `error` or `off` |
| `TENON_SHM_DIR` | the folder of packs in shared memory, else `/dev/shm/tenon-<user id>` |
)";

struct OptionsFlags {
  bool as_json = false;
  bool as_markdown = false;
};

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

// A value; or words, which stand for one.
std::string default_cell(const tenon_option& option) {
  if (option.kind == TENON_OPTION_PATH) return option.default_value;
  try {
    Options().set(option.name, option.default_value);
    return code(option.default_value);
  } catch (const Error&) {
    return option.default_value;
  }
}

std::string page() {
  std::string text =
      concat(kHead, "| option | command | environment | values | default | |\n|---|---|---|---|---|---|\n");
  for (const tenon_option& option : Options::known())
    text += concat("| `", option.name, "` | ", code(option.flag), " | ", code(option.environment), " | ", option.values,
                   " | ", default_cell(option), " | ", option.help, " |\n");
  return text + kFoot;
}

json to_json(const tenon_option& option) {
  return {{"name", option.name},
          {"values", option.values},
          {"default", option.default_value},
          {"environment", option.environment},
          {"flag", option.flag},
          {"help", option.help}};
}

void print(const tenon_option& option) {
  std::printf("%s  %s, default %s%s%s%s%s\n  %s\n", bold(option.name).c_str(), option.values, option.default_value,
              *option.flag != '\0' ? "  " : "", option.flag, *option.environment != '\0' ? "  " : "",
              option.environment, option.help);
}

bool list_options(const OptionsFlags& flags) {
  const std::vector<tenon_option> known = Options::known();
  if (flags.as_markdown) {
    std::fputs(page().c_str(), stdout);
  } else if (flags.as_json) {
    json list = json::array();
    for (const tenon_option& option : known) list.push_back(to_json(option));
    std::printf("%s\n", list.dump(2).c_str());
  } else {
    for (const tenon_option& option : known) print(option);
  }
  return true;
}

}  // namespace

void add_options_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("options", "List the options of a session");
  const auto flags = std::make_shared<OptionsFlags>();
  CLI::Option* as_json = command->add_flag("--json", flags->as_json, "Print JSON");
  command->add_flag("--markdown", flags->as_markdown, "Print the page of all options")->excludes(as_json);
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return list_options(*flags); }; });
}

}  // namespace tenon::tools
