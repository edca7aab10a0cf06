// The kernel of a group, or of a single node as a group of one: packs its weights and runs programs, compiled for the
// shapes of the inputs when these are first met and kept. Runs may come from several threads.
#pragma once

#include "graph/op.h"

namespace onednn {

/// TN_UNSUPPORTED where shapes are known and oneDNN does not take them. Shapes that are not known are met in runs.
sdk::Result<sdk::KernelPtr> make_kernel(Group group);

}  // namespace onednn
