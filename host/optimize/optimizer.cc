#include "host/optimize/optimizer.h"

#include "host/optimize/passes/passes.h"

namespace tenon::host {
namespace {

struct Pass {
  const char* name;
  bool OptimizeOptions::*is_wanted;
  Status (*run)(Model& model, const OptimizeOptions& options, OptimizeNotes& notes);
};

constexpr Pass kPasses[] = {
#define TENON_PASS_ROW(name, option) {#name, &OptimizeOptions::option, name##_pass},
    TENON_PASSES(TENON_PASS_ROW)
#undef TENON_PASS_ROW
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
