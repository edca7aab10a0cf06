// Applies the rules.
#include "host/graph/shape_inference.h"
#include "host/optimize/passes/passes.h"
#include "host/optimize/rules/rules.h"

namespace tenon::host {

// Folding has inferred all types and shapes; where it is off, rules need them as well.
Status rewrite_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.fold_constants) TENON_RETURN_IF_ERROR(infer_shapes(model));
  return apply_rules(model, kRules, notes);
}

}  // namespace tenon::host
