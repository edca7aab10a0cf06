#include "host/graph/schemas/function_body.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <tuple>

#include "host/graph/schemas/op_schema.h"

namespace tenon::host {
namespace {

#include "host/graph/schemas/onnx_functions.inc"

// The text up to the separator, which goes with it.
std::string_view take_until(char separator, std::string_view& text) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) items.push_back(take_until(',', list));
  return items;
}

template <typename T>
T number_of(std::string_view text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

FunctionAttribute read_attribute(std::string_view word) {
  FunctionAttribute attribute{take_until('=', word), {}};
  if (word.starts_with('@')) {
    attribute.value = FunctionAttribute::OfCall{word.substr(1)};
    return attribute;
  }
  const std::string_view kind = take_until(':', word);
  if (kind == "i") attribute.value = number_of<int64_t>(word);
  if (kind == "f") attribute.value = number_of<float>(word);
  if (kind == "t") attribute.value = FunctionAttribute::Scalar{number_of<float>(word)};
  if (kind == "g") attribute.value = FunctionAttribute::Subgraph{number_of<size_t>(word)};
  if (kind == "is") {
    std::vector<int64_t> numbers;
    for (const std::string_view item : split(word)) numbers.push_back(number_of<int64_t>(item));
    attribute.value = std::move(numbers);
  }
  return attribute;
}

FunctionNode read_node(std::string_view line) {
  FunctionNode node;
  node.outputs = split(take_until(' ', line));
  node.op_type = take_until(' ', line);
  while (!line.empty()) {
    const std::string_view word = take_until(' ', line);
    if (word.find('=') == std::string_view::npos) {
      node.inputs = split(word);
    } else {
      node.attributes.push_back(read_attribute(word));
    }
  }
  return node;
}

}  // namespace

std::span<const FunctionBody> functions() {
  return kOnnxFunctions;
}

const FunctionBody* find_function(const OpSchema& schema, int64_t opset) {
  const auto key = [](const auto& row) { return std::tuple(row.domain, row.op_type, row.since_version); };
  const auto wanted = key(schema);
  const auto* const end = std::end(kOnnxFunctions);
  const auto* const first = std::lower_bound(std::begin(kOnnxFunctions), end, wanted,
                                             [&](const FunctionBody& row, const auto& k) { return key(row) < k; });
  const auto* const last = std::find_if(first, end, [&](const FunctionBody& row) { return key(row) != wanted; });
  if (first == last) return nullptr;
  const auto* const later = std::find_if(first, last, [&](const FunctionBody& row) { return row.opset > opset; });
  return later == first ? first : later - 1;
}

std::vector<FunctionGraph> read_function(const FunctionBody& body) {
  constexpr std::string_view kGraph = "graph ";
  std::vector<FunctionGraph> graphs;
  for (std::string_view text = body.text; !text.empty();) {
    std::string_view line = take_until('\n', text);
    if (!line.starts_with(kGraph)) {
      graphs.back().nodes.push_back(read_node(line));
      continue;
    }
    line.remove_prefix(kGraph.size());
    FunctionGraph& graph = graphs.emplace_back();
    graph.inputs = split(take_until(' ', line));
    (void)take_until(' ', line);  // the arrow
    graph.outputs = split(line);
  }
  return graphs;
}

}  // namespace tenon::host
