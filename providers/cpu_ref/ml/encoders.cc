// What gives a value for each of a list of keys, and another for all else:
//   LabelEncoder    Y the value of each element of X; before opset 2 the place of a string in classes_strings, or the
//                   string at a place
//   CategoryMapper  cats_int64s for cats_strings, or the other way round
//   OneHotEncoder   behind X's dimensions one as long as the list, 1 at the element's place. Unless `zeros` a key that
//                   the list has not is an error; elements that are no integers are truncated to one.
// Of equal keys the last counts, in LabelEncoder from opset 2 on the first; a NaN is equal to any NaN. Shapes are those
// of X.
#include <algorithm>

#include "held_tensor.h"
#include "ml/label_map.h"
#include "ml/scores.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

using Held = std::shared_ptr<const HeldTensor>;

Held hold(std::vector<std::string> strings) {
  const auto count = static_cast<int64_t>(strings.size());
  return std::make_shared<HeldTensor>(std::move(strings), sdk::Shape{count});
}

template <typename T>
Held hold(const std::vector<T>& values) {
  return std::make_shared<HeldTensor>(sdk::kDTypeOf<T>, sdk::Shape{static_cast<int64_t>(values.size())}, values.data(),
                                      values.size() * sizeof(T));
}

template <typename T>
Held hold_one(T value) {
  return hold(std::vector<T>{std::move(value)});
}

/// Of each key the value at its place, of others the one of `otherwise`.
class ValueOfKey final : public sdk::Kernel {
 public:
  ValueOfKey(LabelMap keys, Held values, Held otherwise)
      : keys_(std::move(keys)), values_(std::move(values)), otherwise_(std::move(otherwise)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), values = values_->view(), otherwise = otherwise_->view();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, values.dtype(), x.shape()));
    if (values.dtype() == TN_STRING) {
      for (int64_t i = 0; i < x.count(); ++i) {
        const int64_t at = keys_.find(x, i);
        const tn_str& text = at < 0 ? *otherwise.data<tn_str>() : values.data<tn_str>()[at];
        TN_RETURN_IF_ERROR(run.set_string(0, i, sdk::view(text)));
      }
      return {};
    }
    return visit_numeric(values.dtype(), [&](auto tag) -> sdk::Status {
      using V = decltype(tag);
      run.parallel_for(x.count(), 40, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = keys_.find(x, i);
          y.data<V>()[i] = at < 0 ? *otherwise.data<V>() : values.data<V>()[at];
        }
      });
      return {};
    });
  }

 private:
  const LabelMap keys_;
  const Held values_, otherwise_;
};

/// The string at the place that each element of X is.
class StringAtPlace final : public sdk::Kernel {
 public:
  StringAtPlace(std::vector<std::string> strings, std::string otherwise)
      : strings_(std::move(strings)), otherwise_(std::move(otherwise)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_RETURN_IF_ERROR(run.output(0, TN_STRING, x.shape()).take_status());
    for (int64_t i = 0; i < x.count(); ++i) {
      const int64_t at = x.data<int64_t>()[i];
      const bool is_known = at >= 0 && at < static_cast<int64_t>(strings_.size());
      TN_RETURN_IF_ERROR(run.set_string(0, i, is_known ? strings_[static_cast<size_t>(at)] : otherwise_));
    }
    return {};
  }

 private:
  const std::vector<std::string> strings_;
  const std::string otherwise_;
};

class OneHotEncoder final : public sdk::Kernel {
 public:
  OneHotEncoder(LabelMap keys, bool may_miss) : keys_(std::move(keys)), may_miss_(may_miss) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    sdk::Shape shape = to_shape(x.shape());
    shape.push_back(static_cast<int64_t>(keys_.size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    for (int64_t i = 0; i < x.count(); ++i) {
      const int64_t at = keys_.find(x, i);
      if (at >= 0) {
        y.data<float>()[i * shape.back() + at] = 1;
      } else if (!may_miss_) {
        return sdk::invalid_argument("element ", i, " of input X is no category of the model, and attribute zeros is ",
                                     "0: expected one of the ", keys_.size(), " categories");
      }
    }
    return {};
  }

 private:
  const LabelMap keys_;
  const bool may_miss_;
};

/// The list that an attribute is, under one of four names.
sdk::Result<Held> read_list(const sdk::KernelInfo& info, const std::string& prefix) {
  std::vector<Held> lists;
  sdk::TensorView tensor;
  if (info.attr_tensor(prefix + "_tensor", &tensor)) lists.push_back(HeldTensor::copy_of(tensor));
  if (auto texts = info.attr_strings(prefix + "_strings"); !texts.empty()) lists.push_back(hold(std::move(texts)));
  if (const auto ints = info.attr_ints(prefix + "_int64s"); !ints.empty()) lists.push_back(hold(ints));
  if (const auto floats = info.attr_floats(prefix + "_floats"); !floats.empty()) lists.push_back(hold(floats));
  if (lists.size() == 1) return lists.front();
  return sdk::invalid_model(lists.size(), " attributes ", prefix, "_* are lists, expected one of them");
}

/// What stands for keys that the list has not, in the type of the values.
sdk::Result<Held> read_default(const sdk::KernelInfo& info, tn_dtype dtype) {
  sdk::TensorView tensor;
  if (info.attr_tensor("default_tensor", &tensor)) {
    if (tensor.dtype() != dtype || tensor.count() != 1)
      return sdk::invalid_model("attribute default_tensor is ", sdk::dtype_name(tensor.dtype()), " ",
                                sdk::shape_text(tensor.shape()), ", expected one ", sdk::dtype_name(dtype));
    return Held(HeldTensor::copy_of(tensor));
  }
  if (dtype == TN_STRING) return hold_one(info.attr_string("default_string"));
  const int64_t number = info.attr_int("default_int64");
  Held held;
  TN_RETURN_IF_ERROR(visit_numeric(dtype, [&](auto tag) -> sdk::Status {
    using V = decltype(tag);
    if constexpr (std::is_integral_v<V>) {
      held = hold_one(static_cast<V>(number));
    } else {
      held = hold_one(static_cast<V>(info.attr_float("default_float")));
    }
    return {};
  }));
  return held;
}

sdk::Result<sdk::KernelPtr> make_first_label_encoder(const sdk::KernelInfo& info) {
  std::vector<std::string> classes = info.attr_strings("classes_strings");
  if (classes.empty()) return sdk::invalid_model("attribute classes_strings is empty, expected a string or more");
  if (info.input(0).info().dtype() == TN_INT64)
    return std::make_unique<StringAtPlace>(std::move(classes), info.attr_string("default_string"));
  std::vector<int64_t> places(classes.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int64_t>(i);
  return std::make_unique<ValueOfKey>(LabelMap::create(classes), hold(places),
                                      hold_one(info.attr_int("default_int64")));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_label_encoder(const sdk::KernelInfo& info) {
  if (info.since_version() < 2) return make_first_label_encoder(info);
  const tn_dtype dtype = info.input(0).info().dtype();
  TN_ASSIGN_OR_RETURN(const Held keys, read_list(info, "keys"));
  if (keys->view().dtype() != dtype)
    return sdk::unsupported("input X is ", sdk::dtype_name(dtype), ", but the keys are ",
                            sdk::dtype_name(keys->view().dtype()), ": expected keys of X's type");
  TN_ASSIGN_OR_RETURN(const Held values, read_list(info, "values"));
  if (keys->view().count() != values->view().count())
    return sdk::invalid_model("there are ", keys->view().count(), " keys and ", values->view().count(),
                              " values, expected a value for each key");
  TN_ASSIGN_OR_RETURN(LabelMap map, LabelMap::create(keys->view()));
  TN_ASSIGN_OR_RETURN(Held otherwise, read_default(info, values->view().dtype()));
  return std::make_unique<ValueOfKey>(std::move(map), values, std::move(otherwise));
}

sdk::Result<sdk::KernelPtr> make_category_mapper(const sdk::KernelInfo& info) {
  std::vector<std::string> texts = info.attr_strings("cats_strings");
  const std::vector<int64_t> numbers = info.attr_ints("cats_int64s");
  TN_RETURN_IF_ERROR(check_length("cats_int64s", numbers.size(), texts.size(), "cats_strings"));
  if (info.input(0).info().dtype() == TN_STRING)
    return std::make_unique<ValueOfKey>(LabelMap::create(texts), hold(numbers),
                                        hold_one(info.attr_int("default_int64")));
  return std::make_unique<ValueOfKey>(LabelMap::create(numbers), hold(std::move(texts)),
                                      hold_one(info.attr_string("default_string")));
}

sdk::Result<sdk::KernelPtr> make_one_hot_encoder(const sdk::KernelInfo& info) {
  const std::vector<std::string> texts = info.attr_strings("cats_strings");
  const std::vector<int64_t> numbers = info.attr_ints("cats_int64s");
  if (texts.empty() == numbers.empty())
    return sdk::invalid_model("attributes cats_strings and cats_int64s have ", texts.size(), " and ", numbers.size(),
                              " entries, expected one of the two lists");
  if ((info.input(0).info().dtype() == TN_STRING) == texts.empty())
    return sdk::unsupported("input X is ", sdk::dtype_name(info.input(0).info().dtype()), ", but the categories are ",
                            texts.empty() ? "cats_int64s" : "cats_strings");
  LabelMap map = texts.empty() ? LabelMap::create(numbers) : LabelMap::create(texts);
  return std::make_unique<OneHotEncoder>(std::move(map), info.attr_int("zeros") != 0);
}

}  // namespace tenon::cpu_ref
