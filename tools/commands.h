// The subcommands of `tenon`, one file and one row each. Every add_... function adds its subcommand and options to the
// app and leaves in `action` what to do once the command line is read. Used by one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace tenon::tools {

/// What the chosen subcommand does; it fails by throwing, tenon::Error as a rule. False means that it ran and its
/// answer is no (exit code 1, with what is to be said already printed).
using Action = std::function<bool()>;

// Every subcommand, in the order of the help: COMMAND(name, an example of its use). The function add_<name>_command of
// the file <name>.cc adds it.
#define TENON_COMMANDS(COMMAND)                                            \
  COMMAND(run, "run model.onnx --input image=photo.npy")                   \
  COMMAND(inspect, "inspect model.onnx --json")                            \
  COMMAND(providers, "providers cpu_blas")                                 \
  COMMAND(bench, "bench model.onnx --shape image=8x3x224x224 --threads 2") \
  COMMAND(cache, "cache ls")                                               \
  COMMAND(convert, "convert model.onnx model.ort")                         \
  COMMAND(pack, "pack model.onnx")                                         \
  COMMAND(publish, "publish model.onnx --name classifier")                 \
  COMMAND(options, "options")                                              \
  COMMAND(new_provider, "new-provider mine")                               \
  COMMAND(conform, "conform libmine.so --quick")                            \
  COMMAND(idle_host, "")

#define TENON_DECLARE_COMMAND(name, example) void add_##name##_command(CLI::App& app, Action& action);
TENON_COMMANDS(TENON_DECLARE_COMMAND)
#undef TENON_DECLARE_COMMAND

}  // namespace tenon::tools
