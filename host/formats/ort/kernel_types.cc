#include "host/formats/ort/kernel_types.h"

#include <algorithm>

namespace tenon::host::ort {
namespace {

namespace file = ort_file;

struct Argument {
  file::ArgType kind;
  uint32_t index;
};
// By type parameter; a parameter of a fixed type stands under its own name.
using Arguments = std::map<std::string_view, std::vector<Argument>>;

void collect(const OpSchema& schema, std::span<const FormalParameter> formals, file::ArgType kind, Arguments& found) {
  for (uint32_t i = 0; i < formals.size(); ++i) {
    const FormalParameter& formal = formals[i];
    const bool is_parameter = std::any_of(schema.constraints.begin(), schema.constraints.end(),
                                          [&](const TypeConstraint& c) { return c.parameter == formal.type; });
    found[is_parameter ? formal.type : formal.name].push_back({kind, i});
  }
}

}  // namespace

std::string KernelTypes::operator_id(const Node& node) {
  return concat(node.domain, ":", node.op_type, ":", node.since_version);
}

flatbuffers::Offset<file::KernelTypeResolver> KernelTypes::write(flatbuffers::FlatBufferBuilder& builder) const {
  std::vector<flatbuffers::Offset<file::OpKernelTypes>> operators;
  for (const auto& [id, schema] : schemas_) {
    Arguments arguments;
    collect(*schema, schema->inputs, file::ArgType::INPUT, arguments);
    collect(*schema, schema->outputs, file::ArgType::OUTPUT, arguments);
    std::vector<flatbuffers::Offset<file::KernelTypeArgs>> types;
    for (const auto& [type, list] : arguments) {
      std::vector<flatbuffers::Offset<file::ArgTypeAndIndex>> entries;
      for (const Argument& a : list) entries.push_back(file::CreateArgTypeAndIndex(builder, a.kind, a.index));
      const auto name = builder.CreateSharedString(type.data(), type.size());
      types.push_back(file::CreateKernelTypeArgs(builder, name, builder.CreateVector(entries)));
    }
    const auto name = builder.CreateSharedString(id);
    operators.push_back(file::CreateOpKernelTypes(builder, name, builder.CreateVectorOfSortedTables(&types)));
  }
  return file::CreateKernelTypeResolver(builder, builder.CreateVectorOfSortedTables(&operators));
}

}  // namespace tenon::host::ort
