#include "tests/providers/walk/bad_variants.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <tenon/sdk/dtype.hpp>

#include "conform/cases/case_parts.h"
#include "conform/cases/draw_case.h"
#include "conform/cases/elements.h"
#include "conform/cases/verdict.h"
#include "host/base/dtype.h"

namespace tenon::cases {
namespace {

using host::AttributeKind;
using host::Tensor;

const std::vector<int64_t> kNumbers = {0, -1, 1, INT64_MIN, INT64_MAX, int64_t{1} << 32};
const std::vector<float> kFloats = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                    -std::numeric_limits<float>::infinity(), 0, -1};
const std::vector<std::string> kTexts = {"", "no such thing"};
// Of a list or a tensor: what holds for the first elements holds for the others.
constexpr size_t kMostElements = 4;

bool is_integer(tn_dtype dtype) {
  switch (dtype) {
    case TN_INT8:
    case TN_INT16:
    case TN_INT32:
    case TN_INT64:
    case TN_UINT8:
    case TN_UINT16:
    case TN_UINT32:
    case TN_UINT64: return true;
    default: return false;
  }
}

bool is_float(tn_dtype dtype) {
  return dtype == TN_FLOAT || dtype == TN_DOUBLE || dtype == TN_FLOAT16 || dtype == TN_BFLOAT16;
}

bool is_subbyte(tn_dtype dtype) {
  return dtype != TN_STRING && host::dtype_bits(dtype) < 8;
}

/// Of another shape, its elements those of `t` again and again; zeros where it has none.
Tensor reshaped(const Tensor& t, const Shape& shape, Draw& draw) {
  const int64_t held = t.element_count();
  if (is_subbyte(t.dtype())) return draw_tensor(t.dtype(), shape, Edges::kNone, draw);
  Tensor made = *Tensor::allocate(t.dtype(), shape, host::Residence::kComputed);
  const int64_t count = made.element_count();
  if (t.dtype() == TN_STRING) {
    for (int64_t i = 0; i < count && held > 0; ++i) made.set_string(i, t.string_at(i % held));
    return made;
  }
  const size_t width = static_cast<size_t>(host::dtype_bits(t.dtype())) / 8;
  for (int64_t i = 0; i < count; ++i) {
    char* const to = static_cast<char*>(made.mutable_data()) + static_cast<size_t>(i) * width;
    if (held == 0)
      std::memset(to, 0, width);
    else
      std::memcpy(to, static_cast<const char*>(t.data()) + static_cast<size_t>(i % held) * width, width);
  }
  return made;
}

void put_integer(Tensor& t, size_t i, int64_t value) {
  const size_t width = static_cast<size_t>(host::dtype_bits(t.dtype())) / 8;
  // The end of a narrow type where the value is the end of a wide one.
  if (value == INT64_MIN || value == INT64_MAX) {
    const bool is_unsigned = t.dtype() == TN_UINT8 || t.dtype() == TN_UINT16 || t.dtype() == TN_UINT32;
    const int bits = static_cast<int>(width) * 8 - (is_unsigned ? 0 : 1);
    if (bits < 63) value = value < 0 ? (is_unsigned ? 0 : -(int64_t{1} << bits)) : (int64_t{1} << bits) - 1;
  }
  std::memcpy(static_cast<char*>(t.mutable_data()) + i * width, &value, width);
}

void put_float(Tensor& t, size_t i, float value) {
  const auto put = [&](auto typed) {
    std::memcpy(static_cast<char*>(t.mutable_data()) + i * sizeof typed, &typed, sizeof typed);
  };
  switch (t.dtype()) {
    case TN_DOUBLE: put(static_cast<double>(value)); break;
    case TN_FLOAT16: put(sdk::Float16(value)); break;
    case TN_BFLOAT16: put(sdk::BFloat16(value)); break;
    default: put(value);
  }
}

class Changes {
 public:
  Changes(const Case& base, uint64_t seed) : base_(base), draw_(seed) {}

  std::vector<Variant> take() {
    for (const host::AttributeSchema& schema : base_.schema->attributes) change_attribute(schema);
    for (size_t i = 0; i < base_.inputs.size(); ++i)
      if (base_.inputs[i].dtype() != TN_UNDEFINED) change_input(i);
    return std::move(variants_);
  }

 private:
  void with_attribute(std::string_view name, const std::string& how, std::optional<host::Attribute::Payload> payload) {
    Case c = base_;
    std::erase_if(c.attributes, [&](const auto& a) { return a.name == name; });
    if (payload) c.attributes.push_back({std::string(name), *std::move(payload)});
    variants_.push_back({host::concat("attribute ", name, " ", how), std::move(c)});
  }

  /// What the base has, or the default; nothing: neither.
  template <typename T, typename Default>
  std::optional<T> value_of(const host::AttributeSchema& schema) const {
    const host::Attribute* given = base_.find(schema.name);
    if (given != nullptr) {
      const T* value = std::get_if<T>(&given->payload);
      return value == nullptr ? std::nullopt : std::optional(*value);
    }
    if (const auto* value = schema.default_value == nullptr ? nullptr : std::get_if<Default>(schema.default_value))
      return T(value->begin(), value->end());
    return std::nullopt;
  }

  template <typename T>
  void change_list(std::string_view name, const std::optional<std::vector<T>>& known, const std::vector<T>& extremes) {
    const std::vector<T> list = known && !known->empty() ? *known : std::vector<T>{T()};
    with_attribute(name, "is empty", std::vector<T>());
    std::vector<T> other(list.begin(), list.end() - 1);
    with_attribute(name, "is one too short", other);
    other = list;
    other.push_back(list.back());
    with_attribute(name, "is one too long", other);
    for (size_t i = 0; i < std::min(list.size(), kMostElements); ++i)
      for (const T& value : extremes) {
        other = list;
        other[i] = value;
        with_attribute(name, host::concat("has ", value, " at ", i), other);
      }
  }

  void change_attribute(const host::AttributeSchema& schema) {
    const std::string_view name = schema.name;
    if (base_.find(name) != nullptr) with_attribute(name, "is missing", std::nullopt);
    switch (schema.kind) {
      case AttributeKind::kInt:
        with_attribute(name, "is a text", std::string("1"));
        for (const int64_t value : kNumbers) with_attribute(name, host::concat("is ", value), value);
        break;
      case AttributeKind::kFloat:
        with_attribute(name, "is a list", Shape{1});
        for (const float value : kFloats) with_attribute(name, host::concat("is ", value), value);
        break;
      case AttributeKind::kString:
        with_attribute(name, "is a number", int64_t{1});
        for (const std::string& value : kTexts) with_attribute(name, "is '" + value + "'", value);
        break;
      case AttributeKind::kInts:
        with_attribute(name, "is a number", int64_t{1});
        change_list<int64_t>(name, value_of<Shape, host::IntsDefault>(schema), kNumbers);
        break;
      case AttributeKind::kFloats:
        with_attribute(name, "is a number", int64_t{1});
        change_list<float>(name, value_of<std::vector<float>, host::FloatsDefault>(schema), kFloats);
        break;
      case AttributeKind::kStrings:
        with_attribute(name, "is a number", int64_t{1});
        change_list<std::string>(name, value_of<std::vector<std::string>, host::StringsDefault>(schema), kTexts);
        break;
      case AttributeKind::kTensor: change_tensor_attribute(name); break;
      default: break;  // graphs, sequences and types are the host's, not a kernel's
    }
  }

  void change_tensor_attribute(std::string_view name) {
    with_attribute(name, "is a number", int64_t{1});
    const host::Attribute* given = base_.find(name);
    const Tensor* tensor = given == nullptr ? nullptr : std::get_if<Tensor>(&given->payload);
    const Tensor start = tensor != nullptr ? *tensor : draw_tensor(TN_FLOAT, {1}, Edges::kNone, draw_);
    for_each_shape(start.shape(), [&](const std::string& how, const Shape& shape) {
      with_attribute(name, how, reshaped(start, shape, draw_));
    });
    for (const tn_dtype dtype : {TN_INT64, TN_FLOAT, TN_STRING})
      if (dtype != start.dtype())
        with_attribute(name, "is of " + host::dtype_name(dtype),
                       draw_tensor(dtype, start.shape(), Edges::kNone, draw_));
    for_each_content(start, [&](const std::string& how, const Tensor& other) { with_attribute(name, how, other); });
  }

  void with_input(size_t i, const std::string& how, Tensor tensor) {
    Case c = base_;
    c.inputs[i] = std::move(tensor);
    const host::FormalParameter* formal = host::formal_parameter(base_.schema->inputs, i);
    variants_.push_back({host::concat("input ", i, " (", formal->name, ") ", how), std::move(c)});
  }

  void change_input(size_t i) {
    const Tensor start = base_.inputs[i];
    with_input(i, "is missing", Tensor());
    for_each_shape(start.shape(), [&](const std::string& how, const Shape& shape) {
      with_input(i, how, reshaped(start, shape, draw_));
    });
    for (const tn_dtype dtype : other_types(*host::formal_parameter(base_.schema->inputs, i), start.dtype()))
      with_input(i, "is of " + host::dtype_name(dtype), draw_tensor(dtype, start.shape(), Edges::kNone, draw_));
    for_each_content(start, [&](const std::string& how, const Tensor& other) { with_input(i, how, other); });
  }

  /// Some that the schema permits, and one that it does not.
  std::vector<tn_dtype> other_types(const host::FormalParameter& formal, tn_dtype current) {
    uint64_t allowed = uint64_t{1} << current;
    for (const host::TypeConstraint& constraint : base_.schema->constraints)
      if (constraint.parameter == formal.type) allowed = constraint.tensor_types;
    std::vector<tn_dtype> within, others;
    for (int code = 1; code < TN_FLOAT8E8M0; ++code) {
      const auto dtype = static_cast<tn_dtype>(code);
      if (dtype == current || dtype == TN_COMPLEX64 || dtype == TN_COMPLEX128) continue;
      ((allowed >> code & 1) != 0 ? within : others).push_back(dtype);
    }
    std::vector<tn_dtype> chosen;
    for (int n = 0; n < 3 && !within.empty(); ++n) chosen.push_back(draw_.pick(within));
    if (!others.empty()) chosen.push_back(draw_.pick(others));
    return chosen;
  }

  template <typename Body>
  void for_each_shape(const Shape& start, const Body& body) const {
    std::set<Shape> seen = {start};
    const auto visit = [&](const std::string& how, const Shape& shape) {
      if (seen.insert(shape).second) body("has " + how + ", so " + host::shape_text(shape), shape);
    };
    visit("rank 0", {});
    visit("nothing in it", {0});
    for (const bool front : {true, false})
      for (const int64_t d : {1, 2}) {
        Shape more = start;
        more.insert(front ? more.begin() : more.end(), d);
        visit("a dimension more", more);
        if (start.empty()) continue;
        more = start;
        more.erase(front ? more.begin() : more.end() - 1);
        visit("a dimension less", more);
      }
    for (size_t a = 0; a < start.size(); ++a)
      for (const int64_t d : {int64_t{0}, int64_t{1}, start[a] * 2, start[a] + 1}) {
        Shape other = start;
        other[a] = d;
        visit("another dimension", other);
      }
  }

  template <typename Body>
  void for_each_content(const Tensor& start, const Body& body) {
    const auto count = static_cast<size_t>(start.element_count());
    const auto change = [&](const std::string& how, const auto& put) {
      for (size_t at = 0; at <= std::min(count, kMostElements); ++at) {
        const bool all = at == std::min(count, kMostElements);
        if (all && count < 2) break;
        Tensor other = reshaped(start, start.shape(), draw_);
        for (size_t i = 0; i < count; ++i)
          if (all || i == at) put(other, i);
        body(all ? "has " + how + " everywhere" : host::concat("has ", how, " at ", at), other);
      }
    };
    if (is_integer(start.dtype()))
      for (const int64_t value : ends_and_just_beyond())
        change(std::to_string(value), [&](Tensor& t, size_t i) { put_integer(t, i, value); });
    if (is_float(start.dtype()))
      for (const float value : kFloats)
        change(host::concat(value), [&](Tensor& t, size_t i) { put_float(t, i, value); });
    if (start.dtype() == TN_STRING)
      for (const std::string& value : kTexts)
        change("'" + value + "'", [&](Tensor& t, size_t i) { t.set_string(static_cast<int64_t>(i), value); });
  }

  /// Of what an integer may be an index into or a size of: the sizes of the first input.
  std::set<int64_t> ends_and_just_beyond() const {
    std::set<int64_t> values = {0, -1, INT64_MIN, INT64_MAX};
    if (base_.inputs.empty()) return values;
    const Shape& first = base_.inputs[0].shape();
    values.insert(static_cast<int64_t>(first.size()));
    values.insert(-static_cast<int64_t>(first.size()) - 1);
    for (size_t a = 0; a < std::min<size_t>(first.size(), 3); ++a) {
      values.insert(first[a]);
      values.insert(-first[a] - 1);
    }
    return values;
  }

  const Case& base_;
  Draw draw_;
  std::vector<Variant> variants_;
};

TypeChoice draw_base_types(const host::OpSchema& schema, Draw& draw) {
  TypeChoice choice;
  for (const host::TypeConstraint& constraint : schema.constraints) {
    if (constraint.tensor_types == 0) continue;
    std::vector<tn_dtype> all;
    for (int dtype = 0; dtype < 64; ++dtype)
      if ((constraint.tensor_types >> dtype & 1) != 0) all.push_back(static_cast<tn_dtype>(dtype));
    const bool has_float = (constraint.tensor_types >> TN_FLOAT & 1) != 0;
    choice[constraint.parameter] = has_float && draw.chance(50) ? TN_FLOAT : draw.pick(all);
  }
  return choice;
}

/// Of several inputs that need not have one type, each gets its own.
void mix_types(Case* c, Draw& draw) {
  for (size_t i = 0; i < c->inputs.size(); ++i) {
    const host::FormalParameter* formal = host::formal_parameter(c->schema->inputs, i);
    if (formal->arity != host::Arity::kVariadic || formal->homogeneous) continue;
    const TypeChoice types = draw_base_types(*c->schema, draw);
    c->inputs[i] = draw_tensor(type_of(*formal, types), c->inputs[i].shape(), Edges::kNone, draw);
  }
}

}  // namespace

std::vector<Variant> variants_of(const Case& base, uint64_t seed) {
  return Changes(base, seed).take();
}

std::optional<Case> draw_base(const host::OpSchema& schema, const std::string& provider, uint64_t seed, bool* is_left) {
  *is_left = true;
  constexpr int kTries = 1000, kEnough = 8;
  std::optional<Case> best;
  size_t most = 0;
  for (int i = 0, computed = 0; i < kTries && computed < kEnough; ++i) {
    Draw draw(seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(i));
    Case c = draw_case(schema, draw_base_types(schema, draw), draw);
    mix_types(&c, draw);
    if (std::find(c.outputs.begin(), c.outputs.end(), true) == c.outputs.end()) c.outputs = {true};
    // Some kernels are only made where they know what they get.
    const auto computes = [&](Sight sight) {
      const Verdict::Kind kind = judge(c, provider, sight).kind;
      *is_left = *is_left && (kind == Verdict::Kind::kLeft || kind == Verdict::Kind::kRefused);
      return kind == Verdict::Kind::kComputed;
    };
    if (!computes(Sight::kHidden) && !computes(Sight::kShown)) continue;
    ++computed;
    const auto filled = static_cast<size_t>(std::count_if(c.inputs.begin(), c.inputs.end(), [](const Tensor& t) {
      return t.dtype() != TN_UNDEFINED && t.element_count() > 0;
    }));
    if (best && filled <= most) continue;
    most = filled;
    best = std::move(c);
  }
  return best;
}

}  // namespace tenon::cases
