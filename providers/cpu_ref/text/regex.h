// A regular expression of RE2's syntax on UTF-8. Time is linear in the texts, and memory for a pattern is bounded.
// Thread-safe once it is compiled.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <tenon/sdk/status.hpp>

#include "text/re2/re2.h"

namespace tenon::cpu_ref {

class Regex {
 public:
  /// `attribute` is whose text the pattern is, for the message. `longest`: see Re2::compile.
  static sdk::Result<Regex> compile(std::string_view attribute, std::string_view pattern, bool longest);

  /// Whether it matches all of the text.
  sdk::Result<bool> matches(std::string_view text) const;

  struct Span {
    size_t begin, end;
  };
  /// The first match that begins at `from` or later.
  sdk::Result<std::optional<Span>> find(std::string_view text, size_t from) const;

 private:
  using Handle = std::unique_ptr<void, void (*)(void*)>;
  Regex(const Re2* library, Handle handle) : library_(library), handle_(std::move(handle)) {}

  const Re2* library_;
  Handle handle_;
};

}  // namespace tenon::cpu_ref
