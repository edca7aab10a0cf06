// The passes, in the order in which they run: a pass is a file <name>.cc of this folder that defines <name>_pass, and a
// row here. Each keeps what the model computes and the names of its inputs and outputs, and leaves its graphs finished.
// docs/optimizer.md says what each does.
#pragma once

#include "host/base/status.h"
#include "host/optimize/options.h"

namespace tenon::host {

// PASS(name, also of its stage in reports, the option that it hangs on)
#define TENON_PASSES(PASS)     \
  PASS(fold, fold_constants)   \
  PASS(widen, rewrite_graph)   \
  PASS(rewrite, rewrite_graph) \
  PASS(merge, rewrite_graph)   \
  PASS(remove, rewrite_graph)  \
  PASS(raise, rewrite_graph)   \
  PASS(layout, rewrite_graph)

#define TENON_DECLARE_PASS(name, option) \
  Status name##_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes);
TENON_PASSES(TENON_DECLARE_PASS)
#undef TENON_DECLARE_PASS

}  // namespace tenon::host
