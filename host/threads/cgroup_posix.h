// Reads limits of the control group that this process is in, for cgroup v1 and v2. Thread-safe; the groups are those
// of the first call, their limits those of each.
#pragma once

#include <string>
#include <vector>

namespace tenon::host {

/// The first line of the file `v2_name` (or `v1_name` of the v1 controller `controller`) in the process's group and in
/// each group above it, innermost first. An empty name is looked for nowhere. Empty when the process is in no such
/// group.
std::vector<std::string> read_cgroup_files(const std::string& controller, const std::string& v1_name,
                                           const std::string& v2_name);

}  // namespace tenon::host
