#include "host/graph/run_value.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

// What a sequence or an optional of such elements is.
ElementType type_around(Kind kind, const ElementType& element) {
  return {kind, element.dtype, element.kind, element.key};
}

}  // namespace

struct RunValue::Other {
  ElementType type;
  std::vector<RunValue> elements;
  Tensor keys, values;
  std::shared_ptr<const void> companion;
};

RunValue::RunValue(std::shared_ptr<Other> other) : other_(std::move(other)) {}

RunValue::Kind RunValue::other_kind() const {
  return other_->type.kind;
}

const Tensor& RunValue::keys() const {
  return other_->keys;
}

const Tensor& RunValue::values() const {
  return other_->values;
}

void RunValue::attach(std::shared_ptr<const void> companion) {
  other_->companion = std::move(companion);
}

Result<RunValue> RunValue::sequence(const ElementType& type, std::vector<RunValue> elements) {
  if (type.kind != Kind::kTensor && type.kind != Kind::kMap)
    return error(TN_INVALID_ARGUMENT, "a sequence of ", describe(type), ": expected one of tensors or of maps");
  for (size_t i = 0; i < elements.size(); ++i)
    if (const ElementType found = elements[i].type(); found != type)
      return error(TN_INVALID_ARGUMENT, "element ", i, " of a sequence is ", describe(found), ", expected ",
                   describe(type), ": all elements have one type");
  auto other = std::make_shared<Other>();
  other->type = type_around(Kind::kSequence, type);
  other->elements = std::move(elements);
  return RunValue(std::move(other));
}

Result<RunValue> RunValue::optional(RunValue element) {
  if (element.kind() == Kind::kOptional)
    return error(TN_INVALID_ARGUMENT, "an optional of an optional: expected one of a tensor, a sequence or a map");
  auto other = std::make_shared<Other>();
  other->type = type_around(Kind::kOptional, element.type());
  other->elements.push_back(std::move(element));
  return RunValue(std::move(other));
}

RunValue RunValue::empty_optional(const ElementType& type) {
  auto other = std::make_shared<Other>();
  other->type = type_around(Kind::kOptional, type);
  return RunValue(std::move(other));
}

Result<RunValue> RunValue::map(Tensor keys, Tensor values) {
  if (keys.dtype() != TN_INT64 && keys.dtype() != TN_STRING)
    return error(TN_INVALID_ARGUMENT, "the keys of a map are ", describe(keys), ", expected int64 or string");
  if (keys.shape().size() != 1 || values.shape() != keys.shape())
    return error(TN_INVALID_ARGUMENT, "a map of keys ", describe(keys), " and values ", describe(values),
                 ": expected two tensors of rank 1 and one length");
  auto other = std::make_shared<Other>();
  other->type = {Kind::kMap, values.dtype(), Kind::kTensor, keys.dtype()};
  other->keys = std::move(keys);
  other->values = std::move(values);
  return RunValue(std::move(other));
}

ElementType RunValue::type() const {
  return other_ == nullptr ? ElementType{Kind::kTensor, tensor_.dtype()} : other_->type;
}

std::span<const RunValue> RunValue::elements() const {
  return other_ == nullptr ? std::span<const RunValue>() : std::span<const RunValue>(other_->elements);
}

Status RunValue::insert(size_t at, RunValue element) {
  const ElementType type = type_around(Kind::kSequence, element.type());
  const bool is_open = other_->type.dtype == TN_UNDEFINED && other_->elements.empty();
  if (type != other_->type && !is_open)
    return error(TN_INVALID_ARGUMENT, "a ", describe(element.type()), " is no element of a ", describe(other_->type),
                 ": all elements have one type");
  std::vector<RunValue>& elements = own_elements();
  elements.insert(elements.begin() + static_cast<ptrdiff_t>(at), std::move(element));
  other_->type = type;
  return {};
}

void RunValue::erase(size_t at) {
  std::vector<RunValue>& elements = own_elements();
  elements.erase(elements.begin() + static_cast<ptrdiff_t>(at));
}

// Those of this value alone, to be changed.
std::vector<RunValue>& RunValue::own_elements() {
  if (other_.use_count() > 1) {
    auto copy = std::make_shared<Other>();
    copy->type = other_->type;
    copy->elements = other_->elements;
    other_ = std::move(copy);
  }
  return other_->elements;
}

RunValue as_declared(RunValue value, const ElementType& declared) {
  const bool stands_for_optional = declared.kind == Kind::kOptional && value.kind() != Kind::kOptional;
  if (!stands_for_optional || !fits(value.type(), held_type(declared))) return value;
  return *RunValue::optional(std::move(value));
}

std::string describe(const RunValue& value) {
  if (value.is_tensor()) return describe(value.tensor());
  const int64_t count =
      value.kind() == Kind::kMap ? value.keys().element_count() : static_cast<int64_t>(value.elements().size());
  return concat(describe(value.type()), " of ", count);
}

}  // namespace tenon::host
