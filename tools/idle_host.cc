// `tenon idle-host`: loads the providers, opens no model and waits. What `tenon bench --processes` subtracts; not
// listed in the help.
#include "tools/bench_processes.h"
#include "tools/commands.h"
#include "tools/support/session_flags.h"

namespace tenon::tools {
namespace {

struct IdleFlags {
  SessionFlags session;
  int64_t hold_ms = 0;
};

host::Result<bool> idle(const IdleFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto options, flags.session.options());
  auto nothing = std::make_unique<host::Model>();
  nothing->graph = std::make_unique<host::Graph>();
  TENON_ASSIGN_OR_RETURN(const auto session, host::Session::open_model(std::move(nothing), options));
  hold(flags.hold_ms);
  return true;
}

}  // namespace

void add_idle_host_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("idle-host", "Load the providers, open no model, and wait");
  command->group("");
  const auto flags = std::make_shared<IdleFlags>();
  flags->session.add_session_options(*command);
  command->add_option("--hold-ms", flags->hold_ms, "How long to wait")->check(whole_number(0, 1000000000));
  command->callback([flags, &action] { action = [flags] { return idle(*flags); }; });
}

}  // namespace tenon::tools
