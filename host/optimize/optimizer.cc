#include "host/optimize/optimizer.h"

#include "host/graph/shape_inference.h"
#include "host/optimize/raises/raises.h"
#include "host/optimize/rewriter.h"
#include "host/optimize/rules/rules.h"

namespace tenon::host {
namespace {

Status fold(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  TENON_ASSIGN_OR_RETURN(const FoldReport folded, fold_constants(model, options.run_node, options.fold));
  if (folded.folded_nodes > 0)
    notes.push_back(
        concat("folded ", folded.folded_nodes, " nodes into ", folded.bytes, " bytes of constants",
               folded.views == 0 ? "" : concat("; ", folded.views, " of them only look at a constant in another way")));
  for (const std::string& reason : folded.skipped) notes.push_back("not folded: " + reason);
  return {};
}

// Folding has inferred all types and shapes; where it is off, rules need them as well.
Status rewrite(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.fold_constants) TENON_RETURN_IF_ERROR(infer_shapes(model));
  return apply_rules(model, kRules, notes);
}

Status merge(Model& model, const OptimizeOptions&, OptimizeNotes& notes) {
  return merge_common_subexpressions(model, notes);
}

Status raise(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.rank_provider) return {};
  TENON_RETURN_IF_ERROR(apply_raises(model, options.rank_provider, notes));
  return remove_dead_nodes(model, notes);
}

Status remove(Model& model, const OptimizeOptions&, OptimizeNotes& notes) {
  return remove_dead_nodes(model, notes);
}

struct Pass {
  const char* name;  // of the stage in reports
  bool OptimizeOptions::*is_wanted;
  Status (*run)(Model& model, const OptimizeOptions& options, OptimizeNotes& notes);
};

// In the order in which they run. A pass is a row here and a function; a rule is a row of kRules and a function.
constexpr Pass kPasses[] = {
    {"fold", &OptimizeOptions::fold_constants, fold},  {"rewrite", &OptimizeOptions::rewrite_graph, rewrite},
    {"merge", &OptimizeOptions::rewrite_graph, merge}, {"remove", &OptimizeOptions::rewrite_graph, remove},
    {"raise", &OptimizeOptions::rewrite_graph, raise},  // what nobody reads is gone: it would keep nodes from it
};

}  // namespace

Result<OptimizeNotes> optimize(Model& model, const OptimizeOptions& options,
                               const std::function<void(const char*)>& end_stage) {
  OptimizeNotes notes;
  for (const Pass& pass : kPasses) {
    if (!(options.*pass.is_wanted)) continue;
    TENON_RETURN_IF_ERROR(pass.run(model, options, notes));
    if (end_stage) end_stage(pass.name);
  }
  return notes;
}

const char* optimizer_fingerprint() {
  return
#include "host/optimize/fingerprint.inc"
      ;
}

}  // namespace tenon::host
