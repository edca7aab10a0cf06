// What a provider packs for the drawn cases of an operator, as text: for comparison with another process, whose memory
// lies elsewhere.
#pragma once

#include <string>

#include "conform/checks/subject.h"

namespace tenon::conform {

/// A line for each slot: key, constants, digest of the bytes.
std::string pack_digests(const Subject& subject, const OperatorName& op);
/// The same from a new process of this program.
std::string pack_digests_elsewhere(const Subject& subject, const OperatorName& op);
/// The first line of either that the other has not.
std::string first_difference(const std::string& a, const std::string& b);

}  // namespace tenon::conform
