// Makes the steps of a plan (plan.fbs) again for the model that it holds: asks the providers for the same kernels and
// gives them their packed weights. Nothing in the plan is trusted to fit. Used by one thread while a session opens.
#pragma once

#include <string>
#include <vector>

#include "host/packs/plan_generated.h"
#include "host/placement/placement.h"
#include "host/storage/pack/pack_file.h"

namespace tenon::host {

/// The steps of `graph`, with those of its subgraphs in their bodies, in an order that they can run in. `plan` is
/// verified. TN_INVALID_MODEL when it does not fit the graph, TN_UNSUPPORTED when these providers would not make the
/// same kernels.
Result<std::vector<Step>> read_steps(const plan_format::Plan& plan, const PackFile& pack, const Graph& graph,
                                     const ProviderList& providers);

/// Whether the pack holds the constant only as kernels packed it.
inline bool is_left_out(const Value* value) {
  return value != nullptr && value->is_constant() && value->constant->residence() == Residence::kDropped;
}

namespace plan_format {

inline std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

template <typename T>
size_t size_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

inline Status misfit(const std::string& what) {
  return error(TN_INVALID_MODEL, "the plan of the pack does not fit itself: ", what);
}

}  // namespace plan_format
}  // namespace tenon::host
