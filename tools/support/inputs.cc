#include "tools/support/inputs.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "tools/support/npy.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

constexpr uint32_t kSeed = 1;

std::string names_of(const std::vector<Port>& ports) {
  std::string text;
  for (const Port& port : ports) text += concat(text.empty() ? "" : ", ", "'", port.name, "' ", port.text);
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
std::map<std::string, std::string> split_pairs(const std::vector<std::string>& pairs, const char* option,
                                               const char* example, const std::vector<Port>& ports) {
  std::map<std::string, std::string> split;
  for (const std::string& pair : pairs) {
    const size_t at = name_length(pair, ports);
    if (at == std::string::npos) {
      const size_t first = pair.find('=');
      if (first == std::string::npos || first == 0)
        fail(TENON_INVALID_ARGUMENT, option, " '", pair, "': expected ", example);
      fail(TENON_INVALID_ARGUMENT, option, ": the model has no input '", pair.substr(0, first), "'; its inputs are ",
           names_of(ports));
    }
    const std::string name = pair.substr(0, at);
    if (!split.emplace(name, pair.substr(at + 1)).second)
      fail(TENON_INVALID_ARGUMENT, option, ": input '", name, "' is given twice");
  }
  return split;
}

std::vector<int64_t> parse_shape(const std::string& name, const std::string& text) {
  std::vector<int64_t> shape;
  if (text.empty() || text == "scalar") return shape;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('x', start), text.size());
    const std::string dim = text.substr(start, end - start);
    const bool digits = !dim.empty() && dim.size() <= 18 && dim.find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
      fail(TENON_INVALID_ARGUMENT, "--shape ", name, "=", text, ": '", dim, "' is no dimension; expected for example ",
           name, "=1x3x224x224");
    shape.push_back(std::stoll(dim));
    start = end + 1;
  }
  return shape;
}

Value read_value_file(const std::string& file, const tenon_value_type& type) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (extension == ".pb") return Value::read(file, type);
  if (extension != ".npy") fail(TENON_INVALID_ARGUMENT, "'", file, "' is neither a .npy nor a .pb file");
  return read_npy(file);
}

// The shape to fill: what --shape says, else the declared one with 1 for what is free.
std::vector<int64_t> shape_to_fill(const Port& port, const std::map<std::string, std::string>& shapes,
                                   std::vector<std::string>& notes) {
  if (const auto given = shapes.find(port.name); given != shapes.end()) return parse_shape(port.name, given->second);
  if (!port.has_rank)
    fail(TENON_INVALID_ARGUMENT, "input '", port.name, "' has no declared rank: give its shape, for example ",
         "--shape ", port.name, "=1x3x224x224");
  std::vector<int64_t> shape;
  std::string free_dims;
  for (size_t i = 0; i < port.shape.size(); ++i) {
    const std::string& name = port.dim_names[i];
    shape.push_back(port.shape[i] < 0 ? 1 : port.shape[i]);
    if (port.shape[i] < 0)
      free_dims += concat(free_dims.empty() ? "" : ", ", name.empty() ? concat("number ", i) : name);
  }
  if (!free_dims.empty())
    notes.push_back(concat("input '", port.name, "': free dimension ", free_dims, " taken as 1; --shape ", port.name,
                           "=", shape_text(shape), " sets it"));
  return shape;
}

}  // namespace

Tensor filled_tensor(uint32_t dtype, const std::vector<int64_t>& shape, const std::string& fill) {
  if (dtype == TENON_DTYPE_STRING)
    fail(TENON_UNSUPPORTED, "string tensors cannot be filled: give one with --input NAME=FILE.npy");
  Tensor tensor = Tensor::zeros(dtype, shape);
  void* data = tensor.mutable_raw();
  if (fill == "zeros") return tensor;
  const bool random = fill != "ones";
  std::mt19937 generator(kSeed);
  // The generator's bits are used directly: distributions differ between standard libraries.
  const auto unit = [&] { return random ? static_cast<double>(generator() >> 8) / (1 << 24) : 1.0; };
  const auto bit = [&] { return random ? generator() & 1u : 1u; };
  const int64_t count = tensor.view().element_count();
  switch (dtype) {
    case TENON_DTYPE_FLOAT:
      for (int64_t i = 0; i < count; ++i) static_cast<float*>(data)[i] = static_cast<float>(unit());
      break;
    case TENON_DTYPE_DOUBLE:
      for (int64_t i = 0; i < count; ++i) static_cast<double*>(data)[i] = unit();
      break;
    case TENON_DTYPE_FLOAT16:
    case TENON_DTYPE_BFLOAT16: {
      // 0 or 1: exact in both, and no rounding to define here.
      const uint16_t one = dtype == TENON_DTYPE_FLOAT16 ? 0x3c00 : 0x3f80;
      for (int64_t i = 0; i < count; ++i) static_cast<uint16_t*>(data)[i] = bit() ? one : 0;
      break;
    }
    case TENON_DTYPE_INT8:
    case TENON_DTYPE_UINT8:
    case TENON_DTYPE_BOOL:
    case TENON_DTYPE_INT16:
    case TENON_DTYPE_UINT16:
    case TENON_DTYPE_INT32:
    case TENON_DTYPE_UINT32:
    case TENON_DTYPE_INT64:
    case TENON_DTYPE_UINT64: {
      // Little-endian: the first byte alone makes 0 or 1 of any width.
      const size_t width = size_t{tenon_dtype_bits(dtype)} / 8;
      for (int64_t i = 0; i < count; ++i) static_cast<uint8_t*>(data)[static_cast<size_t>(i) * width] = bit();
      break;
    }
    default:
      fail(TENON_UNSUPPORTED, "tensors of ", tenon_dtype_name(dtype),
           " can be filled with zeros only: use --fill zeros, or --input NAME=FILE.pb");
  }
  return tensor;
}

PreparedInputs prepare_inputs(const std::vector<Port>& ports, const InputRequest& request) {
  const auto files = split_pairs(request.files, "--input", "NAME=FILE.npy", ports);
  const auto shapes = split_pairs(request.shapes, "--shape", "NAME=1x3x224x224", ports);
  PreparedInputs prepared;
  const std::string fill = request.fill.empty() ? "random" : request.fill;
  const bool asks_for_some = std::any_of(ports.begin(), ports.end(), [](const Port& p) { return !p.is_optional; });
  if (files.empty() && request.fill.empty() && asks_for_some)
    prepared.notes.push_back("no --input given: inputs are filled with random values, the same every time");
  for (const Port& port : ports) {
    if (const auto file = files.find(port.name); file != files.end()) {
      const auto read = [&] { return read_value_file(file->second, port.value_type()); };
      prepared.values.push_back({port.name, in_context("input '" + port.name + "'", read)});
      continue;
    }
    if (port.is_optional && shapes.find(port.name) == shapes.end()) continue;  // the model's own
    if (!files.empty() && request.fill.empty())
      fail(TENON_INVALID_ARGUMENT, "input '", port.name, "' (", port.text, ") is not given: add --input ", port.name,
           "=FILE.npy, or --fill random for all that have no file");
    if (port.kind != TENON_TENSOR)
      fail(TENON_UNSUPPORTED, "input '", port.name, "' is ", port.text,
           ": only tensors can be filled; give it with --input ", port.name, "=FILE.pb, as ONNX stores it");
    const std::vector<int64_t> shape = shape_to_fill(port, shapes, prepared.notes);
    const auto make = [&] { return filled_tensor(port.dtype, shape, fill); };
    prepared.values.push_back({port.name, in_context("input '" + port.name + "'", make)});
  }
  return prepared;
}

}  // namespace tenon::tools
