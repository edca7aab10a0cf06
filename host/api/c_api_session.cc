// <tenon/tenon.h>: sessions, what they want and what they report.
#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/threads/task_queue.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

Ports inputs_of(const std::vector<Port>& ports, bool has_default) {
  Ports storage;
  for (size_t i = 0; i < ports.size(); ++i)
    if (ports[i].has_default == has_default) storage.push_back(std::make_unique<PortStorage>(ports[i], i));
  return storage;
}

// An output may be an input with a default, handed on; a run always has it.
Ports outputs_of(const std::vector<Port>& ports) {
  Ports storage;
  for (size_t i = 0; i < ports.size(); ++i) {
    storage.push_back(std::make_unique<PortStorage>(ports[i], i));
    storage.back()->is_optional = false;
  }
  return storage;
}

Status give_port(const Ports& ports, const char* kind, size_t index, tenon_port* out) {
  if (index >= ports.size())
    return error(TN_INVALID_ARGUMENT, "there is no ", kind, " ", index, ": the model has ", ports.size());
  const PortStorage& port = *ports[index];
  tenon_port made{};
  made.name = port.name.c_str();
  made.type = port.type_text.c_str();
  made.kind = static_cast<uint32_t>(port.type.kind);
  made.dtype = port.type.dtype;
  made.held = static_cast<uint32_t>(port.type.held);
  made.key = port.type.key;
  made.is_optional = port.is_optional;
  made.rank = port.rank;
  made.shape = port.shape.data();
  made.dim_names = port.symbol_pointers.data();
  made.text = port.text.c_str();
  made.position = port.position;
  return give(made, out, "port");
}

}  // namespace

namespace tenon::host::c_api {

Status give_session(Result<std::unique_ptr<Session>> opened, tenon_session** out) {
  if (!opened.is_ok()) return opened.status();
  auto handle = std::make_unique<tenon_session>();
  handle->inputs = inputs_of((*opened)->inputs(), false);
  handle->optional_inputs = inputs_of((*opened)->inputs(), true);
  handle->outputs = outputs_of((*opened)->outputs());
  std::vector<std::string> names;
  for (const Port& port : (*opened)->outputs()) names.push_back(port.name);
  handle->output_names = std::make_shared<const std::vector<std::string>>(std::move(names));
  handle->session = std::move(*opened);
  *out = handle.release();
  return {};
}

}  // namespace tenon::host::c_api

int tenon_session_open(const char* path, const tenon_options* options, tenon_session** session) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (path == nullptr) return null_argument("path");
    return give_session(Session::open(path, options_of(options)), session);
  });
}

int tenon_session_open_bytes(const void* data, size_t size, const tenon_options* options, tenon_session** session) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (data == nullptr) return null_argument("data");
    return give_session(Session::open_bytes({static_cast<const std::byte*>(data), size}, nullptr, options_of(options)),
                        session);
  });
}

void tenon_session_close(tenon_session* session) {
  // A task of the queue must not wait for another one.
  if (session != nullptr && session->runs->close(!TaskQueue::is_own_thread())) delete session;
}

size_t tenon_session_input_count(const tenon_session* session) {
  return session != nullptr ? session->inputs.size() : 0;
}

size_t tenon_session_output_count(const tenon_session* session) {
  return session != nullptr ? session->outputs.size() : 0;
}

int tenon_session_input(const tenon_session* session, size_t index, tenon_port* port) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    return give_port(session->inputs, "input", index, port);
  });
}

size_t tenon_session_optional_input_count(const tenon_session* session) {
  return session != nullptr ? session->optional_inputs.size() : 0;
}

int tenon_session_optional_input(const tenon_session* session, size_t index, tenon_port* port) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    return give_port(session->optional_inputs, "optional input", index, port);
  });
}

int tenon_session_output(const tenon_session* session, size_t index, tenon_port* port) {
  return code_of([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    return give_port(session->outputs, "output", index, port);
  });
}

int tenon_session_end_profile(tenon_session* session, char** path) {
  return code_of([&]() -> Status {
    if (path == nullptr) return null_argument("path");
    *path = nullptr;
    if (session == nullptr) return null_argument("session");
    TENON_ASSIGN_OR_RETURN(const std::filesystem::path file, session->session->end_profile());
    return give_string(file.string(), path);
  });
}

int tenon_session_report(const tenon_session* session, const char* format, char** report) {
  return code_of([&]() -> Status {
    if (report == nullptr) return null_argument("report");
    *report = nullptr;
    if (session == nullptr) return null_argument("session");
    if (format == nullptr) return null_argument("format");
    const std::string wanted = format;
    if (wanted != "text" && wanted != "details" && wanted != "json")
      return error(TN_INVALID_ARGUMENT, "unknown report format '", wanted, "': known are text, details and json");
    const SessionReport facts = session->session->report();
    const std::string text = wanted == "json" ? to_json(facts) : to_text(facts, wanted == "details");
    return give_string(text, report);
  });
}
