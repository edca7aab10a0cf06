#include "host/session/free_dimensions.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace tenon::host {
namespace {

using Sizes = std::map<std::string, int64_t, std::less<>>;

constexpr std::string_view kDigits = "0123456789";

// Of the size that an entry ends with, which begins after the '=' at `equals`; npos: there is none.
size_t end_of_size(std::string_view text, size_t equals) {
  const size_t end = std::min(text.find_first_not_of(kDigits, equals + 1), text.size());
  return end > equals + 1 && (end == text.size() || text[end] == ',') ? end : std::string_view::npos;
}

// The first entry of the text; TN_INVALID_ARGUMENT.
Result<std::pair<DimensionSize, size_t>> parse_entry(std::string_view text) {
  for (size_t equals = text.find('=', 1); equals < text.size(); equals = text.find('=', equals + 1)) {
    const size_t end = end_of_size(text, equals);
    if (end == std::string_view::npos) continue;
    DimensionSize entry{std::string(text.substr(0, equals))};
    if (std::from_chars(text.data() + equals + 1, text.data() + end, entry.size).ec != std::errc()) break;
    return std::pair(std::move(entry), end);
  }
  return error(TN_INVALID_ARGUMENT, "'", text, "' does not begin with NAME=SIZE");
}

bool is_settable(const Value& input) {
  return input.type.dims.has_value() && input.default_value == nullptr;
}

Status unknown(const char* option, const char* what, const std::string& name, const std::set<std::string>& known) {
  std::string list;
  for (const std::string& one : known) list += concat(list.empty() ? "'" : ", '", one, "'");
  return error(TN_INVALID_ARGUMENT, option, ": no input has a dimension with the ", what, " '", name,
               "': ", known.empty() ? "there are none" : concat("known are ", list));
}

struct Denoted {
  Value* input;
  size_t dim;
  const std::string& text;
};

std::vector<Denoted> denoted_dimensions(const Graph& graph) {
  std::vector<Denoted> found;
  for (Value* input : graph.inputs) {
    if (!is_settable(*input)) continue;
    for (const DimDenotation& denotation : graph.denotations)
      if (denotation.value == input->name && denotation.dim < input->type.dims->size())
        found.push_back({input, denotation.dim, denotation.text});
  }
  return found;
}

// Sizes of dimensions that have a name, too, go to `by_name`; others are set at once.
Status settle(Graph& graph, std::span<const DimensionSize> by_denotation, Sizes& by_name) {
  const std::vector<Denoted> denoted = denoted_dimensions(graph);
  for (const auto& [name, size] : by_denotation) {
    bool is_known = false;
    for (const auto& [input, d, text] : denoted) {
      if (text != name) continue;
      is_known = true;
      Dim& dim = (*input->type.dims)[d];
      const bool is_named = dim.value < 0 && !dim.symbol.empty();
      const int64_t asked = is_named ? by_name.emplace(dim.symbol, size).first->second : dim.value;
      if (asked >= 0 && asked != size)
        return error(TN_INVALID_ARGUMENT, "free_denotations: dimension ", d, " of input '", input->name, "' is ", asked,
                     ", asked to be ", size);
      if (!is_named) dim.value = size;
    }
    std::set<std::string> known;
    for (const Denoted& one : denoted) known.insert(one.text);
    if (!is_known) return unknown("free_denotations", "denotation", name, known);
  }
  return {};
}

}  // namespace

Result<std::vector<DimensionSize>> parse_dimension_sizes(std::string_view text) {
  std::vector<DimensionSize> sizes;
  while (!text.empty()) {
    TENON_ASSIGN_OR_RETURN(const auto parsed, parse_entry(text));
    const auto& [entry, end] = parsed;
    for (const DimensionSize& other : sizes)
      if (other.name == entry.name) return error(TN_INVALID_ARGUMENT, "'", entry.name, "' is given twice");
    sizes.push_back(entry);
    if (end + 1 == text.size()) return error(TN_INVALID_ARGUMENT, "nothing follows the last ','");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return sizes;
}

std::string dimension_sizes_text(std::span<const DimensionSize> sizes) {
  std::string text;
  for (const auto& [name, size] : sizes) text += concat(text.empty() ? "" : ",", name, "=", size);
  return text;
}

std::string identity_of(std::span<const DimensionSize> by_name, std::span<const DimensionSize> by_denotation) {
  const auto sorted_text = [](std::span<const DimensionSize> sizes) {
    std::vector<DimensionSize> sorted(sizes.begin(), sizes.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return dimension_sizes_text(sorted);
  };
  std::string text = sorted_text(by_name);
  if (!by_denotation.empty()) text += concat(text.empty() ? "" : "; ", "denoted ", sorted_text(by_denotation));
  return text;
}

Status fix_dimensions(Graph& graph, std::span<const DimensionSize> by_name,
                      std::span<const DimensionSize> by_denotation) {
  if (by_name.empty() && by_denotation.empty()) return {};
  std::set<std::string> known;
  for (const Value* input : graph.inputs) {
    if (!is_settable(*input)) continue;
    for (const Dim& dim : *input->type.dims)
      if (dim.value < 0 && !dim.symbol.empty()) known.insert(dim.symbol);
  }
  Sizes sizes;
  for (const auto& [name, size] : by_name) {
    if (!known.contains(name)) return unknown("free_dimensions", "name", name, known);
    sizes.emplace(name, size);
  }
  TENON_RETURN_IF_ERROR(settle(graph, by_denotation, sizes));
  for (const auto& value : graph.values()) {
    if (!value->type.dims || value->default_value != nullptr) continue;
    for (Dim& dim : *value->type.dims) {
      const auto found = dim.value < 0 ? sizes.find(dim.symbol) : sizes.end();
      if (found != sizes.end()) dim = {found->second, ""};
    }
  }
  return {};
}

}  // namespace tenon::host
