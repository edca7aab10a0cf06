// The functions of RE2 that cpu_ref calls. RE2 is linked by a library of its own beside the provider, which is loaded
// when the first kernel asks: to load RE2 takes longer than cpu_ref itself, and hardly a model needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tenon/sdk/status.hpp>

namespace tenon::cpu_ref {

/// Nothing throws across this table.
struct Re2 {
  /// Given why a pattern is none, or no memory is left. The text lives until it returns.
  using Report = void (*)(void* arg, const char* text, size_t size);
  /// nullptr: reported. RE2's own syntax on UTF-8; a pattern that needs more than max_memory bytes is refused.
  /// `longest`: of matches that begin at one place the longest is found, whatever the pattern prefers.
  void* (*compile)(const char* pattern, size_t size, bool longest, int64_t max_memory, Report report, void* arg);
  /// Whether all of the text matches: 1, 0, or -1 when no memory is left. In time linear in the text. Thread-safe.
  int (*matches)(const void* regex, const char* text, size_t size);
  /// The first match that begins at `from` or later: 1 and where it begins and ends, 0, or -1. Thread-safe.
  int (*find)(const void* regex, const char* text, size_t size, size_t from, size_t* begin, size_t* end);
  void (*destroy)(void* regex);
};

/// The symbol of that type in the library cpu_ref/re2.so beside libcpu_ref.so.
#define TENON_RE2_SYMBOL tenon_re2

/// Loads it when first asked; stays loaded. TN_NOT_FOUND says what is missing. Thread-safe.
sdk::Result<const Re2*> re2();

}  // namespace tenon::cpu_ref
