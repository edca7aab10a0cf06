// libFuzzer target: any bytes as the reply of a worker process, and what it describes as operators of the host. A reply
// may be refused, but with a message.
#include <cstdlib>
#include <iostream>

#include "host/graph/schemas/op_schema.h"
#include "host/isolation/described_table.h"
#include "host/isolation/messages.h"
#include "host/plugins/described_operators.h"
#include "host/plugins/loading/operator_check.h"

using namespace tenon::host;

namespace {

void expect_message(const Status& status) {
  if (status.is_ok() || !status.message().empty()) return;
  std::cerr << "an error without a message\n";
  std::abort();
}

// All that the host reads of a schema.
size_t size_of(const OpSchema& schema) {
  size_t size = schema.domain.size() + schema.op_type.size();
  for (const auto formals : {schema.inputs, schema.outputs})
    for (const FormalParameter& formal : formals) size += formal.name.size() + formal.type.size();
  for (const TypeConstraint& constraint : schema.constraints) size += constraint.tensor_types != 0 ? 1 : 0;
  for (const AttributeSchema& attribute : schema.attributes) size += attribute.name.size();
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto reply = read_reply({data, size});
  if (!reply.is_ok()) {
    if (!is_reply({data, size})) expect_message(reply.status());
    return 0;
  }
  const DescribedTable described(std::move(reply->operators), nullptr);
  tn_provider table{};  // outlives the instance, whose end calls it
  table.destroy = [](tn_provider_instance*) {};
  table.operators = described.operators().data();
  table.operator_count = static_cast<uint32_t>(described.operators().size());
  table.operator_stride = sizeof(tn_operator);
  const Status sound = check_operators(table);
  expect_message(sound);
  if (!sound.is_ok()) return 0;
  const auto instance = std::make_shared<PluginInstance>();
  instance->table = &table;
  const auto operators = DescribedOperators::create(instance);
  static volatile size_t total = 0;  // so that what is read is read
  for (const tn_operator& op : described.operators())
    if (const OpSchema* schema = operators->find(op.domain, op.op_type, 0)) total = total + size_of(*schema);
  return 0;
}
