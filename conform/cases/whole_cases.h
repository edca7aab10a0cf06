// Operators whose attributes and inputs have to fit each other so closely that they are drawn together: one whole case
// of each, in which only the types vary. Constant table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conform/cases/case.h"

namespace tenon::cases {

struct WholeCase {
  using Texts = std::vector<std::string>;
  using Reals = std::vector<float>;
  using Value = std::variant<int64_t, const char*, Shape, Texts, Reals, host::Tensor>;
  struct Given {
    std::string_view name;
    Value value;
  };
  std::string_view op_type;
  std::vector<Shape> shapes;
  std::vector<Given> attributes = {};
  std::vector<Given> inputs = {};              // whose elements are these integers, again and again
  bool is_tight = false;                       // it needs all of the attributes, and others hardly fit them
  const char* domain = nullptr;                // nullptr: any
  std::vector<std::string_view> choices = {};  // attributes of which a case has one
};

/// The part of the table that is in a file of its own.
const std::vector<WholeCase>& contrib_cases();
/// nullptr: the operator has none.
const WholeCase* find_whole_case(const host::OpSchema& schema);
/// The attribute of that name in the operator's case; nothing: it has none, or any will do.
std::optional<host::Attribute> whole_attribute(const host::OpSchema& schema, std::string_view name);
/// The elements of the input of that name, in a shape of `count` elements; nothing: any will do.
std::optional<Shape> whole_elements(const host::OpSchema& schema, std::string_view name, int64_t count);

}  // namespace tenon::cases
