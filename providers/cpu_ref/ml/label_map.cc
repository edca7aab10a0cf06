#include "ml/label_map.h"

#include <cstring>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

using KeyTypes = Join<NumericTypes, StringType>;

/// Equal bits for equal numbers.
int64_t bits_of(double value) {
  if (value != value) value = std::numeric_limits<double>::quiet_NaN();
  if (value == 0) value = 0;
  int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

template <typename T>
int64_t number_key(const T& value, bool is_float) {
  if constexpr (std::is_integral_v<T>) {
    return is_float ? bits_of(static_cast<double>(value)) : static_cast<int64_t>(value);
  } else {
    const auto number = static_cast<double>(static_cast<Compute<T>>(value));
    return is_float ? bits_of(number) : truncate_to<int64_t>(number);
  }
}

}  // namespace

sdk::Result<LabelMap> LabelMap::create(const sdk::TensorView& keys) {
  LabelMap map;
  map.size_ = static_cast<size_t>(keys.count());
  TN_RETURN_IF_ERROR(visit_list(KeyTypes{}, keys.dtype(), [&](auto tag) -> sdk::Status {
    using K = decltype(tag);
    map.is_text_ = std::is_same_v<K, tn_str>;
    map.is_float_ = !map.is_text_ && !std::is_integral_v<K>;
    for (int64_t i = 0; i < keys.count(); ++i) {
      const K& key = keys.data<K>()[i];
      if constexpr (std::is_same_v<K, tn_str>) {
        map.texts_.try_emplace(std::string(sdk::view(key)), i);
      } else {
        map.numbers_.try_emplace(number_key(key, map.is_float_), i);
      }
    }
    return {};
  }));
  return map;
}

LabelMap LabelMap::create(const std::vector<std::string>& keys) {
  LabelMap map;
  map.is_text_ = true;
  map.size_ = keys.size();
  for (size_t i = 0; i < keys.size(); ++i) map.texts_[keys[i]] = static_cast<int64_t>(i);
  return map;
}

LabelMap LabelMap::create(const std::vector<int64_t>& keys) {
  LabelMap map;
  map.size_ = keys.size();
  for (size_t i = 0; i < keys.size(); ++i) map.numbers_[keys[i]] = static_cast<int64_t>(i);
  return map;
}

int64_t LabelMap::find(const sdk::TensorView& t, int64_t i) const {
  const auto look_up = [](const auto& places, const auto& key) {
    const auto found = places.find(key);
    return found == places.end() ? int64_t{-1} : found->second;
  };
  if (is_text_) return look_up(texts_, std::string(sdk::view(t.data<tn_str>()[i])));
  int64_t place = -1;
  const sdk::Status status = visit_numeric(t.dtype(), [&](auto tag) -> sdk::Status {
    const auto& value = t.data<decltype(tag)>()[i];
    // No integer stands for what is no number.
    if (is_float_ || value == value) place = look_up(numbers_, number_key(value, is_float_));
    return {};
  });
  return status.is_ok() ? place : -1;
}

}  // namespace tenon::cpu_ref
