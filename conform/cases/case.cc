#include "conform/cases/case.h"

#include <algorithm>

#include "conform/cases/elements.h"
#include "host/base/dtype.h"

namespace tenon::cases {
namespace {

std::string list_text(const Shape& values) {
  std::string text;
  for (int64_t v : values) text += (text.empty() ? "" : ",") + std::to_string(v);
  return "[" + text + "]";
}

std::string attribute_text(const host::Attribute& a) {
  if (const auto* v = std::get_if<int64_t>(&a.payload)) return a.name + "=" + std::to_string(*v);
  if (const auto* v = std::get_if<float>(&a.payload)) return a.name + "=" + std::to_string(*v);
  if (const auto* v = std::get_if<std::string>(&a.payload)) return a.name + "='" + *v + "'";
  if (const auto* v = std::get_if<Shape>(&a.payload)) return a.name + "=" + list_text(*v);
  if (const auto* v = std::get_if<host::Tensor>(&a.payload))
    return host::concat(a.name, "=", host::dtype_name(v->dtype()), list_text(v->shape()), elements_text(*v));
  return a.name + "=..";
}

}  // namespace

const host::Attribute* Case::find(std::string_view name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

int64_t Case::number(std::string_view name, int64_t fallback) const {
  const host::Attribute* a = find(name);
  return a != nullptr && std::holds_alternative<int64_t>(a->payload) ? std::get<int64_t>(a->payload) : fallback;
}

Shape Case::numbers(std::string_view name) const {
  const host::Attribute* a = find(name);
  return a != nullptr && std::holds_alternative<Shape>(a->payload) ? std::get<Shape>(a->payload) : Shape();
}

std::string describe(const Case& c) {
  std::string text = host::concat(c.schema->domain, c.schema->domain.empty() ? "" : ".", c.schema->op_type, "-",
                                  c.schema->since_version, "(");
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const host::Tensor& t = c.inputs[i];
    text += i == 0 ? "" : ", ";
    if (t.dtype() == TN_UNDEFINED) continue;
    text += host::concat(host::dtype_name(t.dtype()), list_text(t.shape()), elements_text(t),
                         c.constant[i] ? " constant" : "");
  }
  for (const host::Attribute& a : c.attributes) text += ", " + attribute_text(a);
  text += ") -> ";
  for (const bool there : c.outputs) text += there ? 'y' : '_';
  return text;
}

}  // namespace tenon::cases
