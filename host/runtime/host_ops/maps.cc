// Operators of ai.onnx.ml that make and read maps: ZipMap, CastMap, DictVectorizer. A map has each key once; where it
// lists one twice, the last counts.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <unordered_map>

#include "host/base/checked.h"
#include "host/runtime/host_ops/host_step.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

// Of a map beside its keys and values, in elements of a list.
constexpr uint64_t kElementsOfMap = 4;

template <typename List>
const List* list_attribute(const Node& node, std::string_view name) {
  const Attribute* attribute = node.find_attribute(name);
  const auto* list = attribute == nullptr ? nullptr : std::get_if<List>(&attribute->payload);
  return list == nullptr || list->empty() ? nullptr : list;
}

// Strings or int64, of two attributes that list them.
struct Keys {
  const std::vector<std::string>* strings;
  const std::vector<int64_t>* ints;

  Keys(const Node& node, std::string_view strings_name, std::string_view ints_name)
      : strings(list_attribute<std::vector<std::string>>(node, strings_name)),
        ints(list_attribute<std::vector<int64_t>>(node, ints_name)) {}
  size_t size() const { return strings != nullptr ? strings->size() : ints != nullptr ? ints->size() : 0; }
};

Status check_keys(const Node& node, std::string_view strings_name, std::string_view ints_name) {
  const Keys keys(node, strings_name, ints_name);
  if ((keys.strings == nullptr) != (keys.ints == nullptr)) return {};
  return error(TN_INVALID_MODEL, "attributes '", strings_name, "' and '", ints_name, "' are ",
               keys.ints == nullptr ? "both empty" : "both given", ", expected one list of keys");
}

// The places of the last of each of equal keys.
template <typename Key>
std::vector<size_t> last_places(const std::vector<Key>& keys) {
  std::unordered_map<Key, size_t> last;
  for (size_t i = 0; i < keys.size(); ++i) last[keys[i]] = i;
  std::vector<size_t> places;
  for (size_t i = 0; i < keys.size(); ++i)
    if (last[keys[i]] == i) places.push_back(i);
  return places;
}

template <typename Key>
std::vector<Key> at_places(const std::vector<Key>& keys, const std::vector<size_t>& places) {
  std::vector<Key> chosen;
  for (const size_t place : places) chosen.push_back(keys[place]);
  return chosen;
}

template <typename T>
Result<Tensor> tensor_of(tn_dtype dtype, std::vector<int64_t> shape, const std::vector<T>& values) {
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(shape), Residence::kRuntime));
  std::copy(values.begin(), values.end(), static_cast<T*>(tensor.mutable_data()));
  return tensor;
}

// --- ZipMap

class Zip {
 public:
  explicit Zip(HostStep& step) : step_(step), labels_(step.node(), "classlabels_strings", "classlabels_int64s") {}

  Status run() {
    TENON_ASSIGN_OR_RETURN(RunValue input, step_.lasting_input(0));
    const Tensor& x = input.tensor();
    const auto& shape = x.shape();
    const auto width = static_cast<int64_t>(labels_.size());
    if (shape.empty() || shape.size() > 2 || shape.back() != width)
      return error(TN_INVALID_ARGUMENT, "X is ", describe(x), ", expected C or N x C with C the ", width, " labels");
    const uint64_t rows = shape.size() == 1 ? 1 : static_cast<uint64_t>(shape[0]);
    TENON_RETURN_IF_ERROR(step_.check_list((CheckedSize(rows) * kElementsOfMap).get().value_or(UINT64_MAX)));
    TENON_RETURN_IF_ERROR(make_keys());
    std::vector<RunValue> maps;
    for (uint64_t row = 0; row < rows && step_.execution().stop_code() == TN_OK; ++row) {
      TENON_ASSIGN_OR_RETURN(Tensor values, values_of(x, row * static_cast<uint64_t>(width)));
      TENON_ASSIGN_OR_RETURN(RunValue map, RunValue::map(keys_, std::move(values)));
      maps.push_back(std::move(map));
    }
    TENON_ASSIGN_OR_RETURN(RunValue sequence, RunValue::sequence({ValueType::Kind::kMap, TN_FLOAT,
                                                                  ValueType::Kind::kTensor, keys_.dtype()},
                                                                 std::move(maps)));
    return step_.give_sequence(0, std::move(sequence));
  }

 private:
  Status make_keys() {
    places_ = labels_.strings != nullptr ? last_places(*labels_.strings) : last_places(*labels_.ints);
    const std::vector<int64_t> shape = {static_cast<int64_t>(places_.size())};
    if (labels_.strings != nullptr) {
      TENON_ASSIGN_OR_RETURN(keys_,
                             Tensor::from_strings(shape, at_places(*labels_.strings, places_), Residence::kRuntime));
    } else {
      TENON_ASSIGN_OR_RETURN(keys_, tensor_of(TN_INT64, shape, at_places(*labels_.ints, places_)));
    }
    return {};
  }

  // Those of one row: a part of X, unless labels are there twice.
  Result<Tensor> values_of(const Tensor& x, uint64_t begin) const {
    const std::vector<int64_t> shape = keys_.shape();
    if (places_.size() == labels_.size()) return x.part(shape, begin * sizeof(float), places_.size() * sizeof(float));
    std::vector<float> values;
    for (const size_t place : places_) values.push_back(x.span<float>()[begin + place]);
    return tensor_of(TN_FLOAT, shape, values);
  }

  HostStep& step_;
  const Keys labels_;
  std::vector<size_t> places_;
  Tensor keys_;
};

// --- CastMap

// As ONNX Runtime writes them: six digits behind the point, whatever the locale.
std::string text_of(float value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 6);
  return {text, end.ptr};
}

// What the text begins with, behind blanks.
template <typename T>
Result<T> parse(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\n\v\f\r");
  const std::string_view rest = begin == text.npos ? std::string_view() : text.substr(begin);
  T value{};
  if (std::from_chars(rest.data(), rest.data() + rest.size(), value).ec != std::errc())
    return error(TN_INVALID_ARGUMENT, "the map holds '", text, "', expected a ",
                 std::is_integral_v<T> ? "whole number" : "number");
  return value;
}

int64_t truncated(float value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63f) return INT64_MAX;
  return value <= -0x1p63f ? INT64_MIN : static_cast<int64_t>(value);
}

// The elements of a result that are of numbers or of text.
struct MapRow {
  Tensor tensor;

  Status set(int64_t at, const Tensor& values, int64_t i) {
    const bool from_text = values.dtype() == TN_STRING;
    if (tensor.dtype() == TN_STRING) {
      tensor.set_string(at, from_text ? std::string(values.string_at(i)) : text_of(values.span<float>()[i]));
    } else if (tensor.dtype() == TN_FLOAT) {
      TENON_ASSIGN_OR_RETURN(static_cast<float*>(tensor.mutable_data())[at],
                             from_text ? parse<float>(values.string_at(i)) : Result<float>(values.span<float>()[i]));
    } else {
      TENON_ASSIGN_OR_RETURN(
          static_cast<int64_t*>(tensor.mutable_data())[at],
          from_text ? parse<int64_t>(values.string_at(i)) : Result<int64_t>(truncated(values.span<float>()[i])));
    }
    return {};
  }

  void fill(std::string_view text) {
    for (int64_t i = 0; tensor.dtype() == TN_STRING && i < tensor.element_count(); ++i) tensor.set_string(i, text);
    if (tensor.dtype() != TN_STRING)
      std::fill_n(static_cast<std::byte*>(tensor.mutable_data()), tensor.byte_length(), std::byte{0});
  }
};

Result<MapRow> make_row(const HostStep& step, tn_dtype dtype, int64_t length) {
  const auto bytes = checked_byte_length(dtype, std::vector<int64_t>{1, length}).get();
  if (!bytes) return error(TN_INVALID_ARGUMENT, "a row of ", length, " elements does not count in 64 bits");
  TENON_RETURN_IF_ERROR(step.check_memory(*bytes));
  TENON_ASSIGN_OR_RETURN(Tensor row, Tensor::allocate(dtype, {1, length}, Residence::kRuntime));
  return MapRow{std::move(row)};
}

// --- DictVectorizer

template <typename Key>
Status vectorize(HostStep& step, const RunValue& map, const std::vector<Key>& vocabulary) {
  const Tensor &keys = map.keys(), &values = map.values();
  std::unordered_map<Key, int64_t> places;
  for (int64_t i = 0; i < keys.element_count(); ++i) {
    if constexpr (std::is_same_v<Key, std::string>) {
      places[std::string(keys.string_at(i))] = i;
    } else {
      places[keys.span<int64_t>()[i]] = i;
    }
  }
  TENON_ASSIGN_OR_RETURN(MapRow row, make_row(step, values.dtype(), static_cast<int64_t>(vocabulary.size())));
  row.fill("");
  const auto bytes = static_cast<size_t>(dtype_bits(values.dtype())) / 8;
  for (size_t i = 0; i < vocabulary.size(); ++i) {
    const auto found = places.find(vocabulary[i]);
    if (found == places.end()) continue;
    if (values.dtype() == TN_STRING) {
      row.tensor.set_string(static_cast<int64_t>(i), values.string_at(found->second));
    } else {
      std::copy_n(static_cast<const std::byte*>(values.data()) + static_cast<size_t>(found->second) * bytes, bytes,
                  static_cast<std::byte*>(row.tensor.mutable_data()) + i * bytes);
    }
  }
  return step.give(0, std::move(row.tensor));
}

}  // namespace

Status check_zip_map(const Node& node) {
  return check_keys(node, "classlabels_strings", "classlabels_int64s");
}

Status run_zip_map(HostStep& step) {
  return Zip(step).run();
}

Status check_cast_map(const Node& node) {
  const auto form = node.string_attribute("map_form").value_or("DENSE");
  const auto to = node.string_attribute("cast_to").value_or("TO_FLOAT");
  if (form != "DENSE" && form != "SPARSE")
    return error(TN_INVALID_MODEL, "attribute 'map_form' is '", form, "', expected DENSE or SPARSE");
  if (to != "TO_FLOAT" && to != "TO_STRING" && to != "TO_INT64")
    return error(TN_INVALID_MODEL, "attribute 'cast_to' is '", to, "', expected TO_FLOAT, TO_STRING or TO_INT64");
  const int64_t length = node.int_attribute("max_map").value_or(1);
  if (form == "SPARSE" && length < 1)
    return error(TN_INVALID_MODEL, "attribute 'max_map' is ", length, ", expected 1 or more of a SPARSE map");
  return {};
}

// DENSE: the values in ascending order of their keys. SPARSE: each at its key, up to max_map.
Status run_cast_map(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* map, step.input_of_kind(0, ValueType::Kind::kMap));
  const Tensor &keys = map->keys(), &values = map->values();
  if (keys.dtype() != TN_INT64 || (values.dtype() != TN_FLOAT && values.dtype() != TN_STRING))
    return error(TN_INVALID_ARGUMENT, "the input is ", describe(*map), ", expected a map(int64, float or string)");
  std::map<int64_t, int64_t> places;
  for (int64_t i = 0; i < keys.element_count(); ++i) places[keys.span<int64_t>()[i]] = i;
  const bool is_dense = step.node().string_attribute("map_form").value_or("DENSE") == "DENSE";
  const auto count = static_cast<int64_t>(places.size());
  const int64_t length = is_dense ? count : step.node().int_attribute("max_map").value_or(1);
  if (!is_dense && count > 0 && places.begin()->first < 0)
    return error(TN_INVALID_ARGUMENT, "the map has the key ", places.begin()->first,
                 ", expected places of a row: 0 or more");
  const auto to = step.node().string_attribute("cast_to").value_or("TO_FLOAT");
  TENON_ASSIGN_OR_RETURN(MapRow row, make_row(step,
                                              to == "TO_FLOAT"    ? TN_FLOAT
                                              : to == "TO_STRING" ? TN_STRING
                                                                  : TN_INT64,
                                              length));
  // What ONNX Runtime has where a key is missing.
  row.fill("0.f");
  int64_t at = 0;
  for (const auto& [key, place] : places) {
    if (!is_dense && key >= length) break;
    TENON_RETURN_IF_ERROR(row.set(is_dense ? at++ : key, values, place));
  }
  return step.give(0, std::move(row.tensor));
}

Status check_dict_vectorizer(const Node& node) {
  return check_keys(node, "string_vocabulary", "int64_vocabulary");
}

// The value of each word of the vocabulary, 0 or an empty string where the map has not got it.
Status run_dict_vectorizer(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* map, step.input_of_kind(0, ValueType::Kind::kMap));
  const Keys vocabulary(step.node(), "string_vocabulary", "int64_vocabulary");
  const tn_dtype expected = vocabulary.strings != nullptr ? TN_STRING : TN_INT64;
  if (map->keys().dtype() != expected)
    return error(TN_INVALID_ARGUMENT, "the input is ", describe(*map), ", expected keys of type ", dtype_name(expected),
                 " as the vocabulary");
  const tn_dtype values = map->values().dtype();
  if (values != TN_FLOAT && values != TN_DOUBLE && values != TN_INT64 && values != TN_STRING)
    return error(TN_INVALID_ARGUMENT, "the input is ", describe(*map),
                 ", expected values of type float, double, int64 or string");
  return vocabulary.strings != nullptr ? vectorize(step, *map, *vocabulary.strings)
                                       : vectorize(step, *map, *vocabulary.ints);
}

}  // namespace tenon::host
