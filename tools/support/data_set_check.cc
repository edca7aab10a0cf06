#include "tools/support/data_set_check.h"

#include <cstdio>

#include "host/base/dtype.h"
#include "tools/support/print.h"

namespace tenon::tools {
namespace {

using host::Result;

// Prints one line per output of the set, or of those that differ only; false when one differs. `name`: of the run.
Result<bool> check_run(const DataSet& set, const Tolerance& tolerance, const RunOfSet& run, bool print_all,
                       const char* name) {
  TENON_ASSIGN_OR_RETURN(const auto outputs, run());
  bool all_equal = true;
  for (size_t i = 0; i < set.outputs.size(); ++i) {
    const Comparison result = compare(outputs[i], set.outputs[i].value, tolerance);
    const double rtol = relative_tolerance(outputs[i].type().dtype, tolerance);
    const std::string allowed =
        rtol != tolerance.relative
            ? host::concat(" (", rtol, " allowed for ", host::dtype_name(outputs[i].type().dtype), ")")
            : "";
    all_equal = all_equal && result.equal;
    if (result.equal && !print_all) continue;
    std::printf("%s %s  %s%s: worst difference %.3g absolute, %.3g relative%s%s%s\n", result.equal ? "ok  " : "FAIL",
                set.outputs[i].name.c_str(), describe(outputs[i]).c_str(), name, result.worst_absolute,
                result.worst_relative, allowed.c_str(), result.equal ? "" : "; ", result.reason.c_str());
  }
  return all_equal;
}

}  // namespace

Result<bool> check_data_set(const DataSet& set, const Tolerance& tolerance, const RunOfSet& run) {
  TENON_ASSIGN_OR_RETURN(const bool first, check_run(set, tolerance, run, true, ""));
  auto second = check_run(set, tolerance, run, false, " of the second run");
  if (!second.is_ok()) return second.status().with_context("second run");
  return first && *second;
}

}  // namespace tenon::tools
