// A node test of the onnx package on the provider alone. Runs in a process of its own.
#pragma once

#include "conform/checks/outcome.h"
#include "conform/checks/subject.h"
#include "conform/node_tests/node_test.h"

namespace tenon::conform {

/// Fails where the provider takes the model and errs. What it refuses when the session opens is unsupported.
Outcome check_node_test(const Subject& subject, const NodeTest& test);

}  // namespace tenon::conform
