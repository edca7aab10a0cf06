// The functions that a model defines itself (ModelProto.functions), by what calls them. Immutable once read; borrows
// from the model's messages, which must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "host/base/status.h"
#include "host/formats/onnx/onnx_proto.h"

namespace tenon::host {

/// "" for "ai.onnx", which means the same.
std::string fold_domain(const std::string& domain);

struct Function {
  const onnx::FunctionProto* proto = nullptr;
  std::string domain, overload;
  std::vector<onnx::AttributeProto> defaults;  // attributes that a call may leave out, with their values
  std::map<std::string, int64_t> opsets;       // "" for the ONNX domain
  uint64_t bytes = 0;                          // of the message: what one call costs
  uint64_t names = 0;                          // nodes and values of the body, each of which gets a name per call

  /// Whether it has an attribute of that name, with or without a default.
  bool declares(const std::string& attribute) const;
};

/// "function 'mine.Twice'".
std::string describe(const Function& function);

class FunctionLibrary {
 public:
  /// TN_INVALID_MODEL when two functions are told apart by nothing, or a default value is damaged.
  static Result<FunctionLibrary> read(const onnx::ModelProto& model);
  /// The function that the node calls; nullptr: none, the node is an operator. A function hides an operator of its
  /// name.
  const Function* find(const onnx::NodeProto& node) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // domain, name, overload
  std::map<Key, Function> functions_;
};

}  // namespace tenon::host
