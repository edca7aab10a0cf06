// Proves that the kernels here pack weights as those did that filled a pack: a provider may have been built anew under
// its old name, version and key. One slot of each provider and key is packed again and compared. Used by one thread
// while a session opens.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "host/packs/plan_generated.h"
#include "host/placement/placement.h"
#include "host/placement/prepack.h"
#include "host/runtime/program.h"
#include "host/storage/digest.h"
#include "host/storage/pack/pack_file.h"

namespace tenon::host {

/// Whether each provider is a library, whose build tells it apart. What finds a pack by these builds needs no proof.
bool has_builds(const ProviderList& providers);

/// Of each blob of `plan`, to be written into a pack that leaves `left_out` constants out: the digest of what its
/// kernel packs of made-up weights of the same types and shapes. Nothing for those that prove_packing() will not ask
/// for.
Result<std::vector<std::optional<Digest>>> probe_digests(const PrepackPlan& plan,
                                                         const std::function<bool(const Value*)>& left_out);

/// `steps`: restored from `plan`, with the constants that they read; `graph` holds their nodes. TN_UNSUPPORTED names
/// the weight, or the slot, that its kernel packs otherwise than the pack has it.
Status prove_packing(const plan_format::Plan& plan, const PackFile& pack, const Graph& graph,
                     const std::vector<Step>& steps);

}  // namespace tenon::host
