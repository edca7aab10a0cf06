// A run of a case's kernel, and what all checks of operators make of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "conform/checks/outcome.h"
#include "conform/kernel/guarded_run.h"
#include "conform/kernel/operator_bench.h"

namespace tenon::conform {

struct Trial {
  host::Status status;
  std::unique_ptr<GuardedRun> run;
};

/// Throws Breach for what no kernel may do, whatever is asked: exceptions, bytes written beyond what it was given.
Trial try_run(const KernelCase& c, const RunSettings& settings);

/// Why two trials of one case do not agree byte for byte; nothing when they do.
std::optional<std::string> byte_difference(const Trial& a, const Trial& b);

/// The case's inputs with the elements of the variable ones in the other order: for what a kernel remembers or shares.
std::vector<host::Tensor> turned_inputs(const KernelCase& c);
/// The same on other inputs.
Trial try_run(const KernelCase& c, const std::vector<host::Tensor>& inputs, const RunSettings& settings);

/// What a check says that met no case.
Outcome nothing_to_check(const OperatorBench& bench);

}  // namespace tenon::conform
