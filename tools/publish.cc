// `tenon publish`: puts a model into shared memory under a name, for every process of this user.
#include <cstdio>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon publish model.onnx --name classifier\n"
    "  tenon run shm:classifier\n"
    "  tenon cache rm shm:classifier                 takes it away; who has it open keeps it\n"
    "It needs no file afterwards, fits the providers that it was published with, and is gone when the machine "
    "restarts.";

struct PublishFlags {
  SessionFlags session;
  std::string name;
};

bool publish(const PublishFlags& flags) {
  const Options options = flags.session.options();
  const TimeLimit limit(flags.session.timeout_ms);
  {
    const Progress progress("publishing " + flags.session.model.filename().string());
    tenon::publish(flags.name, flags.session.model.string(), options);
  }
  std::printf("shm:%s\n", flags.name.c_str());
  return true;
}

}  // namespace

void add_publish_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("publish", "Put a model into shared memory under a name");
  const auto flags = std::make_shared<PublishFlags>();
  flags->session.add_to(*command);
  command->add_option("--name", flags->name, "Letters, digits, '.', '_' and '-': it is opened as shm:NAME")->required();
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return publish(*flags); }; });
}

}  // namespace tenon::tools
