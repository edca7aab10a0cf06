// Makes the inputs of a run from what the user names on the command line: files, shapes, and a way to fill the rest.
// Thread-safe.
#pragma once

#include <map>
#include <string>
#include <tenon/tenon.hpp>
#include <vector>

namespace tenon::tools {

struct InputRequest {
  // NAME is the longest name of an input that fits, since names may hold a '='.
  std::vector<std::string> files;   // "NAME=FILE.npy" or "NAME=FILE.pb"
  std::vector<std::string> shapes;  // "NAME=1x3x224x224"
  std::string fill;                 // "random", "ones", "zeros"; empty: random, when no file is given
};

struct PreparedInputs {
  std::vector<NamedValue> values;
  std::vector<std::string> notes;  // what was chosen for the user
};

/// `ports`: all inputs of the model. One value for each, but for those with a default that no file or shape is given
/// for. Names that the model lacks, files that cannot be read, free dimensions of an unknown rank, and inputs without a
/// file when others have one and `fill` is empty are TENON_INVALID_ARGUMENT.
PreparedInputs prepare_inputs(const std::vector<Port>& ports, const InputRequest& request);

/// A tensor of the type and shape; "random" is uniform in [0, 1) for floats, 0 or 1 for integers, the same every time.
Tensor filled_tensor(uint32_t dtype, const std::vector<int64_t>& shape, const std::string& fill);

}  // namespace tenon::tools
