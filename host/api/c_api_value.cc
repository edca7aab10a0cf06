// <tenon/value.h>: values of any kind, apart from runs.
#include "host/api/c_api_value.h"

#include "host/api/c_api_internal.h"

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

Result<Tensor> borrowed(const tenon_tensor& t, const std::string& what) {
  if (t.rank > 0 && t.shape == nullptr) return error(TN_INVALID_ARGUMENT, what, " has rank ", t.rank, ", but no shape");
  if (t.rank > kMaxRank)
    return error(TN_INVALID_ARGUMENT, what, " has rank ", t.rank, ", expected at most ", kMaxRank,
                 ": set rank to the number of its dimensions");
  return Tensor(dtype_from_number(t.dtype), std::vector<int64_t>(t.shape, t.shape + t.rank), t.data, t.byte_length,
                nullptr, Residence::kBorrowed);
}

tenon_tensor view_of(const Tensor& tensor, const char* name) {
  return {name,          tensor.dtype(),      static_cast<uint32_t>(tensor.shape().size()), tensor.shape().data(),
          tensor.data(), tensor.byte_length()};
}

Status give_type(const ElementType& type, tenon_value_type* out) {
  if (out == nullptr) return null_argument("type");
  if (out->struct_size < sizeof(tenon_value_type))
    return error(TN_INVALID_ARGUMENT, "struct_size of the type is ", out->struct_size, ", expected ",
                 sizeof(tenon_value_type), ": set it to sizeof(tenon_value_type)");
  out->kind = static_cast<uint32_t>(type.kind);
  out->dtype = type.dtype;
  out->held = static_cast<uint32_t>(type.held);
  out->key = type.key;
  return {};
}

}  // namespace tenon::host::c_api

int tenon_value_of_tensor(const tenon_tensor* tensor, tenon_value** value) {
  return give_value(value, [&]() -> Result<RunValue> {
    if (tensor == nullptr) return null_argument("tensor");
    TENON_ASSIGN_OR_RETURN(Tensor made, borrowed(*tensor, "the tensor"));
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
    TENON_ASSIGN_OR_RETURN(Tensor made_keys, borrowed(*keys, "the list of keys"));
    TENON_ASSIGN_OR_RETURN(Tensor made_values, borrowed(*values, "the list of values"));
    return RunValue::map(std::move(made_keys), std::move(made_values));
  });
}

void tenon_value_destroy(tenon_value* value) {
  delete value;
}

int tenon_value_get_type(const tenon_value* value, tenon_value_type* type) {
  return code_of([&] { return value == nullptr ? null_argument("value") : give_type(value->value.type(), type); });
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
    if (tensor == nullptr) return null_argument("tensor");
    if (!value->value.is_tensor()) return wrong_kind(*value, "a tensor");
    *tensor = view_of(value->value.tensor(), "");
    return {};
  });
}

int tenon_value_map(const tenon_value* value, tenon_tensor* keys, tenon_tensor* values) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    if (keys == nullptr) return null_argument("keys");
    if (values == nullptr) return null_argument("values");
    if (value->value.kind() != ValueType::Kind::kMap) return wrong_kind(*value, "a map");
    *keys = view_of(value->value.keys(), "");
    *values = view_of(value->value.values(), "");
    return {};
  });
}
