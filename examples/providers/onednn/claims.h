// The provider's claim hook: connected groups as large as they come of operators that oneDNN computes, each of which
// becomes one kernel, so that layouts are changed at its borders alone. thread: open.
#pragma once

#include "onednn.h"

namespace onednn {

/// Claims each group of two nodes or more that holds a convolution or a product.
sdk::Status claim_groups(const sdk::GraphView& graph, sdk::Claims& claims);

}  // namespace onednn
