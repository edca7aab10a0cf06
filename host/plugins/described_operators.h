// The operators that a provider describes, as the host has its own: schemas, whose hook asks the provider. Immutable
// after construction; inference is for the thread that opens a session.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <memory>
#include <string_view>

#include "host/graph/schemas/op_schema.h"
#include "host/plugins/plugin_instance.h"

namespace tenon::host {

class DescribedOperators {
 public:
  virtual ~DescribedOperators() = default;
  /// The newest form at or below `opset`, or with opset 0 the newest of all; nullptr when there is none. Lives as long
  /// as this.
  virtual const OpSchema* find(std::string_view domain, std::string_view op_type, int64_t opset) const = 0;

  /// Of the table of `instance`, which check_provider_table() has passed.
  static std::unique_ptr<DescribedOperators> create(std::shared_ptr<const PluginInstance> instance);
};

}  // namespace tenon::host
