#include "host/graph/operators/facts.h"

#include <array>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "host/graph/graph.h"
#include "host/graph/operators/body_rules.h"
#include "host/graph/operators/type_rules.h"
#include "host/graph/operators/view_offsets.h"
#include "host/graph/schemas/tables.h"
#include "host/graph/shape_rules/rules.h"

namespace tenon::host {
namespace operators {
namespace {

namespace bodies = body_rules;
namespace shapes = shape_rules;
namespace types = type_rules;
namespace views = view_offsets;

using Name = std::pair<std::string_view, std::string_view>;

struct Row {
  std::string_view domain;
  std::string_view op_type;
  OperatorFacts facts;

  constexpr Name name() const { return {domain, op_type}; }
};

// The first stands for operators without a row.
constexpr Row kRows[] = {
    {},
#define OPERATOR(domain, op_type, ...) {domain, op_type, {__VA_ARGS__}},
#include "host/graph/operators/facts.inc"
#undef OPERATOR
};

constexpr bool are_sorted() {
  for (size_t i = 1; i < std::size(kRows); ++i)
    if (!(kRows[i - 1].name() < kRows[i].name())) return false;
  return true;
}
static_assert(are_sorted());

// The row of each schema, found in one walk over both sorted tables.
template <size_t N>
constexpr std::array<uint16_t, N> rows_of(const OpSchema (&schemas)[N]) {
  std::array<uint16_t, N> rows{};
  size_t row = 1;
  for (size_t i = 0; i < N; ++i) {
    const Name name{schemas[i].domain, schemas[i].op_type};
    while (row < std::size(kRows) && kRows[row].name() < name) ++row;
    if (row < std::size(kRows) && kRows[row].name() == name) rows[i] = static_cast<uint16_t>(row);
  }
  return rows;
}

// Without the names, which only the compiler needs.
constexpr auto kFacts = [] {
  std::array<OperatorFacts, std::size(kRows)> facts{};
  for (size_t i = 0; i < facts.size(); ++i) facts[i] = kRows[i].facts;
  return facts;
}();

constexpr auto kOnnxRows = rows_of(schemas::kOnnxSchemas);
constexpr auto kContribRows = rows_of(schemas::kContribSchemas);

constexpr bool every_row_has_a_schema() {
  std::array<bool, std::size(kRows)> found{true};
  for (const uint16_t row : kOnnxRows) found[row] = true;
  for (const uint16_t row : kContribRows) found[row] = true;
  for (const bool is_found : found)
    if (!is_found) return false;
  return true;
}
static_assert(every_row_has_a_schema(), "a row of facts.inc names an operator that no schema table has");

}  // namespace
}  // namespace operators

std::vector<std::string_view> fact_names(const OperatorFacts& facts) {
  constexpr std::pair<OperatorTrait, std::string_view> kNames[] = {
      {kRandom, "random"},
      {kRandomInTraining, "random in training"},
      {kElementwise, "elementwise"},
      {kCommutative, "commutative"},
      {kConstant, "constant"},
      {kTellsShape, "tells the shape"},
      {kTellsCount, "tells the count"},
      {kBoundedByInputs, "bounded by inputs"},
      {kWidens, "widens"},
      {kWrittenEarly, "taken early"},
      {kWrittenThoughWithdrawn, "taken though withdrawn"},
      {kHasChannels, "has channels"},
      {kLooksUp, "looks up"},
  };
  std::vector<std::string_view> names;
  if (facts.shape != nullptr) names.push_back("shape");
  if (facts.view != nullptr) names.push_back("view");
  if (facts.type != nullptr || facts.source != nullptr) names.push_back("type");
  if (facts.bodies != nullptr) names.push_back("bodies");
  for (const auto& [trait, name] : kNames)
    if (facts.has(trait)) names.push_back(name);
  return names;
}

const OperatorFacts& facts_of(const OpSchema& schema) {
  const OpSchema* const onnx = std::begin(schemas::kOnnxSchemas);
  const OpSchema* const contrib = std::begin(schemas::kContribSchemas);
  const auto is_of = [&](const OpSchema* first, size_t count) {
    return !std::less<>()(&schema, first) && std::less<>()(&schema, first + count);
  };
  uint16_t row = 0;
  if (is_of(onnx, operators::kOnnxRows.size())) row = operators::kOnnxRows[static_cast<size_t>(&schema - onnx)];
  if (is_of(contrib, operators::kContribRows.size()))
    row = operators::kContribRows[static_cast<size_t>(&schema - contrib)];
  return operators::kFacts[row];
}

const OperatorFacts& facts_of(const Node& node) {
  return node.schema != nullptr ? facts_of(*node.schema) : operators::kFacts[0];
}

}  // namespace tenon::host
