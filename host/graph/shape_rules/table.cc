// Finds the shape rule of an operator in the table shape_rules.inc.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host {
namespace {

struct Entry {
  std::string_view domain;
  std::string_view op_type;
  ShapeRule rule;
};

constexpr Entry kRules[] = {
#define SHAPE_RULE(domain, op_type, rule) {domain, op_type, shape_rules::rule},
#include "host/graph/shape_rules/shape_rules.inc"
#undef SHAPE_RULE
};

constexpr bool comes_before(const Entry& a, const Entry& b) {
  return std::tie(a.domain, a.op_type) < std::tie(b.domain, b.op_type);
}
static_assert(std::is_sorted(std::begin(kRules), std::end(kRules), comes_before));

}  // namespace

ShapeRule find_shape_rule(std::string_view domain, std::string_view op_type) {
  const Entry key{domain, op_type, nullptr};
  const auto found = std::lower_bound(std::begin(kRules), std::end(kRules), key, comes_before);
  return found != std::end(kRules) && !comes_before(key, *found) ? found->rule : nullptr;
}

}  // namespace tenon::host
