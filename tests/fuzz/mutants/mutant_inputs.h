// Inputs for a session whose model may be anything: the seed's where they fit what the session asks for, else made up.
#pragma once

#include <tenon/value.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/mutants/corpus.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

class MutantInputs {
 public:
  MutantInputs(const tenon_session& session, const Seed& seed, Random& random);
  /// Borrows from this object.
  const std::vector<tenon_named_value>& values() const { return values_; }

 private:
  /// Nothing for a port whose tensors would be too large.
  std::optional<tenon_tensor> make_tensor(const tenon_port& port, const onnx::TensorProto* example, Random& random);
  /// nullptr where none can be made.
  const tenon_value* make_value(tenon_value_type type, const tenon_port& port, const onnx::TensorProto* example,
                                Random& random);
  const tenon_value* make_map(const tenon_value_type& type, const tenon_port& port, Random& random);
  const tenon_value* keep(tenon_value* value);

  std::deque<std::string> names_;
  std::deque<std::vector<int64_t>> shapes_;
  std::deque<std::string> bytes_;
  std::deque<std::vector<tenon_string>> strings_;
  std::deque<std::unique_ptr<tenon_value, decltype(&tenon_value_destroy)>> kept_;
  std::vector<tenon_named_value> values_;
};

}  // namespace tenon::mutants
