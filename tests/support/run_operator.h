// Runs a single node through a session on a provider of the build tree, for the tests of kernels.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

/// One application of `op` as opset `opset` has it, of ai.onnx.ml where `op` is of that domain. An input without a type is left out.
struct OperatorRun {
  std::string op;
  int64_t opset = 17;
  std::vector<host::Tensor> inputs;
  std::vector<host::Attribute> attributes = {};
  size_t output_count = 1;
  bool hides_shapes = false;  // from the rules of shape inference, so that the kernel meets them
  host::RunOptions run = {};  // outputs are "out0", "out1" ...
  bool validates = false;     // see SessionOptions::validate
};

/// The outputs, or the error of opening or running. `provider`: the name of a built one.
inline host::Result<std::vector<host::Tensor>> run_operator(const OperatorRun& wanted,
                                                            const std::string& provider = "cpu_ref") {
  GraphBuilder builder(wanted.opset);
  std::vector<std::string> inputs, outputs;
  std::vector<host::NamedTensor> given;
  for (const host::Tensor& tensor : wanted.inputs) {
    inputs.push_back(tensor.dtype() == TN_UNDEFINED ? "" : "in" + std::to_string(inputs.size()));
    if (inputs.back().empty()) continue;
    if (wanted.hides_shapes) {
      builder.symbolic_input(inputs.back(), tensor.dtype(), std::vector<host::Dim>(tensor.shape().size(), {-1, ""}));
    } else {
      builder.input(inputs.back(), tensor.dtype(), tensor.shape());
    }
    given.push_back({inputs.back(), tensor});
  }
  for (size_t i = 0; i < wanted.output_count; ++i) outputs.push_back("out" + std::to_string(i));
  builder.node(wanted.op, inputs, outputs, wanted.attributes);
  for (const std::string& output : outputs) builder.output(output);
  if (wanted.op.starts_with("ai.onnx.ml:")) builder.model().opset_imports["ai.onnx.ml"] = wanted.opset;
  if (wanted.op.starts_with("com.microsoft.nchwc:")) builder.model().opset_imports["com.microsoft.nchwc"] = 1;
  host::SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  options.threads = 1;
  options.validate = wanted.validates;
  auto session = host::Session::open_model(builder.build(), options);
  if (!session.is_ok()) return session.status();
  return (*session)->run(given, {}, wanted.run);
}

/// The elements of a run's first output, which must succeed.
template <typename T>
std::vector<T> first_output(const OperatorRun& wanted) {
  const auto outputs = run_operator(wanted);
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  const host::Tensor& tensor = outputs->front();
  if (tensor.dtype() != dtype_of<T>()) throw std::runtime_error("the first output is " + describe(tensor));
  return std::vector<T>(tensor.span<T>().begin(), tensor.span<T>().end());
}

/// A tensor of any type given by its bytes.
inline host::Tensor tensor_of_bytes(tn_dtype dtype, std::vector<int64_t> shape, const std::vector<uint8_t>& bytes) {
  auto tensor = host::Tensor::allocate(dtype, std::move(shape), host::Residence::kComputed);
  if (!tensor.is_ok()) throw std::runtime_error(tensor.status().message());
  if (tensor->byte_length() != bytes.size()) throw std::runtime_error("the number of bytes differs from the shape");
  if (!bytes.empty()) std::memcpy(tensor->mutable_data(), bytes.data(), bytes.size());
  return *tensor;
}

inline host::Tensor tensor_of_strings(std::vector<int64_t> shape, std::vector<std::string> strings) {
  auto tensor = host::Tensor::from_strings(std::move(shape), std::move(strings), host::Residence::kComputed);
  if (!tensor.is_ok()) throw std::runtime_error(tensor.status().message());
  return *tensor;
}

}  // namespace tenon::test
