// Changes the attributes of a node at random: presence, type, values and length.
#pragma once

#include "tests/fuzz/mutants/corpus.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

void mutate_attributes(onnx::NodeProto& node, const Corpus& corpus, Random& random);
/// Zero, one, small, and the ends of the integers.
int64_t odd_integer(Random& random);
/// Zeroes, small ones, huge ones, infinities and NaN.
float odd_float(Random& random);

}  // namespace tenon::mutants
