// What is told of an option of a session: its name, the field that it sets, its values, and where users find it.
// Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "host/base/status.h"
#include "host/session/options.h"

namespace tenon::host {

enum class OptionKind { kFlag, kNumber, kChoice, kText, kPath, kProviders, kDimensions, kCpus };

struct OptionRow;

/// A field of SessionOptions, whatever its type.
struct OptionField {
  OptionKind kind = OptionKind::kFlag;
  uint64_t most = UINT64_MAX;  // that a number of its type can be
  Status (*set)(SessionOptions& options, const OptionRow& row, const std::string& text) = nullptr;
  std::string (*get)(const SessionOptions& options, const OptionRow& row) = nullptr;
};

struct OptionEnvironment {
  const char* variable = "";  // "": none
  /// Not "": this value of the variable holds for every session, whatever the option is. Else the variable is the value
  /// of an option that was left at its default.
  const char* value = "";
  bool is_read_below = false;  // by the layer that the option is for, which needs it without a session, too
  const char* other = "";      // read below: the one value beside `value`, of no effect
};

struct OptionRow {
  const char* name = "";
  OptionField field = {};
  uint64_t least = 0, most = UINT64_MAX;  // of a number
  /// In the order of the field's values, of a bool first that for true. None: the field's type says what it takes.
  std::array<const char*, 4> choices{};
  const char* default_text = "";  // a value, or what stands in for one, in words
  OptionEnvironment environment = {};
  const char* flag = "";  // of the command; a flag's sets what is not its default
  const char* help = "";  // a sentence

  OptionKind kind() const { return choices[0] != nullptr ? OptionKind::kChoice : field.kind; }
  /// "0 or 1", "whole number from 0 to 65535", "auto, readonly or off" ...
  std::string values() const;
  /// Of a number: also of what its field can hold.
  uint64_t greatest() const { return most < field.most ? most : field.most; }
  size_t choice_count() const;
  /// TN_INVALID_ARGUMENT when `text` is none of the values.
  Status set(SessionOptions& options, const std::string& text) const { return field.set(options, *this, text); }
  /// What set() takes. "": nothing was set, so that environment or default decide.
  std::string get(const SessionOptions& options) const { return field.get(options, *this); }
  /// "TENON_PACK", "TENON_PREFETCH=1"; "" when there is none.
  std::string environment_text() const;
};

/// "a, b" and, before the last, `last_separator`.
std::string joined_names(std::span<const char* const> names, const char* last_separator);

}  // namespace tenon::host
