// The subcommands of `tenon`, one file each. Every add_... function adds its subcommand and options to the app and
// leaves in `action` what to do once the command line is read. Used by one thread.
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

}  // namespace tenon::tools
