// File names for the outputs of a run. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace tenon::tools {

/// One stem of a file name for each output name: all differ, and none is longer than 210 bytes, begins with a '.' or
/// holds what a path gives meaning to. A name that is such a stem keeps it. In others, letters of a path and control
/// characters become '_', the name is cut to 200 bytes, and what another output has gets "~2", "~3"...
std::vector<std::string> file_stems(const std::vector<std::string>& names);

}  // namespace tenon::tools
