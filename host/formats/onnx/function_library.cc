#include "host/formats/onnx/function_library.h"

#include <algorithm>

namespace tenon::host {
namespace {

// Fields that the installed onnx package may not know yet; protobuf keeps them aside.
constexpr int kFunctionAttributeProto = 11;
constexpr int kFunctionOverload = 13;
constexpr int kNodeOverload = 8;

std::vector<std::string> unknown_bytes(const google::protobuf::Message& message, int number) {
  std::vector<std::string> found;
  const auto& fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(fields.field(i).length_delimited());
  return found;
}

std::string overload_of(const google::protobuf::Message& message, int number) {
  const auto found = unknown_bytes(message, number);
  return found.empty() ? std::string() : found.back();
}

Result<Function> read_function(const onnx::FunctionProto& proto) {
  Function function;
  function.proto = &proto;
  function.domain = fold_domain(proto.domain());
  function.overload = overload_of(proto, kFunctionOverload);
  function.bytes = proto.ByteSizeLong();
  function.names = static_cast<uint64_t>(proto.node_size());
  for (const auto& node : proto.node()) function.names += static_cast<uint64_t>(node.output_size());
  for (const std::string& bytes : unknown_bytes(proto, kFunctionAttributeProto)) {
    onnx::AttributeProto attribute;
    if (!attribute.ParsePartialFromString(bytes))
      return error(TN_INVALID_MODEL, describe(function),
                   ": the default value of an attribute is damaged: copy or "
                   "download the file again");
    function.defaults.push_back(std::move(attribute));
  }
  for (const auto& opset : proto.opset_import()) function.opsets[fold_domain(opset.domain())] = opset.version();
  return function;
}

}  // namespace

std::string fold_domain(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

bool Function::declares(const std::string& attribute) const {
  const auto& required = proto->attribute();
  return std::find(required.begin(), required.end(), attribute) != required.end() ||
         std::any_of(defaults.begin(), defaults.end(), [&](const auto& d) { return d.name() == attribute; });
}

std::string describe(const Function& function) {
  std::string text = "function '";
  if (!function.domain.empty()) text += function.domain + ".";
  text += function.proto->name();
  if (!function.overload.empty()) text += ":" + function.overload;
  return text + "'";
}

Result<FunctionLibrary> FunctionLibrary::read(const onnx::ModelProto& model) {
  FunctionLibrary library;
  for (const auto& proto : model.functions()) {
    TENON_ASSIGN_OR_RETURN(Function function, read_function(proto));
    Key key(function.domain, proto.name(), function.overload);
    const std::string text = describe(function);
    if (!library.functions_.emplace(std::move(key), std::move(function)).second)
      return error(TN_INVALID_MODEL, text, " is defined twice: remove or rename one, or give it an overload");
  }
  return library;
}

const Function* FunctionLibrary::find(const onnx::NodeProto& node) const {
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(Key(fold_domain(node.domain()), node.op_type(), overload_of(node, kNodeOverload)));
  return found == functions_.end() ? nullptr : &found->second;
}

}  // namespace tenon::host
