// A provider that runs in a worker process. thread: as Provider.
#pragma once

#include "host/isolation/shared_heap.h"
#include "host/plugins/provider.h"

namespace tenon::host {

/// Its library is found and judged as Provider::defer() does it, and loaded in a process of its own, which starts when
/// something is asked of it, or at once where there are options. `heap`: of the session, so that values that several
/// providers share lie where all of them reach them.
Result<std::unique_ptr<Provider>> isolate_provider(const ProviderSpec& spec, const InstanceFacts& facts,
                                                   std::shared_ptr<SharedHeap> heap);

}  // namespace tenon::host
