#include "host/graph/shape_rules/shape_context.h"

#include <algorithm>
#include <cstring>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/geometry/broadcast.hpp>

#include "host/base/checked.h"
#include "host/graph/layout.h"
#include "host/graph/schemas/op_schema.h"

namespace tenon::host {

bool is_same(const Dim& a, const Dim& b) {
  if (is_known(a) || is_known(b)) return a.value == b.value;
  return !a.symbol.empty() && a.symbol == b.symbol;
}

std::optional<Dim> merge(const Dim& a, const Dim& b) {
  if (is_known(a) && is_known(b) && a.value != b.value) return std::nullopt;
  if (is_known(a) || is_known(b)) return is_known(a) ? a : b;
  return a.symbol.empty() ? b : a;
}

std::optional<Dim> broadcast(const Dim& a, const Dim& b) {
  int64_t size;
  if (!sdk::broadcast_size(a.value, b.value, &size)) return std::nullopt;
  if (size >= 0) return known_dim(size);
  // Which of the two is meant, by name.
  if (is_same(a, b) || b.value == 1) return a;
  return a.value == 1 ? b : unknown_dim();
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    const auto dim = broadcast(longer[offset + i], shorter[i]);
    if (!dim) return std::nullopt;
    result[offset + i] = *dim;
  }
  return result;
}

std::optional<Dim> product(const Dim* begin, const Dim* end) {
  int64_t known = 1;
  const Dim* unknown = nullptr;
  size_t unknowns = 0;
  if (std::any_of(begin, end, [](const Dim& d) { return d.value == 0; })) return known_dim(0);
  for (const Dim* d = begin; d != end; ++d) {
    if (!is_known(*d)) {
      unknown = d;
      ++unknowns;
    } else if (__builtin_mul_overflow(known, d->value, &known)) {
      return std::nullopt;
    }
  }
  if (unknowns == 0) return known_dim(known);
  return unknowns == 1 && known == 1 ? *unknown : unknown_dim();
}

const Dims* proven_dims(const Value* value) {
  return value != nullptr && value->type.kind == ValueType::Kind::kTensor && value->type.is_proven && value->type.dims
             ? &*value->type.dims
             : nullptr;
}

std::string describe(const Dims& dims) {
  std::string text = "[";
  for (const Dim& d : dims) {
    if (text.size() > 1) text += ',';
    text += is_known(d) ? std::to_string(d.value) : d.symbol.empty() ? "?" : d.symbol;
  }
  return text + "]";
}

namespace {

// Nothing for another type than int32 and int64, or where only packed data are kept. Byte-wise: a mapped tensor need
// not be aligned.
std::optional<std::vector<int64_t>> integers_of(uint32_t dtype, const void* data, int64_t count) {
  if ((dtype != TN_INT64 && dtype != TN_INT32) || (data == nullptr && count > 0)) return std::nullopt;
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::vector<int64_t> values(static_cast<size_t>(count));
  for (size_t k = 0; k < values.size(); ++k) {
    if (dtype == TN_INT64) {
      std::memcpy(&values[k], bytes + k * sizeof(int64_t), sizeof(int64_t));
    } else {
      int32_t narrow;
      std::memcpy(&narrow, bytes + k * sizeof(int32_t), sizeof(int32_t));
      values[k] = narrow;
    }
  }
  return values;
}

}  // namespace

ShapeContext::ShapeContext(const Node& node) : ShapeContext(node, {}) {}

ShapeContext::ShapeContext(const Node& node, std::span<const tn_tensor* const> given)
    : node_(node), is_channels_last_(host::is_channels_last(node)), given_(given) {
  for (const tn_tensor* tensor : given) {
    Dims& dims = given_dims_.emplace_back();
    if (tensor == nullptr) continue;
    dims.reserve(tensor->rank);
    for (uint32_t d = 0; d < tensor->rank; ++d) dims.push_back(known_dim(tensor->shape[d]));
  }
  if (!is_channels_last_) return;
  if (const Dims* dims = shape(0); dims != nullptr && dims->size() >= kLeastLayoutRank)
    moved_input_ = permuted(*dims, to_channels_first(dims->size()));
}

const Dims* ShapeContext::shape(size_t i) const {
  if (i == 0 && moved_input_) return &*moved_input_;
  if (!has_input(i)) return nullptr;
  if (i < given_.size()) return given_[i] == nullptr ? nullptr : &given_dims_[i];
  const ValueType& type = node_.inputs[i]->type;
  return type.kind == ValueType::Kind::kTensor && type.dims ? &*type.dims : nullptr;
}

std::optional<ShapeContext::Content> ShapeContext::content(size_t i) const {
  if (!has_input(i)) return std::nullopt;
  if (i < given_.size()) {
    const tn_tensor* tensor = given_[i];
    const auto count = tensor == nullptr ? std::nullopt : checked_element_count({tensor->shape, tensor->rank}).get();
    if (!count) return std::nullopt;
    return Content{tensor->dtype, tensor->data, static_cast<int64_t>(*count)};
  }
  if (!node_.inputs[i]->is_constant()) return std::nullopt;
  const Tensor& tensor = *node_.inputs[i]->constant;
  return Content{tensor.dtype(), tensor.data(), tensor.element_count()};
}

std::optional<std::vector<int64_t>> ShapeContext::ints(size_t i) const {
  const auto found = content(i);
  return found ? integers_of(found->dtype, found->data, found->count) : std::nullopt;
}

std::optional<std::vector<float>> ShapeContext::floats(size_t i) const {
  const auto found = content(i);
  if (!found || found->dtype != TN_FLOAT || (found->data == nullptr && found->count > 0)) return std::nullopt;
  std::vector<float> values(static_cast<size_t>(found->count));
  // Byte-wise: a mapped tensor need not be aligned.
  if (!values.empty()) std::memcpy(values.data(), found->data, values.size() * sizeof(float));
  return values;
}

std::string ShapeContext::input_name(size_t i) const {
  const FormalParameter* formal = node_.schema ? formal_parameter(node_.schema->inputs, i) : nullptr;
  if (formal == nullptr) return std::to_string(i);
  return formal->arity == Arity::kVariadic ? concat(formal->name, ' ', i) : std::string(formal->name);
}

std::optional<std::vector<int64_t>> ShapeContext::axes(size_t input, bool* given) const {
  *given = node_.find_attribute("axes") != nullptr || has_input(input);
  if (node_.find_attribute("axes") != nullptr) return ints_attr("axes");
  return has_input(input) ? ints(input) : std::vector<int64_t>();
}

void ShapeContext::set(size_t i, Dims dims) {
  if (i >= outputs_.size() || node_.outputs[i] == nullptr) return;
  if (is_channels_last_ && dims.size() >= kLeastLayoutRank) dims = permuted(dims, to_channels_last(dims.size()));
  outputs_[i] = std::move(dims);
}

Status ShapeContext::expect_rank(size_t i, size_t rank, std::string_view meaning) const {
  const Dims* dims = shape(i);
  if (dims == nullptr || dims->size() == rank) return {};
  return fail("input ", input_name(i), " has rank ", dims->size(), ", expected ", rank, ": ", meaning);
}

Result<size_t> ShapeContext::axis(int64_t value, size_t rank) const {
  auto index = sdk::axis_index(value, rank);
  if (!index.is_ok()) return fail(index.take_status().message());
  return index.value();
}

Result<std::vector<size_t>> ShapeContext::distinct_axes(const std::vector<int64_t>& values, size_t rank) const {
  auto indices = sdk::distinct_axes(values, rank);
  if (!indices.is_ok()) return fail(indices.take_status().message());
  return std::move(indices.value());
}

Result<Dim> ShapeContext::computed(WideInt value, std::string_view what) const {
  if (value < 0 || value > INT64_MAX)
    return fail(what, " is ", value < 0 ? "negative" : "too large for 64 bits", ": correct the shapes or attributes");
  return known_dim(static_cast<int64_t>(value));
}

}  // namespace tenon::host
