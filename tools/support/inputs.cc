#include "tools/support/inputs.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "host/formats/onnx/value_reader.h"
#include "tools/support/npy.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::error;
using host::Port;
using host::Result;
using host::RunValue;
using host::Status;
using host::Tensor;

constexpr uint32_t kSeed = 1;

std::string names_of(const std::vector<Port>& ports) {
  std::string text;
  for (const Port& port : ports) text += concat(text.empty() ? "" : ", ", "'", port.name, "' ", describe(port.type));
  return text.empty() ? "none" : text;
}

// The length of the longest name of an input that `pair` begins with before a '='; npos when there is none. Names may
// hold a '=' themselves.
size_t name_length(const std::string& pair, const std::vector<Port>& ports) {
  size_t longest = std::string::npos;
  for (const Port& port : ports)
    if (pair.size() > port.name.size() && pair[port.name.size()] == '=' && pair.starts_with(port.name) &&
        (longest == std::string::npos || port.name.size() > longest))
      longest = port.name.size();
  return longest;
}

// "NAME=VALUE" split after the longest NAME that is an input of the model.
Result<std::map<std::string, std::string>> split_pairs(const std::vector<std::string>& pairs, const char* option,
                                                       const char* example, const std::vector<Port>& ports) {
  std::map<std::string, std::string> split;
  for (const std::string& pair : pairs) {
    const size_t at = name_length(pair, ports);
    if (at == std::string::npos) {
      const size_t first = pair.find('=');
      if (first == std::string::npos || first == 0)
        return error(TN_INVALID_ARGUMENT, option, " '", pair, "': expected ", example);
      return error(TN_INVALID_ARGUMENT, option, ": the model has no input '", pair.substr(0, first),
                   "'; its inputs are ", names_of(ports));
    }
    const std::string name = pair.substr(0, at);
    if (!split.emplace(name, pair.substr(at + 1)).second)
      return error(TN_INVALID_ARGUMENT, option, ": input '", name, "' is given twice");
  }
  return split;
}

Result<std::vector<int64_t>> parse_shape(const std::string& name, const std::string& text) {
  std::vector<int64_t> shape;
  if (text.empty() || text == "scalar") return shape;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('x', start), text.size());
    const std::string dim = text.substr(start, end - start);
    const bool digits = !dim.empty() && dim.size() <= 18 && dim.find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
      return error(TN_INVALID_ARGUMENT, "--shape ", name, "=", text, ": '", dim,
                   "' is no dimension; expected for example ", name, "=1x3x224x224");
    shape.push_back(std::stoll(dim));
    start = end + 1;
  }
  return shape;
}

Result<RunValue> read_value_file(const std::string& file, const host::ValueType& type) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (extension == ".pb") return host::read_value_proto(file, type);
  if (extension != ".npy") return error(TN_INVALID_ARGUMENT, "'", file, "' is neither a .npy nor a .pb file");
  TENON_ASSIGN_OR_RETURN(Tensor tensor, read_npy(file));
  return RunValue(std::move(tensor));
}

// The shape to fill: what --shape says, else the declared one with 1 for what is free.
Result<std::vector<int64_t>> shape_to_fill(const Port& port, const std::map<std::string, std::string>& shapes,
                                           std::vector<std::string>& notes) {
  if (const auto given = shapes.find(port.name); given != shapes.end()) return parse_shape(port.name, given->second);
  if (!port.type.dims)
    return error(TN_INVALID_ARGUMENT, "input '", port.name, "' has no declared rank: give its shape, for example ",
                 "--shape ", port.name, "=1x3x224x224");
  std::vector<int64_t> shape;
  std::string free_dims;
  for (size_t i = 0; i < port.type.dims->size(); ++i) {
    const host::Dim& dim = (*port.type.dims)[i];
    shape.push_back(dim.value < 0 ? 1 : dim.value);
    if (dim.value < 0)
      free_dims += concat(free_dims.empty() ? "" : ", ", dim.symbol.empty() ? concat("number ", i) : dim.symbol);
  }
  if (!free_dims.empty())
    notes.push_back(concat("input '", port.name, "': free dimension ", free_dims, " taken as 1; --shape ", port.name,
                           "=", host::shape_text(shape), " sets it"));
  return shape;
}

}  // namespace

Result<Tensor> filled_tensor(tn_dtype dtype, const std::vector<int64_t>& shape, const std::string& fill) {
  if (dtype == TN_STRING)
    return error(TN_UNSUPPORTED, "string tensors cannot be filled: give one with --input NAME=FILE.npy");
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, shape, host::Residence::kRuntime));
  void* data = tensor.mutable_data();
  std::memset(data, 0, tensor.byte_length());
  if (fill == "zeros") return tensor;
  const bool random = fill != "ones";
  std::mt19937 generator(kSeed);
  // The generator's bits are used directly: distributions differ between standard libraries.
  const auto unit = [&] { return random ? static_cast<double>(generator() >> 8) / (1 << 24) : 1.0; };
  const auto bit = [&] { return random ? generator() & 1u : 1u; };
  const int64_t count = tensor.element_count();
  switch (dtype) {
    case TN_FLOAT:
      for (int64_t i = 0; i < count; ++i) static_cast<float*>(data)[i] = static_cast<float>(unit());
      break;
    case TN_DOUBLE:
      for (int64_t i = 0; i < count; ++i) static_cast<double*>(data)[i] = unit();
      break;
    case TN_FLOAT16:
    case TN_BFLOAT16: {
      // 0 or 1: exact in both, and no rounding to define here.
      const uint16_t one = dtype == TN_FLOAT16 ? 0x3c00 : 0x3f80;
      for (int64_t i = 0; i < count; ++i) static_cast<uint16_t*>(data)[i] = bit() ? one : 0;
      break;
    }
    case TN_INT8:
    case TN_UINT8:
    case TN_BOOL:
    case TN_INT16:
    case TN_UINT16:
    case TN_INT32:
    case TN_UINT32:
    case TN_INT64:
    case TN_UINT64: {
      // Little-endian: the first byte alone makes 0 or 1 of any width.
      const size_t width = static_cast<size_t>(host::dtype_bits(dtype)) / 8;
      for (int64_t i = 0; i < count; ++i) static_cast<uint8_t*>(data)[static_cast<size_t>(i) * width] = bit();
      break;
    }
    default:
      return error(TN_UNSUPPORTED, "tensors of ", host::dtype_name(dtype),
                   " can be filled with zeros only: use --fill zeros, or --input NAME=FILE.pb");
  }
  return tensor;
}

Result<PreparedInputs> prepare_inputs(const std::vector<Port>& ports, const InputRequest& request) {
  TENON_ASSIGN_OR_RETURN(const auto files, split_pairs(request.files, "--input", "NAME=FILE.npy", ports));
  TENON_ASSIGN_OR_RETURN(const auto shapes, split_pairs(request.shapes, "--shape", "NAME=1x3x224x224", ports));
  PreparedInputs prepared;
  const std::string fill = request.fill.empty() ? "random" : request.fill;
  const bool asks_for_some = std::any_of(ports.begin(), ports.end(), [](const Port& p) { return !p.has_default; });
  if (files.empty() && request.fill.empty() && asks_for_some)
    prepared.notes.push_back("no --input given: inputs are filled with random values, the same every time");
  for (const Port& port : ports) {
    if (const auto file = files.find(port.name); file != files.end()) {
      auto value = read_value_file(file->second, port.type);
      if (!value.is_ok()) return value.status().with_context("input '" + port.name + "'");
      prepared.values.push_back({port.name, std::move(*value)});
      continue;
    }
    if (port.has_default && shapes.find(port.name) == shapes.end()) continue;  // the model's own
    if (!files.empty() && request.fill.empty())
      return error(TN_INVALID_ARGUMENT, "input '", port.name, "' (", describe(port.type),
                   ") is not given: add --input ", port.name, "=FILE.npy, or --fill random for all that have no file");
    if (port.type.kind != host::ValueType::Kind::kTensor)
      return error(TN_UNSUPPORTED, "input '", port.name, "' is ", describe(port.type),
                   ": only tensors can be filled; give it with --input ", port.name, "=FILE.pb, as ONNX stores it");
    TENON_ASSIGN_OR_RETURN(const auto shape, shape_to_fill(port, shapes, prepared.notes));
    auto tensor = filled_tensor(port.type.dtype, shape, fill);
    if (!tensor.is_ok()) return tensor.status().with_context("input '" + port.name + "'");
    prepared.values.push_back({port.name, std::move(*tensor)});
  }
  return prepared;
}

}  // namespace tenon::tools
