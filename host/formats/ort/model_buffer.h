// A model as one FlatBuffer, before it goes to memory or to a file. Thread-safe.
#pragma once

#include "host/base/status.h"
#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/writer.h"

namespace tenon::host::ort {

/// The contract of write_ort().
Result<flatbuffers::DetachedBuffer> write_buffer(const Model& model, const OrtWriteOptions& options);

}  // namespace tenon::host::ort
