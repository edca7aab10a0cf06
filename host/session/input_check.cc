#include "host/session/input_check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "host/base/checked.h"
#include "host/base/dtype.h"

namespace tenon::host {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

Status unknown_name(const char* kind, const std::vector<Port>& ports, const std::string& name) {
  constexpr size_t kLongestCompared = 200;
  std::string known, closest;
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  for (const Port& port : ports) {
    known += (known.empty() ? "'" : ", '") + port.name + "'";
    if (name.size() > kLongestCompared || port.name.size() > kLongestCompared) continue;
    if (const size_t distance = edit_distance(name, port.name); distance < best) {
      best = distance;
      closest = port.name;
    }
  }
  return error(TN_INVALID_ARGUMENT, "the model has no ", kind, " '", name, "'",
               closest.empty() ? std::string(".") : ": did you mean '" + closest + "'?", " Its ", kind,
               "s are: ", known.empty() ? std::string("none") : known);
}

Status check_shape(const Port& port, const Tensor& tensor) {
  if (!port.type.dims) return {};
  const std::vector<Dim>& dims = *port.type.dims;
  const std::vector<int64_t>& shape = tensor.shape();
  if (shape.size() != dims.size())
    return error(TN_INVALID_ARGUMENT, "input '", port.name, "' has rank ", shape.size(), " (", shape_text(shape),
                 "), expected rank ", dims.size(), ": give it the shape of ", describe(port.type));
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i].value >= 0 && dims[i].value != shape[i])
      return error(TN_INVALID_ARGUMENT, "input '", port.name, "' has ", shape[i], " in dimension ", i, " (",
                   shape_text(shape), "), expected ", dims[i].value, ": give it the shape of ", describe(port.type));
  return {};
}

struct SymbolUse {
  const Port* port;
  size_t axis;
  int64_t value;
  bool has_clashed;
};

// Of memory that can be read as what it is said to be. `what()` names it, and is asked only for an error.
template <typename What>
Status check_bytes(const What& what, const Tensor& tensor) {
  const auto bytes = checked_byte_length(tensor.dtype(), tensor.shape()).get();
  if (!bytes || dtype_bits(tensor.dtype()) == 0)
    return error(TN_INVALID_ARGUMENT, what(), " has a negative dimension, too large a shape (",
                 shape_text(tensor.shape()), ") or no element type");
  if (tensor.byte_length() < *bytes || (*bytes > 0 && tensor.data() == nullptr))
    return error(TN_INVALID_ARGUMENT, what(), " (", describe(tensor), ") needs ", *bytes, " bytes, got ",
                 tensor.data() == nullptr ? 0 : tensor.byte_length());
  if (const size_t alignment = dtype_alignment(tensor.dtype());
      *bytes > 0 && reinterpret_cast<uintptr_t>(tensor.data()) % alignment != 0)
    return error(TN_INVALID_ARGUMENT, "the data of ", what(), " (", dtype_name(tensor.dtype()), ") is not aligned to ",
                 alignment, " bytes: copy it to memory that is");
  return {};
}

// Any tensor of a value, however deep.
Status check_all_bytes(const std::function<std::string()>& what, const RunValue& value) {
  switch (value.kind()) {
    case ValueType::Kind::kTensor: return check_bytes(what, value.tensor());
    case ValueType::Kind::kMap:
      TENON_RETURN_IF_ERROR(check_bytes([&] { return "the keys of " + what(); }, value.keys()));
      return check_bytes([&] { return "the values of " + what(); }, value.values());
    default: break;
  }
  for (size_t i = 0; i < value.elements().size(); ++i)
    TENON_RETURN_IF_ERROR(
        check_all_bytes([&, i] { return concat("element ", i, " of ", what()); }, value.elements()[i]));
  return {};
}

Status check_value(const Port& port, const RunValue& value) {
  const auto what = [&] { return concat("input '", port.name, "'"); };
  const ElementType declared = element_type(port.type);
  if (declared.kind == ValueType::Kind::kTensor && value.is_tensor()) {
    if (port.type.dtype != TN_UNDEFINED && value.tensor().dtype() != port.type.dtype)
      return error(TN_INVALID_ARGUMENT, "input '", port.name, "' has type ", dtype_name(value.tensor().dtype()),
                   ", expected ", dtype_name(port.type.dtype), ": convert the data to that type");
    TENON_RETURN_IF_ERROR(check_bytes(what, value.tensor()));
    return check_shape(port, value.tensor());
  }
  if (!fits(as_declared(value, declared).type(), declared))
    return error(TN_INVALID_ARGUMENT, what(), " is given ", describe(value), ", expected ", describe(declared),
                 ": give a value of that kind and type");
  return check_all_bytes(what, value);
}

}  // namespace

Result<std::vector<size_t>> match_inputs(const std::vector<Port>& ports, std::span<const NamedValue> given) {
  std::vector<size_t> found(ports.size(), SIZE_MAX);
  for (size_t g = 0; g < given.size(); ++g) {
    const auto port = std::find_if(ports.begin(), ports.end(), [&](const Port& p) { return p.name == given[g].name; });
    if (port == ports.end()) return unknown_name("input", ports, given[g].name);
    size_t& index = found[static_cast<size_t>(port - ports.begin())];
    if (index != SIZE_MAX) return error(TN_INVALID_ARGUMENT, "input '", port->name, "' is given twice");
    index = g;
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    if (found[i] == SIZE_MAX && ports[i].has_default) continue;
    if (found[i] == SIZE_MAX)
      return error(TN_INVALID_ARGUMENT, "input '", ports[i].name, "' (", describe(ports[i].type), ") is missing");
    TENON_RETURN_IF_ERROR(check_value(ports[i], given[found[i]].value));
  }
  return found;
}

std::vector<NameClash> find_name_clashes(const std::vector<Port>& ports, std::span<const NamedValue> given,
                                         std::span<const size_t> found) {
  std::vector<NameClash> clashes;
  std::map<std::string_view, SymbolUse> symbols;
  for (size_t p = 0; p < ports.size(); ++p) {
    if (found[p] == SIZE_MAX || !ports[p].type.dims || ports[p].type.kind != ValueType::Kind::kTensor) continue;
    const std::vector<Dim>& dims = *ports[p].type.dims;
    const std::vector<int64_t>& shape = given[found[p]].value.tensor().shape();
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i].value >= 0 || dims[i].symbol.empty()) continue;
      const auto [it, is_new] = symbols.try_emplace(dims[i].symbol, SymbolUse{&ports[p], i, shape[i], false});
      SymbolUse& first = it->second;
      if (is_new || first.value == shape[i] || first.has_clashed) continue;
      first.has_clashed = true;
      clashes.push_back(
          {dims[i].symbol, concat("dimension '", dims[i].symbol, "' was ", first.value, " in input '", first.port->name,
                                  "' (dimension ", first.axis, ") and ", shape[i], " in input '", ports[p].name,
                                  "' (dimension ", i, "): the name was taken to say nothing")});
    }
  }
  return clashes;
}

Result<std::vector<size_t>> match_outputs(const std::vector<Port>& ports, std::span<const std::string> wanted) {
  std::vector<size_t> found;
  for (const std::string& name : wanted) {
    const auto port = std::find_if(ports.begin(), ports.end(), [&](const Port& p) { return p.name == name; });
    if (port == ports.end()) return unknown_name("output", ports, name);
    found.push_back(static_cast<size_t>(port - ports.begin()));
  }
  if (wanted.empty()) {
    found.resize(ports.size());
    std::iota(found.begin(), found.end(), size_t{0});
  }
  return found;
}

Result<std::vector<OutputTarget>> match_bound(const std::vector<Port>& ports, std::span<const size_t> wanted,
                                              std::span<const BoundOutput> bound) {
  std::vector<OutputTarget> targets;
  for (const BoundOutput& output : bound) {
    const auto port =
        std::find_if(wanted.begin(), wanted.end(), [&](size_t i) { return ports[i].name == output.name; });
    if (port == wanted.end())
      return error(TN_INVALID_ARGUMENT, "memory is bound to output '", output.name, "', which is not asked for");
    const auto bytes = checked_byte_length(output.memory.dtype(), output.memory.shape()).get();
    if (!bytes || *bytes > output.memory.byte_length() || (*bytes > 0 && output.memory.data() == nullptr))
      return error(TN_INVALID_ARGUMENT, "the memory that output '", output.name, "' is bound to has ",
                   output.memory.byte_length(), " bytes, too few for ", dtype_name(output.memory.dtype()), " ",
                   shape_text(output.memory.shape()));
    targets.push_back({*port, &output.memory});
  }
  return targets;
}

}  // namespace tenon::host
