// `tenon pack`: packs a model ahead of time, for deployments whose disks are only read.
#include <cstdio>
#include <filesystem>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/support/print.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon pack model.onnx                                      makes model.onnx.tpack, which every open finds\n"
    "  tenon pack model.onnx --self-contained --to model.tpack    a file that needs no source: tenon run model.tpack\n"
    "A pack fits the providers, and the kind of CPU, that it was made with.";

struct PackFlags {
  SessionFlags session;
  std::filesystem::path target;
  bool self_contained = false;
};

bool pack(const PackFlags& flags) {
  const Options options = flags.session.options();
  const TimeLimit limit(flags.session.timeout_ms);
  std::filesystem::path target = flags.target;
  if (target.empty()) {
    target = flags.session.model;
    flags.self_contained ? target.replace_extension(".tpack") : target += ".tpack";
  }
  {
    const Progress progress("packing " + flags.session.model.filename().string());
    tenon::pack(flags.session.model.string(), target.string(), flags.self_contained, options);
  }
  std::error_code failure;
  std::printf("%s: %s\n", target.c_str(), byte_text(std::filesystem::file_size(target, failure)).c_str());
  return true;
}

}  // namespace

void add_pack_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("pack", "Pack a model ahead of time");
  const auto flags = std::make_shared<PackFlags>();
  flags->session.add_to(*command);
  command->add_option("--to", flags->target, "The pack; <MODEL>.tpack when it is not given");
  command->add_flag("--self-contained", flags->self_contained, "Hold every byte that a run needs");
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return pack(*flags); }; });
}

}  // namespace tenon::tools
