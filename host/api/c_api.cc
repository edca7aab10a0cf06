// <tenon/tenon.h> over Session. Nothing throws out of here: exceptions of the standard library become codes.
#include <tenon/tenon.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "host/session/session.h"

using namespace tenon::host;

struct tenon_options {
  SessionOptions options;
};

struct tenon_cancel {
  CancelToken token;
};

struct tenon_results {
  std::vector<Tensor> tensors;
  std::vector<std::string> names;
};

namespace {

static_assert(sizeof(tenon_string) == sizeof(tn_str) && offsetof(tenon_string, size) == offsetof(tn_str, size));
static_assert(int{TENON_INTERNAL} == int{TN_INTERNAL} && int{TENON_CANCELLED} == int{TN_CANCELLED});

/// A Port with its strings and dimensions as C wants them.
struct PortStorage {
  std::string name;
  uint32_t dtype = 0;
  int32_t rank = -1;
  std::vector<int64_t> shape;
  std::vector<std::string> symbols;
  std::vector<const char*> symbol_pointers;

  explicit PortStorage(const Port& port) : name(port.name), dtype(port.type.dtype) {
    if (!port.type.dims) return;
    rank = static_cast<int32_t>(port.type.dims->size());
    for (const Dim& dim : *port.type.dims) {
      shape.push_back(dim.value);
      symbols.push_back(dim.value < 0 ? dim.symbol : "");
    }
    for (const std::string& symbol : symbols) symbol_pointers.push_back(symbol.c_str());
  }
  PortStorage(const PortStorage&) = delete;
};

using Ports = std::vector<std::unique_ptr<PortStorage>>;

Ports ports_of(const std::vector<Port>& ports) {
  Ports storage;
  for (const Port& port : ports) storage.push_back(std::make_unique<PortStorage>(port));
  return storage;
}

// A C string per thread, so that the pointer handed out stays as the header promises.
std::string& last_error() {
  thread_local std::string message;
  return message;
}

int failed(tn_code code, const char* message) noexcept {
  try {
    last_error() = message;
  } catch (...) {
    last_error().clear();
  }
  return code;
}

/// Runs `body`, which returns a Status, and keeps its message.
template <typename Body>
int guarded(Body&& body) noexcept {
  try {
    const Status status = body();
    return status.is_ok() ? int{TENON_OK} : failed(status.code(), status.message().c_str());
  } catch (const std::bad_alloc&) {
    return failed(TN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return failed(TN_INTERNAL, e.what());
  } catch (...) {
    return failed(TN_INTERNAL, "unknown exception");
  }
}

Status null_argument(const char* name) {
  return error(TN_INVALID_ARGUMENT, "argument '", name, "' is NULL");
}

Result<uint64_t> number(const char* name, const std::string& value) {
  uint64_t result = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (problem != std::errc() || end != value.data() + value.size())
    return error(TN_INVALID_ARGUMENT, "option '", name, "' is '", value, "': a whole number of at least 0 is expected");
  return result;
}

bool* flag_option(SessionOptions& options, const std::string& name) {
  if (name == "fold_constants") return &options.fold_constants;
  if (name == "fault_guard") return &options.fault_guard;
  if (name == "prefetch") return &options.memory.prefetch;
  if (name == "lock_memory") return &options.memory.lock_memory;
  if (name == "huge_pages") return &options.memory.huge_pages;
  return nullptr;
}

Status set_option(SessionOptions& options, const std::string& name, const std::string& value) {
  if (name == "providers") {
    TENON_ASSIGN_OR_RETURN(options.providers, parse_provider_list(value));
    return {};
  }
  if (name == "external_data_root") {
    options.external_data_root = value;
    return {};
  }
  if (bool* flag = flag_option(options, name)) {
    if (value != "0" && value != "1")
      return error(TN_INVALID_ARGUMENT, "option '", name, "' is '", value, "': 0 or 1 is expected");
    *flag = value == "1";
    return {};
  }
  if (name != "threads" && name != "fold_limit_bytes" && name != "run_memory_limit_bytes")
    return error(TN_INVALID_ARGUMENT, "unknown option '", name,
                 "': known are providers, threads, external_data_root, fold_constants, fold_limit_bytes, "
                 "run_memory_limit_bytes, fault_guard, prefetch, lock_memory and huge_pages");
  TENON_ASSIGN_OR_RETURN(const uint64_t amount, number(name.c_str(), value));
  if (name == "fold_limit_bytes") options.fold_limit_bytes = amount;
  if (name == "run_memory_limit_bytes") options.run_memory_limit_bytes = amount;
  if (name == "threads") {
    if (amount > 65'535) return error(TN_INVALID_ARGUMENT, "option 'threads' is ", amount, ": at most 65535");
    options.threads = static_cast<unsigned>(amount);
  }
  return {};
}

// More than any model has: a larger one is memory that was never set.
constexpr uint32_t kMaxRank = 256;

Result<NamedTensor> borrowed(const tenon_tensor& t, size_t index) {
  if (t.name == nullptr) return error(TN_INVALID_ARGUMENT, "input ", index, " has no name");
  if (t.rank > 0 && t.shape == nullptr)
    return error(TN_INVALID_ARGUMENT, "input '", t.name, "' has rank ", t.rank, ", but no shape");
  if (t.rank > kMaxRank)
    return error(TN_INVALID_ARGUMENT, "input '", t.name, "' has rank ", t.rank, ", expected at most ", kMaxRank,
                 ": set rank to the number of its dimensions");
  return NamedTensor{t.name, Tensor(static_cast<tn_dtype>(t.dtype), std::vector<int64_t>(t.shape, t.shape + t.rank),
                                    t.data, t.byte_length, nullptr, Residence::kBorrowed)};
}

// A deadline past what the clock can hold is none.
std::optional<std::chrono::steady_clock::time_point> deadline_after(int64_t timeout_ms) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now();
  const auto left =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::time_point::max() - now).count();
  if (timeout_ms < 0 || timeout_ms >= left) return std::nullopt;
  return now + milliseconds(timeout_ms);
}

}  // namespace

struct tenon_session {
  explicit tenon_session(std::unique_ptr<Session> s)
      : session(std::move(s)), inputs(ports_of(session->inputs())), outputs(ports_of(session->outputs())) {}
  std::unique_ptr<Session> session;
  Ports inputs, outputs;
};

namespace {

Status give_session(Result<std::unique_ptr<Session>> opened, tenon_session** out) {
  if (!opened.is_ok()) return opened.status();
  *out = new tenon_session(std::move(*opened));
  return {};
}

Status give_port(const Ports& ports, const char* kind, size_t index, tenon_port* out) {
  if (out == nullptr) return null_argument("port");
  if (index >= ports.size())
    return error(TN_INVALID_ARGUMENT, "there is no ", kind, " ", index, ": the model has ", ports.size());
  const PortStorage& port = *ports[index];
  *out = {port.name.c_str(), port.dtype, port.rank, port.shape.data(), port.symbol_pointers.data()};
  return {};
}

const SessionOptions& options_of(const tenon_options* options) {
  static const SessionOptions defaults;
  return options != nullptr ? options->options : defaults;
}

}  // namespace

const char* tenon_last_error(void) {
  return last_error().c_str();
}

const char* tenon_version(void) {
  return TENON_VERSION;
}

tenon_options* tenon_options_create(void) {
  tenon_options* options = new (std::nothrow) tenon_options;
  if (options == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return options;
}

void tenon_options_destroy(tenon_options* options) {
  delete options;
}

int tenon_options_set(tenon_options* options, const char* name, const char* value) {
  return guarded([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (name == nullptr) return null_argument("name");
    if (value == nullptr) return null_argument("value");
    return set_option(options->options, name, value);
  });
}

int tenon_session_open(const char* path, const tenon_options* options, tenon_session** session) {
  return guarded([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (path == nullptr) return null_argument("path");
    return give_session(Session::open(path, options_of(options)), session);
  });
}

int tenon_session_open_bytes(const void* data, size_t size, const tenon_options* options, tenon_session** session) {
  return guarded([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    *session = nullptr;
    if (data == nullptr) return null_argument("data");
    return give_session(Session::open_bytes({static_cast<const std::byte*>(data), size}, nullptr, options_of(options)),
                        session);
  });
}

void tenon_session_close(tenon_session* session) {
  delete session;
}

size_t tenon_session_input_count(const tenon_session* session) {
  return session != nullptr ? session->inputs.size() : 0;
}

size_t tenon_session_output_count(const tenon_session* session) {
  return session != nullptr ? session->outputs.size() : 0;
}

int tenon_session_input(const tenon_session* session, size_t index, tenon_port* port) {
  return guarded([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    return give_port(session->inputs, "input", index, port);
  });
}

int tenon_session_output(const tenon_session* session, size_t index, tenon_port* port) {
  return guarded([&]() -> Status {
    if (session == nullptr) return null_argument("session");
    return give_port(session->outputs, "output", index, port);
  });
}

int tenon_session_run(tenon_session* session, const tenon_tensor* inputs, size_t input_count,
                      const char* const* outputs, size_t output_count, int64_t timeout_ms, tenon_cancel* cancel,
                      tenon_results** results) {
  return guarded([&]() -> Status {
    if (results == nullptr) return null_argument("results");
    *results = nullptr;
    if (session == nullptr) return null_argument("session");
    if (inputs == nullptr && input_count > 0) return null_argument("inputs");
    std::vector<NamedTensor> given;
    for (size_t i = 0; i < input_count; ++i) {
      TENON_ASSIGN_OR_RETURN(NamedTensor tensor, borrowed(inputs[i], i));
      given.push_back(std::move(tensor));
    }
    auto made = std::make_unique<tenon_results>();
    for (size_t i = 0; outputs != nullptr && i < output_count; ++i) {
      if (outputs[i] == nullptr) return error(TN_INVALID_ARGUMENT, "output name ", i, " is NULL");
      made->names.push_back(outputs[i]);
    }
    RunOptions options;
    options.cancel = cancel != nullptr ? &cancel->token : nullptr;
    options.deadline = deadline_after(timeout_ms);
    TENON_ASSIGN_OR_RETURN(made->tensors, session->session->run(given, made->names, options));
    if (made->names.empty())
      for (const Port& port : session->session->outputs()) made->names.push_back(port.name);
    *results = made.release();
    return {};
  });
}

size_t tenon_results_count(const tenon_results* results) {
  return results != nullptr ? results->tensors.size() : 0;
}

int tenon_results_get(const tenon_results* results, size_t index, tenon_tensor* tensor) {
  return guarded([&]() -> Status {
    if (results == nullptr) return null_argument("results");
    if (tensor == nullptr) return null_argument("tensor");
    if (index >= results->tensors.size())
      return error(TN_INVALID_ARGUMENT, "there is no result ", index, ": there are ", results->tensors.size());
    const Tensor& t = results->tensors[index];
    *tensor = {results->names[index].c_str(),
               t.dtype(),
               static_cast<uint32_t>(t.shape().size()),
               t.shape().data(),
               t.data(),
               t.byte_length()};
    return {};
  });
}

void tenon_results_destroy(tenon_results* results) {
  delete results;
}

int tenon_session_report(const tenon_session* session, const char* format, char** report) {
  return guarded([&]() -> Status {
    if (report == nullptr) return null_argument("report");
    *report = nullptr;
    if (session == nullptr) return null_argument("session");
    if (format == nullptr) return null_argument("format");
    const std::string wanted = format;
    if (wanted != "text" && wanted != "details" && wanted != "json")
      return error(TN_INVALID_ARGUMENT, "unknown report format '", wanted, "': known are text, details and json");
    const SessionReport facts = session->session->report();
    const std::string text = wanted == "json" ? to_json(facts) : to_text(facts, wanted == "details");
    *report = static_cast<char*>(std::malloc(text.size() + 1));
    if (*report == nullptr) return error(TN_OUT_OF_MEMORY, "no memory for a report of ", text.size(), " bytes");
    std::memcpy(*report, text.c_str(), text.size() + 1);
    return {};
  });
}

void tenon_string_free(char* string) {
  std::free(string);
}

tenon_cancel* tenon_cancel_create(void) {
  tenon_cancel* cancel = new (std::nothrow) tenon_cancel;
  if (cancel == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return cancel;
}

void tenon_cancel_now(tenon_cancel* cancel) {
  if (cancel != nullptr) cancel->token.cancel();
}

void tenon_cancel_destroy(tenon_cancel* cancel) {
  delete cancel;
}
