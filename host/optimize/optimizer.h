// Runs the passes of passes/passes.h over a model, between import and placement. One thread.
#pragma once

#include <functional>

#include "host/optimize/options.h"

namespace tenon::host {

/// Types and shapes are inferred afterwards. `end_stage`: called after each pass with its name.
Result<OptimizeNotes> optimize(Model& model, const OptimizeOptions& options,
                               const std::function<void(const char*)>& end_stage = {});

/// Another text for each set of passes, rules and operator facts that this build was made of: a digest of the sources
/// of host/optimize and host/graph, so that who changes one of them has no version to count up. Not of comments' worth:
/// a comment changes it, too, which costs each model one opening without its pack.
const char* optimizer_fingerprint();

}  // namespace tenon::host
