// <tenon/value.h>: values of any kind, apart from runs.
#include "host/api/c_api_value.h"

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/formats/onnx/value_reader.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

// More than any model has: a larger one is memory that was never set.
constexpr uint32_t kMaxRank = 256;

static_assert(static_cast<uint32_t>(ValueType::Kind::kTensor) == TENON_TENSOR);
static_assert(static_cast<uint32_t>(ValueType::Kind::kSequence) == TENON_SEQUENCE);
static_assert(static_cast<uint32_t>(ValueType::Kind::kOptional) == TENON_OPTIONAL);
static_assert(static_cast<uint32_t>(ValueType::Kind::kMap) == TENON_MAP);

// Runs `make`, which gives a RunValue.
template <typename Make>
int give_value(tenon_value** out, Make&& make) {
  return code_of([&]() -> Status {
    if (out == nullptr) return null_argument("value");
    *out = nullptr;
    TENON_ASSIGN_OR_RETURN(RunValue made, make());
    *out = new tenon_value{std::move(made)};
    return {};
  });
}

Status wrong_kind(const tenon_value& value, const char* expected) {
  return error(TN_INVALID_ARGUMENT, "the value is ", describe(value.value), ", expected ", expected);
}

}  // namespace

namespace tenon::host::c_api {

Result<Tensor> borrowed(const tenon_tensor& t, const char* what) {
  const auto which = [&] { return t.name != nullptr ? concat(what, " '", t.name, "'") : std::string(what); };
  if (t.rank > 0 && t.shape == nullptr)
    return error(TN_INVALID_ARGUMENT, which(), " has rank ", t.rank, ", but no shape");
  if (t.rank > kMaxRank)
    return error(TN_INVALID_ARGUMENT, which(), " has rank ", t.rank, ", expected at most ", kMaxRank,
                 ": set rank to the number of its dimensions");
  if (t.memory_kind != TENON_MEMORY_HOST)
    return error(TN_UNSUPPORTED, which(), " lies in memory of kind ", t.memory_kind, ", expected ",
                 uint32_t{TENON_MEMORY_HOST}, ": only memory of this process can be read; set all other members to 0");
  return Tensor(dtype_from_number(t.dtype), std::vector<int64_t>(t.shape, t.shape + t.rank), t.data, t.byte_length,
                nullptr, Residence::kBorrowed);
}

Status give_view(const Tensor& tensor, const char* name, tenon_tensor* out, const char* argument) {
  tenon_tensor view{};
  view.name = name;
  view.dtype = tensor.dtype();
  view.rank = static_cast<uint32_t>(tensor.shape().size());
  view.shape = tensor.shape().data();
  view.data = tensor.data();
  view.byte_length = tensor.byte_length();
  return give(view, out, argument);
}

}  // namespace tenon::host::c_api

int tenon_value_of_tensor(const tenon_tensor* tensor, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (tensor == nullptr) return null_argument("tensor");
    TENON_ASSIGN_OR_RETURN(const tenon_tensor whole, taken(tensor, "the tensor"));
    TENON_ASSIGN_OR_RETURN(Tensor made, borrowed(whole, "the tensor"));
    return RunValue(std::move(made));
  });
}

int tenon_value_of_elements(const tenon_value* const* elements, size_t count, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (elements == nullptr && count > 0) return null_argument("elements");
    std::vector<RunValue> made;
    for (size_t i = 0; i < count; ++i) {
      if (elements[i] == nullptr) return error(TN_INVALID_ARGUMENT, "element ", i, " is NULL");
      made.push_back(elements[i]->value);
    }
    const ElementType type = made.empty() ? ElementType() : made[0].type();
    return RunValue::sequence(type, std::move(made));
  });
}

int tenon_value_of_optional(const tenon_value* element, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (element == nullptr) return RunValue::empty_optional(ElementType());
    return RunValue::optional(element->value);
  });
}

int tenon_value_of_map(const tenon_tensor* keys, const tenon_tensor* values, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (keys == nullptr) return null_argument("keys");
    if (values == nullptr) return null_argument("values");
    TENON_ASSIGN_OR_RETURN(const tenon_tensor whole_keys, taken(keys, "the list of keys"));
    TENON_ASSIGN_OR_RETURN(const tenon_tensor whole_values, taken(values, "the list of values"));
    TENON_ASSIGN_OR_RETURN(Tensor made_keys, borrowed(whole_keys, "the list of keys"));
    TENON_ASSIGN_OR_RETURN(Tensor made_values, borrowed(whole_values, "the list of values"));
    return RunValue::map(std::move(made_keys), std::move(made_values));
  });
}

int tenon_value_share(const tenon_value* value, tenon_value** shared) {
  return give_value(shared, [&]() -> Result<RunValue> {
    if (value == nullptr) return null_argument("value");
    return value->value;
  });
}

int tenon_value_read(const char* path, const tenon_value_type* type, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (path == nullptr) return null_argument("path");
    if (type == nullptr) return null_argument("type");
    TENON_ASSIGN_OR_RETURN(const tenon_value_type wanted, taken(type, "'type'"));
    if (wanted.kind > TENON_MAP || wanted.held > TENON_MAP)
      return error(TN_INVALID_ARGUMENT, "'type' has kind ", wanted.kind, " and held ", wanted.held, ", expected 0 to ",
                   int{TENON_MAP}, ": take them from a port");
    ValueType known;
    known.kind = static_cast<ValueType::Kind>(wanted.kind);
    known.dtype = dtype_from_number(wanted.dtype);
    known.held = static_cast<ValueType::Kind>(wanted.held);
    known.key = dtype_from_number(wanted.key);
    return read_value_proto(path, known);
  });
}

void tenon_value_destroy(tenon_value* value) {
  delete value;
}

int tenon_value_get_type(const tenon_value* value, tenon_value_type* type) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    const ElementType known = value->value.type();
    tenon_value_type made{};
    made.kind = static_cast<uint32_t>(known.kind);
    made.dtype = known.dtype;
    made.held = static_cast<uint32_t>(known.held);
    made.key = known.key;
    return give(made, type, "type");
  });
}

int tenon_value_text(const tenon_value* value, char** text) {
  return code_of([&]() -> Status {
    if (text == nullptr) return null_argument("text");
    *text = nullptr;
    if (value == nullptr) return null_argument("value");
    return give_string(describe(value->value), text);
  });
}

size_t tenon_value_count(const tenon_value* value) {
  if (value == nullptr) return 0;
  const RunValue& v = value->value;
  if (v.is_tensor()) return 1;
  return v.kind() == ValueType::Kind::kMap ? static_cast<size_t>(v.keys().shape()[0]) : v.elements().size();
}

int tenon_value_element(const tenon_value* value, size_t index, tenon_value** element) {
  return give_value(element, [&]() -> Result<RunValue> {
    if (value == nullptr) return null_argument("value");
    const auto elements = value->value.elements();
    if (value->value.is_tensor() || value->value.kind() == ValueType::Kind::kMap)
      return wrong_kind(*value, "a sequence or an optional");
    if (index >= elements.size())
      return error(TN_INVALID_ARGUMENT, "there is no element ", index, " in ", describe(value->value));
    return elements[index];
  });
}

int tenon_value_tensor(const tenon_value* value, tenon_tensor* tensor) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    if (!value->value.is_tensor()) return wrong_kind(*value, "a tensor");
    return give_view(value->value.tensor(), "", tensor, "tensor");
  });
}

int tenon_value_map(const tenon_value* value, tenon_tensor* keys, tenon_tensor* values) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    if (value->value.kind() != ValueType::Kind::kMap) return wrong_kind(*value, "a map");
    TENON_RETURN_IF_ERROR(give_view(value->value.keys(), "", keys, "keys"));
    return give_view(value->value.values(), "", values, "values");
  });
}
