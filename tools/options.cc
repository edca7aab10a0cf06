// `tenon options`: the options that a session has, from the table that sets them.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/session/option_table.h"
#include "tools/commands.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::OptionRow;
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
std::string default_cell(const OptionRow& row) {
  host::SessionOptions scratch;
  const bool is_value = row.kind() != host::OptionKind::kPath && row.set(scratch, row.default_text).is_ok();
  return is_value ? code(row.default_text) : row.default_text;
}

std::string page() {
  std::string text =
      concat(kHead, "| option | command | environment | values | default | |\n|---|---|---|---|---|---|\n");
  for (const OptionRow& row : host::option_rows())
    text += concat("| `", row.name, "` | ", code(row.flag), " | ", code(row.environment_text()), " | ", row.values(),
                   " | ", default_cell(row), " | ", row.help, " |\n");
  return text + kFoot;
}

json to_json(const OptionRow& row) {
  return {{"name", row.name},
          {"values", row.values()},
          {"default", row.default_text},
          {"environment", row.environment_text()},
          {"flag", row.flag},
          {"help", row.help}};
}

void print(const OptionRow& row) {
  const std::string variable = row.environment_text();
  std::printf("%s  %s, default %s%s%s%s%s\n  %s\n", bold(row.name).c_str(), row.values().c_str(), row.default_text,
              *row.flag != '\0' ? "  " : "", row.flag, variable.empty() ? "" : "  ", variable.c_str(), row.help);
}

host::Result<bool> list_options(const OptionsFlags& flags) {
  if (flags.as_markdown) {
    std::fputs(page().c_str(), stdout);
  } else if (flags.as_json) {
    json list = json::array();
    for (const OptionRow& row : host::option_rows()) list.push_back(to_json(row));
    std::printf("%s\n", list.dump(2).c_str());
  } else {
    for (const OptionRow& row : host::option_rows()) print(row);
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
