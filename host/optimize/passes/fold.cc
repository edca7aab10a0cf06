// Computes what is constant.
#include "host/optimize/passes/passes.h"

namespace tenon::host {

Status fold_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  TENON_ASSIGN_OR_RETURN(const FoldReport folded, fold_constants(model, options.run_node, options.fold));
  if (folded.folded_nodes > 0)
    notes.push_back(
        concat("folded ", folded.folded_nodes, " nodes into ", folded.bytes, " bytes of constants",
               folded.views == 0 ? "" : concat("; ", folded.views, " of them only look at a constant in another way")));
  for (const std::string& reason : folded.skipped) notes.push_back("not folded: " + reason);
  return {};
}

}  // namespace tenon::host
