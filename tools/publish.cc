// `tenon publish`: puts a model into shared memory under a name, for every process of this user.
#include <cstdio>

#include "host/packs/published_model.h"
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

host::Result<bool> publish(const PublishFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto options, flags.session.options());
  const TimeLimit limit(flags.session.timeout_ms);
  {
    const Progress progress("publishing " + flags.session.model.filename().string());
    TENON_RETURN_IF_ERROR(host::publish_model(flags.session.model, flags.name, options));
  }
  std::printf("%s%s\n", host::kPublishedPrefix, flags.name.c_str());
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
