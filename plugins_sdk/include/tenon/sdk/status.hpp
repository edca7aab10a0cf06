// Errors of plugin code: Status and Result<T>. The SDK turns them into tn_status at the boundary, and turns exceptions
// that reach the boundary into TN_INTERNAL (std::bad_alloc into TN_OUT_OF_MEMORY).
#pragma once

#include <tenon/kernel_api/host.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tenon/sdk/version.hpp>
#include <type_traits>
#include <utility>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Success, or a code of kernel_api with a message. Costs one null pointer on success.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(tn_code code, std::string message) : error_(std::make_unique<Error>(Error{code, std::move(message)})) {}

  static Status ok() { return {}; }
  bool is_ok() const { return error_ == nullptr; }
  tn_code code() const { return error_ ? error_->code : TN_OK; }
  const std::string& message() const {
    static const std::string empty;
    return error_ ? error_->message : empty;
  }

 private:
  struct Error {
    tn_code code;
    std::string message;
  };
  std::unique_ptr<Error> error_;
};

/// A value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {}
  template <typename U,
            typename = std::enable_if_t<std::is_convertible_v<U&&, T> && !std::is_same_v<std::decay_t<U>, T> &&
                                        !std::is_same_v<std::decay_t<U>, Status>>>
  Result(U&& value) : value_(T(std::forward<U>(value))) {}

  bool is_ok() const { return value_.has_value(); }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  Status take_status() { return std::move(status_); }

 private:
  std::optional<T> value_;
  Status status_;
};

namespace detail {

// Text and whole numbers go without a stream, which takes longer to make than most messages.
template <typename Part>
void append_text(std::string* text, const Part& part) {
  if constexpr (std::is_convertible_v<const Part&, const char*>) {
    const char* characters = part;
    if (characters != nullptr) *text += characters;
  } else if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
    *text += std::string_view(part);
  } else if constexpr (std::is_integral_v<Part> && sizeof(Part) > 1) {
    *text += std::to_string(part);
  } else {
    std::ostringstream out;
    out << part;
    *text += out.str();
  }
}

}  // namespace detail

/// Builds a message from parts, each as a stream would print it: `concat("axis ", axis, " is out of range")`.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (detail::append_text(&text, parts), ...);
  return text;
}

template <typename... Parts>
Status invalid_argument(const Parts&... parts) {
  return Status(TN_INVALID_ARGUMENT, concat(parts...));
}
template <typename... Parts>
Status invalid_model(const Parts&... parts) {
  return Status(TN_INVALID_MODEL, concat(parts...));
}
template <typename... Parts>
Status unsupported(const Parts&... parts) {
  return Status(TN_UNSUPPORTED, concat(parts...));
}

inline std::string_view view(tn_str s) {
  return std::string_view(s.data ? s.data : "", s.size);
}
inline tn_str to_tn_str(std::string_view s) {
  return tn_str{s.data(), s.size()};
}

/// Runs `body` (returning Status) and turns its failure or exception into a tn_status of `host`; NULL on success.
template <typename Body>
tn_status* guard(const tn_host* host, Body&& body) noexcept {
  try {
    Status status = body();
    return status.is_ok() ? nullptr : host->status_create(status.code(), to_tn_str(status.message()));
  } catch (const std::bad_alloc&) {
    return host->status_create(TN_OUT_OF_MEMORY, to_tn_str("out of memory in the plugin"));
  } catch (const std::exception& e) {
    return host->status_create(TN_INTERNAL, to_tn_str(e.what()));
  } catch (...) {
    return host->status_create(TN_INTERNAL, to_tn_str("the plugin threw something that is no std::exception"));
  }
}

/// Takes over a tn_status of the host as a Status, freeing it.
inline Status adopt(const tn_host* host, tn_status* raw) {
  if (raw == nullptr) return {};
  Status status(static_cast<tn_code>(host->status_code(raw)), std::string(view(host->status_message(raw))));
  host->status_destroy(raw);
  return status;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk

#define TN_SDK_CONCAT_INNER(a, b) a##b
#define TN_SDK_CONCAT(a, b) TN_SDK_CONCAT_INNER(a, b)

/// Returns the Status of `expression` from the enclosing function unless it is a success.
#define TN_RETURN_IF_ERROR(expression)              \
  do {                                              \
    ::tenon::sdk::Status tn_status_ = (expression); \
    if (!tn_status_.is_ok()) return tn_status_;     \
  } while (false)

/// `TN_ASSIGN_OR_RETURN(auto y, run.output(0, shape));` defines y, or returns the Status from the enclosing function.
#define TN_ASSIGN_OR_RETURN(target, expression) \
  TN_ASSIGN_OR_RETURN_IMPL(TN_SDK_CONCAT(tn_result_, __LINE__), target, expression)
#define TN_ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                                \
  if (!result.is_ok()) return result.take_status();          \
  target = std::move(result.value())
