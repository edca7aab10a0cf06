// Errors of the host: Status and Result<T>. Every function that can fail returns one; no exception leaves the file that
// wraps the library that throws it. A message names what failed, what was expected, what was found, and the mend.
#pragma once

#include <tenon/kernel_api/base.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon::host {

/// Success, or one of the codes of kernel_api/base.h with a message. Success costs one null pointer. Copyable.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(tn_code code, std::string message)
      : error_(std::make_shared<Error>(Error{code == TN_OK ? TN_INTERNAL : code, std::move(message)})) {}
  /// TN_OUT_OF_MEMORY, for where there is none for words.
  static Status out_of_memory() noexcept;

  bool is_ok() const { return error_ == nullptr; }
  tn_code code() const { return error_ ? error_->code : TN_OK; }
  const std::string& message() const {
    static const std::string empty;
    return error_ ? error_->message : empty;
  }
  /// The same error with `context` and ": " before its message; success stays success.
  Status with_context(const std::string& context) const {
    return is_ok() ? Status() : Status(code(), context + ": " + message());
  }

 private:
  struct Error {
    tn_code code;
    std::string message;
  };
  std::shared_ptr<const Error> error_;
};

/// A value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(Status status) : status_(std::move(status)) {}
  template <typename U>
  requires(std::is_convertible_v<U&&, T> && !std::is_same_v<std::remove_cvref_t<U>, Status> &&
           !std::is_same_v<std::remove_cvref_t<U>, Result>) Result(U&& value)
      : value_(std::forward<U>(value)) {}

  bool is_ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

/// Text and whole numbers go without a stream: making one takes longer than most of what is joined.
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

/// Joins its arguments, each as a stream would print it, into one string.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (append_text(&text, parts), ...);
  return text;
}

template <typename... Parts>
Status error(tn_code code, const Parts&... parts) {
  return Status(code, concat(parts...));
}

/// The code's name in words, for people: "invalid model".
const char* code_name(tn_code code);

}  // namespace tenon::host

#define TENON_CONCAT_INNER(a, b) a##b
#define TENON_CONCAT(a, b) TENON_CONCAT_INNER(a, b)

/// Returns the Status of `expression` from the enclosing function unless it is a success.
#define TENON_RETURN_IF_ERROR(expression)                                                                 \
  do {                                                                                                    \
    if (::tenon::host::Status tenon_status_ = (expression); !tenon_status_.is_ok()) return tenon_status_; \
  } while (false)

/// `TENON_ASSIGN_OR_RETURN(auto model, import_model(path));` defines model, or returns the Status.
#define TENON_ASSIGN_OR_RETURN(target, expression) \
  TENON_ASSIGN_OR_RETURN_IMPL(TENON_CONCAT(tenon_result_, __LINE__), target, expression)
#define TENON_ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                                   \
  if (!result.is_ok()) return result.status();                  \
  target = std::move(result.value())
