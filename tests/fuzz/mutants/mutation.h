// Changes models at random, in their structure or in their bytes. Deterministic: the same corpus, seed and index give
// the same mutant.
#pragma once

#include <string>

#include "tests/fuzz/mutants/corpus.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

struct Mutant {
  const Seed* seed = nullptr;
  std::string bytes;  // of an .onnx file, or of something that was one
};

/// One to six changes of nodes, values, attributes, types, shapes, initializers and opsets.
Mutant mutate_structure(const Corpus& corpus, Random& random);
/// One to four changes of the file's bytes: overwritten, copied, inserted, removed.
Mutant mutate_bytes(const Corpus& corpus, Random& random);

}  // namespace tenon::mutants
