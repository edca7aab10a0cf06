#include "host/threads/affinity.h"

#include <charconv>
#include <optional>

namespace tenon::host {
namespace {

constexpr uint32_t kMostCpus = 1 << 16;  // more than any kernel counts

std::optional<uint32_t> take_number(std::string_view& text) {
  uint32_t number = 0;
  const auto [stopped, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || number >= kMostCpus) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(stopped - text.data()));
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<CpuList> take_list(std::string_view& text) {
  CpuList list;
  do {
    const auto first = take_number(text);
    if (!first) return std::nullopt;
    const auto last = take(text, '-') ? take_number(text) : first;
    if (!last || *last < *first) return std::nullopt;
    list.push_back({*first, *last});
  } while (take(text, ','));
  return list;
}

}  // namespace

Result<std::vector<CpuList>> parse_cpu_lists(std::string_view text) {
  std::vector<CpuList> lists;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto list = take_list(rest);
    const bool ends = list && (rest.empty() || (take(rest, ';') && !rest.empty()));
    if (!ends) return error(TN_INVALID_ARGUMENT, "'", text, "' is not CPUs of each thread");
    lists.push_back(std::move(*list));
  }
  return lists;
}

std::string cpu_lists_text(std::span<const CpuList> lists) {
  std::string text;
  for (const CpuList& list : lists) {
    if (!text.empty()) text += ';';
    for (size_t i = 0; i < list.size(); ++i) {
      text += concat(i == 0 ? "" : ",", list[i].first);
      if (list[i].last != list[i].first) text += concat("-", list[i].last);
    }
  }
  return text;
}

}  // namespace tenon::host
