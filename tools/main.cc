// The `tenon` command. Exit code 0 when all is well, 1 on any error, with one message on standard error.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/exits.h"

namespace {

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, tenon::tools::Action& action);
  std::string_view example;  // empty: it is not for users
};

constexpr Command kCommands[] = {
#define TENON_COMMAND_ROW(name, example) {#name, tenon::tools::add_##name##_command, example},
    TENON_COMMANDS(TENON_COMMAND_ROW)
#undef TENON_COMMAND_ROW
};

std::string examples() {
  std::string text = "Examples:\n";
  for (const Command& command : kCommands)
    if (!command.example.empty()) text.append("  tenon ").append(command.example).append("\n");
  return text + "`tenon SUBCOMMAND --help` tells the options of each.";
}

/// Adds the subcommand that the first argument names, or all of them where it names none: the options of one take 10
/// kB, which a process that holds a model would keep.
void add_commands(std::string_view first, CLI::App& app, tenon::tools::Action& action) {
  const auto is_first = [first](const Command& command) {
    return std::ranges::equal(command.name, first, [](char a, char b) { return a == (b == '-' ? '_' : b); });
  };
  const auto named = std::ranges::find_if(kCommands, is_first);
  if (named != std::end(kCommands)) return named->add(app, action);
  for (const Command& command : kCommands) command.add(app, action);
}

int run(int argc, char** argv) {
  CLI::App app("Runs ONNX models by mapping them and giving every node to a provider.", "tenon");
  app.set_version_flag("--version", "tenon " TENON_VERSION);
  app.require_subcommand(1);
  app.footer(examples());
  tenon::tools::Action action;
  add_commands(argc > 1 ? argv[1] : "", app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);  // --help and --version
    const auto chosen = app.get_subcommands();
    std::fprintf(stderr, "error: %s\n`tenon%s%s --help` shows what is known.\n", failure.what(),
                 chosen.empty() ? "" : " ", chosen.empty() ? "" : chosen.front()->get_name().c_str());
    return 1;
  }
  const bool answer = action();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("error: standard output could not be written in full: is its disk full?\n", stderr);
    return 1;
  }
  return answer ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  tenon::tools::watch_exits();
  tenon_crash_report_install();
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 1;
  }
}
