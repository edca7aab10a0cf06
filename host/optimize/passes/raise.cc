// Raises, after what nobody reads is gone, as that would keep nodes from it.
#include "host/optimize/passes/passes.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {

Status raise_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.rank_provider) return {};
  TENON_RETURN_IF_ERROR(apply_raises(model, options.rank_provider, notes));
  return remove_pass(model, options, notes);
}

}  // namespace tenon::host
