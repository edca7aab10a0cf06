#include "tools/support/data_set_check.h"

#include <cstdio>

#include "tools/support/print.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

// Prints one line per output of the set, or of those that differ only; false when one differs. `name`: of the run.
bool check_run(const DataSet& set, const Tolerance& tolerance, const RunOfSet& run, bool print_all, const char* name) {
  const std::vector<Value> outputs = run();
  bool all_equal = true;
  for (size_t i = 0; i < set.outputs.size(); ++i) {
    const Comparison result = compare(outputs[i], set.outputs[i].value, tolerance);
    const uint32_t dtype = outputs[i].type().dtype;
    const double rtol = relative_tolerance(dtype, tolerance);
    const std::string allowed =
        rtol != tolerance.relative ? concat(" (", rtol, " allowed for ", tenon_dtype_name(dtype), ")") : "";
    all_equal = all_equal && result.equal;
    if (result.equal && !print_all) continue;
    std::printf("%s %s  %s%s: worst difference %.3g absolute, %.3g relative%s%s%s\n", result.equal ? "ok  " : "FAIL",
                set.outputs[i].name.c_str(), outputs[i].text().c_str(), name, result.worst_absolute,
                result.worst_relative, allowed.c_str(), result.equal ? "" : "; ", result.reason.c_str());
  }
  return all_equal;
}

}  // namespace

bool check_data_set(const DataSet& set, const Tolerance& tolerance, const RunOfSet& run) {
  const bool first = check_run(set, tolerance, run, true, "");
  const bool second =
      in_context("second run", [&] { return check_run(set, tolerance, run, false, " of the second run"); });
  return first && second;
}

}  // namespace tenon::tools
