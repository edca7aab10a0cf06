// Changes declared types and constant tensors at random.
#pragma once

#include "tests/fuzz/mutants/corpus.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

/// Element type, dimensions, rank, names of dimensions, or the whole type.
void mutate_type(onnx::ValueInfoProto& info, Random& random);
/// Element type, dimensions or data, together or against each other.
void mutate_tensor(onnx::TensorProto& tensor, Random& random);

}  // namespace tenon::mutants
