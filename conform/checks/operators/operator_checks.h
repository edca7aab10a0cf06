// The checks that every operator of a provider goes through, a file and a row each. All run in a process of their own.
#pragma once

#include "conform/checks/outcome.h"
#include "conform/checks/subject.h"

namespace tenon::conform {

// CHECK(name, what it asks of the provider). In the order in which they run: one that fails excludes those behind it,
// so that a breach is told once, by its own name. The function check_<name> of the file <name>.cc runs it.
#define TENON_OPERATOR_CHECKS(CHECK)                                                                         \
  CHECK(process, "leaves floating-point mode, handlers, locale, folder, umask and environment as they were") \
  CHECK(memory, "touches no byte beyond its inputs, outputs and scratch memory, and writes to no input")     \
  CHECK(state, "writes all of its outputs, the same for the same inputs, also in the memory of an input")    \
  CHECK(values, "computes what the specification says")                                                      \
  CHECK(edges, "keeps NaN, infinities and denormals as the specification has them")                          \
  CHECK(threads, "answers alike for any number of workers, and to several threads at once")                  \
  CHECK(errors, "gives up in order when a request to the host fails, and works again afterwards")            \
  CHECK(cancel, "returns within 100 ms when a run is cancelled")                                             \
  CHECK(packs, "packs equal bytes under equal keys, fills them, and reads no more than it packed")           \
  CHECK(blobs, "stays within its memory, or refuses, when packed bytes are damaged")                         \
  CHECK(groups, "computes the same where it compiles the operator together with those behind it")            \
  CHECK(types, "computes every element type that its table declares")                                        \
  CHECK(speed, "takes less than 100 times the time of the oracle, where that is noticeable")                 \
  CHECK(leaks, "holds no more memory after many runs and kernels than after a few")

#define TENON_DECLARE_CHECK(name, asks) Outcome check_##name(const Subject& subject, const OperatorName& op);
TENON_OPERATOR_CHECKS(TENON_DECLARE_CHECK)
#undef TENON_DECLARE_CHECK

}  // namespace tenon::conform
