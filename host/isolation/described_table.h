// The operators that a provider in a worker describes, as a table of this process. Immutable; must outlive what is made
// of it.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <deque>
#include <vector>

#include "host/isolation/protocol_generated.h"

namespace tenon::host {

class DescribedTable {
 public:
  /// `infer`: of all operators that can.
  DescribedTable(std::vector<std::unique_ptr<wire::OperatorT>> operators, tn_infer_fn infer);
  DescribedTable(const DescribedTable&) = delete;
  DescribedTable& operator=(const DescribedTable&) = delete;

  const std::vector<tn_operator>& operators() const { return table_; }

 private:
  const tn_formal* add_formals(const std::vector<std::unique_ptr<wire::FormalT>>& formals);
  const tn_type_rule* add_rules(const std::vector<std::unique_ptr<wire::TypeRuleT>>& rules);
  const tn_attribute* add_attributes(const std::vector<std::unique_ptr<wire::AttributeSpecT>>& attributes);

  const std::vector<std::unique_ptr<wire::OperatorT>> operators_;  // whose strings and numbers the table points to
  std::vector<tn_operator> table_;
  std::deque<std::vector<tn_formal>> formals_;
  std::deque<std::vector<tn_type_rule>> rules_;
  std::deque<std::vector<tn_attribute>> attributes_;
  std::deque<std::vector<const char*>> texts_;
};

}  // namespace tenon::host
