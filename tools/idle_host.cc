// `tenon idle-host`: loads the providers, opens no model and waits. What `tenon bench --processes` subtracts; not
// listed in the help.
#include <tenon/tenon.hpp>

#include "host/api/c_api_internal.h"
#include "tools/bench_processes.h"
#include "tools/commands.h"
#include "tools/support/session_flags.h"

namespace tenon::tools {
namespace {

struct IdleFlags {
  SessionFlags session;
  int64_t hold_ms = 0;
};

bool idle(const IdleFlags& flags) {
  const Options options = flags.session.options();
  auto nothing = std::make_unique<host::Model>();
  nothing->graph = std::make_unique<host::Graph>();
  const auto session = host::Session::open_model(std::move(nothing), options.c()->options);
  if (!session.is_ok()) throw Error(static_cast<tenon_code>(session.status().code()), session.status().message());
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
