// What the files of the C API share: the handles behind its opaque types, and how failures become codes. Nothing throws
// out of the API: exceptions of the standard library become codes.
#pragma once

#include <tenon/tenon.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/exceptions.h"
#include "host/session/session.h"

namespace tenon::host::c_api {

/// A Port with its strings and dimensions as C wants them.
struct PortStorage {
  std::string name;
  ElementType type;
  std::string type_text, text;
  bool is_optional = false;
  uint32_t position = 0;
  int32_t rank = -1;
  std::vector<int64_t> shape;
  std::vector<std::string> symbols;
  std::vector<const char*> symbol_pointers;

  PortStorage(const Port& port, size_t place)
      : name(port.name),
        type(element_type(port.type)),
        type_text(onnx_type(type)),
        text(describe(port.type)),
        is_optional(port.has_default),
        position(static_cast<uint32_t>(place)) {
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

/// The code, whose message tenon_last_error() gives on this thread from now on.
int failed(tn_code code, const char* message) noexcept;
Status null_argument(const char* name);
/// A copy of `text` that tenon_string_free frees.
Status give_string(const std::string& text, char** out);
/// The defaults for NULL.
const SessionOptions& options_of(const tenon_options* options);

/// Makes a handle of a session, or gives the error of opening it.
Status give_session(Result<std::unique_ptr<Session>> opened, tenon_session** out);

/// The runs of a session that did not block their caller and have not ended; outlives the session. Thread-safe.
class RunsUnderWay {
 public:
  void begin();
  /// True: the session was closed and this was the last one, so that the caller has to destroy it.
  [[nodiscard]] bool end();
  /// Waits for all of them, unless `may_wait` is false. True: there is none, the caller has to destroy the session.
  [[nodiscard]] bool close(bool may_wait);

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t count_ = 0;
  bool is_closed_ = false;
};

/// Runs `body`, which returns a Status, and keeps its message.
template <typename Body>
int code_of(Body&& body) noexcept {
  const Status status = guarded(std::forward<Body>(body));
  return status.is_ok() ? int{TENON_OK} : failed(status.code(), status.message().c_str());
}

}  // namespace tenon::host::c_api

struct tenon_options {
  tenon::host::SessionOptions options;
};

struct tenon_run_options {
  int64_t timeout_ms = -1;
  tenon_cancel* cancel = nullptr;
  std::filesystem::path profile;
  std::optional<bool> keep_memory;
  std::vector<tenon::host::BoundOutput> bound;
};

struct tenon_cancel {
  tenon::host::CancelToken token;
};

struct tenon_results {
  std::vector<tenon::host::RunValue> values;
  std::shared_ptr<const std::vector<std::string>> names;  // the session's, where all outputs were wanted
};

struct tenon_session {
  std::unique_ptr<tenon::host::Session> session;
  tenon::host::c_api::Ports inputs, optional_inputs, outputs;
  std::shared_ptr<const std::vector<std::string>> output_names;
  // Made at the first question, as it takes a string or three for each node.
  mutable std::once_flag placed;
  mutable std::vector<tenon::host::NodePlacement> placement;
  const std::shared_ptr<tenon::host::c_api::RunsUnderWay> runs = std::make_shared<tenon::host::c_api::RunsUnderWay>();
};
