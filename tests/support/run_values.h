// Values of a run that are no tensors, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/graph/run_value.h"
#include "tests/support/control_flow.h"

namespace tenon::test {

template <typename T>
T must(host::Result<T> result) {
  if (!result.is_ok()) throw std::runtime_error(result.status().message());
  return std::move(*result);
}

/// The type of a graph's input or output that is a sequence, an optional or a map of floats.
inline host::ValueType floats_in(host::ValueType::Kind kind,
                                 host::ValueType::Kind held = host::ValueType::Kind::kTensor,
                                 tn_dtype key = TN_UNDEFINED) {
  host::ValueType type{kind, TN_FLOAT, std::nullopt};
  type.held = held;
  type.key = key;
  return type;
}

/// A sequence of float tensors of rank 1.
inline host::RunValue sequence_of(const std::vector<Floats>& elements) {
  std::vector<host::RunValue> tensors;
  for (const Floats& element : elements)
    tensors.push_back(make_tensor<float>({static_cast<int64_t>(element.size())}, element));
  return must(host::RunValue::sequence({host::ValueType::Kind::kTensor, TN_FLOAT}, std::move(tensors)));
}

/// The elements of a sequence or an optional of float tensors.
inline std::vector<Floats> floats_of(const host::RunValue& value) {
  std::vector<Floats> elements;
  for (const host::RunValue& element : value.elements()) elements.push_back(values_of(element.tensor()));
  return elements;
}

inline std::vector<host::RunValue> must_run_values(host::Session& session,
                                                   const std::vector<host::NamedValue>& inputs) {
  return must(session.run_values(inputs));
}

/// The message of a run that must fail.
inline host::Status value_failure_of(host::Session& session, const std::vector<host::NamedValue>& inputs) {
  const auto results = session.run_values(inputs);
  if (results.is_ok()) throw std::runtime_error("the run succeeded");
  return results.status();
}

}  // namespace tenon::test
