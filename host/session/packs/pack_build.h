// Fills a pack: decides where each constant's bytes will be found, packs weights straight into the file, writes the
// plan. Memory is bounded by one packed weight for each thread. Used by one thread while a session opens.
#pragma once

#include "host/session/packs/model_packs.h"
#include "host/storage/pack/pack_writer.h"

namespace tenon::host {

/// Fills `writer` with all but what publish() adds. Self-contained: no byte is left to the model's files.
Status fill_pack(PackWriter& writer, bool self_contained, const ModelToPack& contents, const ProviderList& providers);

}  // namespace tenon::host
