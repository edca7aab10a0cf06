// Writes expressions as exporters do, a node for each call, for the tests of raises:
//
//   std::string y = s("Mul", {s("Mul", {"x", s(0.5)}), s("Add", {s("Erf", {"x"}), s(1)})});
#pragma once

#include <functional>
#include <string>
#include <tenon/sdk/dtype.hpp>
#include <utility>
#include <vector>

#include "tests/support/graph_builder.h"

namespace tenon::test {

class Scribe {
 public:
  /// Constants are of `dtype`, a floating-point type.
  Scribe(GraphBuilder& builder, tn_dtype dtype, int64_t opset) : b(builder), dtype_(dtype), opset_(opset) {}

  int64_t opset() const { return opset_; }
  tn_dtype dtype() const { return dtype_; }

  /// A node and the name of its result.
  std::string operator()(const std::string& op, const std::vector<std::string>& inputs,
                         std::vector<host::Attribute> attributes = {}) {
    const std::string name = fresh();
    b.node(op, inputs, {name}, std::move(attributes));
    return name;
  }
  /// A scalar.
  std::string operator()(double value) { return tensor({}, {value}); }
  std::string tensor(std::vector<int64_t> shape, const std::vector<double>& values) {
    const std::string name = fresh();
    b.constant_of(name, floats_of(dtype_, std::move(shape), values));
    return name;
  }
  std::string ints(const std::vector<int64_t>& values) {
    const std::string name = fresh();
    b.constant<int64_t>(name, {static_cast<int64_t>(values.size())}, values);
    return name;
  }
  std::string cast(const std::string& value, tn_dtype to) { return (*this)("Cast", {value}, {int_attr("to", to)}); }

  static host::Tensor floats_of(tn_dtype dtype, std::vector<int64_t> shape, const std::vector<double>& values) {
    if (dtype == TN_DOUBLE) return make_tensor<double>(std::move(shape), values);
    if (dtype == TN_FLOAT) return make_tensor<float>(std::move(shape), {values.begin(), values.end()});
    auto tensor = host::Tensor::allocate(dtype, std::move(shape), host::Residence::kComputed);
    if (!tensor.is_ok() || dtype != TN_FLOAT16) throw std::runtime_error("no such tensor can be made");
    for (size_t i = 0; i < values.size(); ++i)
      static_cast<sdk::Float16*>(tensor->mutable_data())[i] = sdk::Float16(static_cast<float>(values[i]));
    return *tensor;
  }

  GraphBuilder& b;

 private:
  std::string fresh() { return "v" + std::to_string(next_++); }

  tn_dtype dtype_;
  int64_t opset_;
  int next_ = 0;
};

/// Writes a form over the inputs of a case, and returns the name of what it computes.
using Writes = std::function<std::string(Scribe&)>;

/// Numbers in [-limit, limit], other ones for each seed.
inline std::vector<double> spread(size_t count, double limit, unsigned seed = 1) {
  std::vector<double> values;
  uint32_t state = seed * 2654435761U + 12345U;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    values.push_back(limit * (static_cast<double>(state >> 8) / 0x1p23 - 1));
  }
  return values;
}

}  // namespace tenon::test
