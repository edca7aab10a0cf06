// The subcommands of `tenon`, one file each: a new one is its file, and here its function and its row. Every add_...
// function adds its subcommand and options to the app and leaves in `action` what to do once the command line is read.
// Used by one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "host/base/status.h"

namespace tenon::tools {

/// What the chosen subcommand does. A Result of false means that it ran and its answer is no (exit code 1, with what is
/// to be said already printed).
using Action = std::function<host::Result<bool>()>;

void add_run_command(CLI::App& app, Action& action);
void add_inspect_command(CLI::App& app, Action& action);
void add_providers_command(CLI::App& app, Action& action);
void add_bench_command(CLI::App& app, Action& action);
void add_cache_command(CLI::App& app, Action& action);
void add_convert_command(CLI::App& app, Action& action);
void add_pack_command(CLI::App& app, Action& action);
void add_publish_command(CLI::App& app, Action& action);
void add_idle_host_command(CLI::App& app, Action& action);

/// In the order in which `tenon --help` lists them.
constexpr void (*kCommands[])(CLI::App& app, Action& action) = {
    add_run_command,     add_inspect_command, add_providers_command, add_bench_command,     add_cache_command,
    add_convert_command, add_pack_command,    add_publish_command,   add_idle_host_command,
};

}  // namespace tenon::tools
