// Text to field and back, for each type that a field of SessionOptions may have. Thread-safe.
#pragma once

#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "host/session/option_row.h"

namespace tenon::host::option_values {

Status refuse(const OptionRow& row, const std::string& text);
Result<uint64_t> number(const OptionRow& row, const std::string& text);
Result<size_t> choice(const OptionRow& row, const std::string& text);
std::string provider_list_text(const std::vector<ProviderSpec>& specs);

template <typename Field>
inline constexpr bool is_optional = false;
template <typename Value>
inline constexpr bool is_optional<std::optional<Value>> = true;

template <typename Field>
constexpr OptionKind kind_of() {
  if constexpr (std::same_as<Field, bool>) return OptionKind::kFlag;
  if constexpr (std::unsigned_integral<Field>) return OptionKind::kNumber;
  if constexpr (std::same_as<Field, std::string>) return OptionKind::kText;
  if constexpr (std::same_as<Field, std::filesystem::path>) return OptionKind::kPath;
  if constexpr (std::same_as<Field, std::vector<ProviderSpec>>) return OptionKind::kProviders;
  if constexpr (std::same_as<Field, std::vector<DimensionSize>>) return OptionKind::kDimensions;
  if constexpr (std::same_as<Field, std::vector<CpuList>>) return OptionKind::kCpus;
  return OptionKind::kChoice;
}

template <typename Field>
Status read(const OptionRow& row, const std::string& text, Field& field) {
  if constexpr (std::same_as<Field, bool>) {
    if (row.kind() == OptionKind::kChoice) {
      TENON_ASSIGN_OR_RETURN(const size_t index, choice(row, text));
      field = index == 0;
      return {};
    }
    if (text != "0" && text != "1") return refuse(row, text);
    field = text == "1";
  } else if constexpr (std::unsigned_integral<Field>) {
    TENON_ASSIGN_OR_RETURN(const uint64_t value, number(row, text));
    field = static_cast<Field>(value);
  } else if constexpr (std::same_as<Field, std::vector<ProviderSpec>>) {
    TENON_ASSIGN_OR_RETURN(field, parse_provider_list(text));
  } else if constexpr (std::same_as<Field, std::vector<DimensionSize>>) {
    auto sizes = parse_dimension_sizes(text);
    if (!sizes.is_ok()) return error(TN_INVALID_ARGUMENT, sizes.status().message(), ", expected ", row.values());
    field = std::move(*sizes);
  } else if constexpr (std::same_as<Field, std::vector<CpuList>>) {
    auto lists = parse_cpu_lists(text);
    if (!lists.is_ok()) return refuse(row, text);
    field = std::move(*lists);
  } else if constexpr (is_optional<Field>) {
    if (text.empty()) return field.reset(), Status();
    TENON_ASSIGN_OR_RETURN(const size_t index, choice(row, text));
    field = static_cast<typename Field::value_type>(index);
  } else if constexpr (std::is_enum_v<Field>) {
    TENON_ASSIGN_OR_RETURN(const size_t index, choice(row, text));
    field = static_cast<Field>(index);
  } else {
    field = text;
  }
  return {};
}

template <typename Field>
std::string text_of(const OptionRow& row, const Field& field) {
  if constexpr (std::same_as<Field, std::vector<ProviderSpec>>) {
    return provider_list_text(field);
  } else if constexpr (std::same_as<Field, std::vector<DimensionSize>>) {
    return dimension_sizes_text(field);
  } else if constexpr (std::same_as<Field, std::vector<CpuList>>) {
    return cpu_lists_text(field);
  } else if constexpr (is_optional<Field>) {
    return field ? row.choices[static_cast<size_t>(*field)] : "";
  } else if constexpr (std::is_enum_v<Field>) {
    return row.choices[static_cast<size_t>(field)];
  } else if constexpr (std::same_as<Field, bool>) {
    return row.kind() == OptionKind::kChoice ? row.choices[field ? 0 : 1] : field ? "1" : "0";
  } else if constexpr (std::unsigned_integral<Field>) {
    return std::to_string(field);
  } else {
    return std::filesystem::path(field).string();
  }
}

/// `Access`: a lambda without state that gives the field of its argument.
template <typename Access>
constexpr OptionField field_at(Access) {
  using Field = std::remove_cvref_t<std::invoke_result_t<Access, SessionOptions&>>;
  OptionField made;
  made.kind = kind_of<Field>();
  if constexpr (std::unsigned_integral<Field>) made.most = static_cast<Field>(-1);
  made.set = [](SessionOptions& options, const OptionRow& row, const std::string& text) {
    return read(row, text, Access{}(options));
  };
  made.get = [](const SessionOptions& options, const OptionRow& row) { return text_of(row, Access{}(options)); };
  return made;
}

}  // namespace tenon::host::option_values
