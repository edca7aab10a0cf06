// The `tenon` command. Exit code 0 when all is well, 1 on any error, with one message on standard error.
#include <cstdio>
#include <exception>

#include "host/plugins/crash_report.h"
#include "tools/commands.h"
#include "tools/exits.h"

namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon run model.onnx --input image=photo.npy\n"
    "  tenon run model.onnx --check test_data_set_0\n"
    "  tenon inspect model.onnx --json\n"
    "  tenon bench model.onnx --shape image=8x3x224x224 --threads 2\n"
    "  tenon convert model.onnx model.ort\n"
    "  tenon pack model.onnx\n"
    "  tenon publish model.onnx --name classifier\n"
    "  tenon providers\n"
    "  tenon cache ls\n"
    "`tenon SUBCOMMAND --help` tells the options of each.";

int run(int argc, char** argv) {
  CLI::App app("Runs ONNX models by mapping them and giving every node to a provider.", "tenon");
  app.set_version_flag("--version", "tenon " TENON_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  tenon::tools::Action action;
  for (const auto add : tenon::tools::kCommands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);  // --help and --version
    const auto chosen = app.get_subcommands();
    std::fprintf(stderr, "error: %s\n`tenon%s%s --help` shows what is known.\n", failure.what(),
                 chosen.empty() ? "" : " ", chosen.empty() ? "" : chosen.front()->get_name().c_str());
    return 1;
  }
  const auto answer = action();
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (!answer.is_ok()) {
    std::fprintf(stderr, "error: %s\n", answer.status().message().c_str());
    return 1;
  }
  if (!written) {
    std::fputs("error: standard output could not be written in full: is its disk full?\n", stderr);
    return 1;
  }
  return answer.value() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  tenon::tools::watch_exits();
  tenon::host::install_crash_report();
  tenon::host::prepare_thread_for_crash_report();
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 1;
  }
}
