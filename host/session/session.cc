#include "host/session/session.h"

#include "host/base/exceptions.h"

namespace tenon::host {

Result<std::vector<Tensor>> Session::run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted,
                                         const RunOptions& options) {
  return guarded([&]() -> Result<std::vector<Tensor>> {
    std::vector<NamedValue> values;
    values.reserve(inputs.size());
    for (const NamedTensor& input : inputs) values.push_back({input.name, input.tensor});
    TENON_ASSIGN_OR_RETURN(std::vector<RunValue> results, run_values(values, wanted, options));
    std::vector<Tensor> tensors;
    tensors.reserve(results.size());
    for (size_t i = 0; i < results.size(); ++i) {
      if (!results[i].is_tensor())
        return error(TN_UNSUPPORTED, "output '", wanted.empty() ? outputs()[i].name : wanted[i], "' is ",
                     describe(results[i]), ": take it as a value, not as a tensor");
      tensors.push_back(std::move(results[i].tensor()));
    }
    return tensors;
  });
}

}  // namespace tenon::host
