// Holds a model against a test data set. Prints to standard output.
#pragma once

#include <functional>

#include "tools/support/compare.h"
#include "tools/support/data_set.h"

namespace tenon::tools {

/// One run of the model on the set's inputs; all its outputs.
using RunOfSet = std::function<std::vector<Value>()>;

/// Runs the model twice: the second run goes by the memory plan that the first may leave behind. Prints a line for each
/// output of the first, and for each of the second that differs; false when one differs.
bool check_data_set(const DataSet& set, const Tolerance& tolerance, const RunOfSet& run);

}  // namespace tenon::tools
