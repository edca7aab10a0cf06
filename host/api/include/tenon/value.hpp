// Values of any kind of the C++17 API; part of <tenon/tenon.hpp>.
#pragma once

#include <tenon/value.h>

#include <memory>
#include <string>
#include <tenon/tensor.hpp>
#include <utility>
#include <vector>

namespace tenon {

/// A tensor, a sequence, an optional or a map, to give to a run or as a run made it. Copies share what they hold.
///
///   tenon::Value both = tenon::Value::sequence({a, b});   // of tenon::Tensor
///   for (size_t i = 0; i < both.size(); ++i) use(both[i].tensor().data<float>());
class Value {
 public:
  /// Keeps the tensor's data, or borrows what the tensor borrows.
  Value(Tensor tensor) {
    const tenon_tensor raw = tensor.c("");
    tenon_value* made = nullptr;
    detail::check(tenon_value_of_tensor(&raw, &made));
    take(made);
    kept_.push_back(std::make_shared<const Tensor>(std::move(tensor)));
  }
  /// Of tensors of one element type, or of maps of one type. Without elements it fits wherever a sequence does.
  static Value sequence(const std::vector<Value>& elements) {
    std::vector<const tenon_value*> parts;
    Value sequence;
    for (const Value& element : elements) {
      parts.push_back(element.c());
      sequence.kept_.insert(sequence.kept_.end(), element.kept_.begin(), element.kept_.end());
    }
    tenon_value* made = nullptr;
    detail::check(tenon_value_of_elements(parts.data(), parts.size(), &made));
    sequence.take(made);
    return sequence;
  }
  /// An optional that holds the value.
  static Value optional(const Value& element) {
    Value optional;
    tenon_value* made = nullptr;
    detail::check(tenon_value_of_optional(element.c(), &made));
    optional.take(made);
    optional.kept_ = element.kept_;
    return optional;
  }
  /// An optional that holds nothing.
  static Value nothing() {
    Value optional;
    tenon_value* made = nullptr;
    detail::check(tenon_value_of_optional(nullptr, &made));
    optional.take(made);
    return optional;
  }
  /// `keys`: int64 or strings; `values`: one for each. Both of rank 1.
  static Value map(Tensor keys, Tensor values) {
    const tenon_tensor raw_keys = keys.c(""), raw_values = values.c("");
    Value map;
    tenon_value* made = nullptr;
    detail::check(tenon_value_of_map(&raw_keys, &raw_values, &made));
    map.take(made);
    map.kept_ = {std::make_shared<const Tensor>(std::move(keys)), std::make_shared<const Tensor>(std::move(values))};
    return map;
  }
  /// A file of ONNX's test data sets that holds a value of the type; see tenon_value_read.
  static Value read(const std::string& path, const tenon_value_type& type) {
    tenon_value* made = nullptr;
    detail::check(tenon_value_read(path.c_str(), &type, &made));
    return adopt(made);
  }
  /// Takes over a value of the C API.
  static Value adopt(tenon_value* value) {
    Value adopted;
    adopted.take(value);
    return adopted;
  }

  tenon_kind kind() const { return static_cast<tenon_kind>(type().kind); }
  tenon_value_type type() const {
    auto type = detail::sized<tenon_value_type>();
    detail::check(tenon_value_get_type(c(), &type));
    return type;
  }
  /// What it is, for people: "float 2x3", "sequence(float) of 2".
  std::string text() const {
    char* raw = nullptr;
    detail::check(tenon_value_text(c(), &raw));
    const detail::Handle<char, tenon_string_free> text(raw);
    return text.get();
  }
  /// Elements of a sequence, 0 or 1 of an optional, entries of a map; 1 of a tensor.
  size_t size() const { return tenon_value_count(c()); }
  /// Whether an optional holds something.
  bool has_value() const { return size() > 0; }
  /// Of a sequence; of an optional number 0.
  Value operator[](size_t index) const {
    tenon_value* element = nullptr;
    detail::check(tenon_value_element(c(), index, &element));
    Value value = adopt(element);
    value.kept_ = kept_;
    return value;
  }
  /// What follows lives as long as this value or a copy of it.
  ResultView tensor() const {
    auto raw = detail::sized<tenon_tensor>();
    detail::check(tenon_value_tensor(c(), &raw));
    return ResultView(raw);
  }
  ResultView keys() const { return entries().first; }
  ResultView values() const { return entries().second; }

  const tenon_value* c() const { return value_.get(); }

 private:
  Value() = default;
  void take(tenon_value* value) { value_ = std::shared_ptr<tenon_value>(value, tenon_value_destroy); }
  std::pair<ResultView, ResultView> entries() const {
    auto keys = detail::sized<tenon_tensor>(), values = detail::sized<tenon_tensor>();
    detail::check(tenon_value_map(c(), &keys, &values));
    return {ResultView(keys), ResultView(values)};
  }

  std::shared_ptr<tenon_value> value_;
  std::vector<std::shared_ptr<const Tensor>> kept_;  // whose data the value borrows
};

struct NamedValue {
  std::string name;
  Value value;
};

}  // namespace tenon
