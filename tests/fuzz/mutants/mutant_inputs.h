// Inputs for a session whose model may be anything: the seed's where they fit what the session asks for, else made up.
#pragma once

#include <tenon/tenon.h>

#include <deque>
#include <string>
#include <vector>

#include "tests/fuzz/mutants/corpus.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

class MutantInputs {
 public:
  MutantInputs(const tenon_session& session, const Seed& seed, Random& random);
  /// Borrows from this object.
  const std::vector<tenon_tensor>& tensors() const { return tensors_; }

 private:
  void add(const tenon_port& port, const onnx::TensorProto* example, Random& random);

  std::deque<std::string> names_;
  std::deque<std::vector<int64_t>> shapes_;
  std::deque<std::string> bytes_;
  std::deque<std::vector<tenon_string>> strings_;
  std::vector<tenon_tensor> tensors_;
};

}  // namespace tenon::mutants
