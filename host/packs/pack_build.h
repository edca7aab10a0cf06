// Fills a pack: decides where each constant's bytes will be found, packs weights straight into the file, writes the
// plan. Memory is bounded by one packed weight for each thread. Used by one thread while a session opens.
#pragma once

#include "host/packs/model_to_pack.h"
#include "host/storage/pack/pack_writer.h"

namespace tenon::host {

enum class PackUse {
  kHere,          // for the very files that it is made from: the digest of a huge one is not taken
  kShipped,       // for files of the same bytes
  kSelfContained  // no byte is left to the model's files
};

/// Fills `writer` with all but what publish() adds.
Status fill_pack(PackWriter& writer, PackUse use, const ModelToPack& contents, const ProviderList& providers);

}  // namespace tenon::host
