// Messages of host and worker as bytes. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/base/status.h"
#include "host/isolation/protocol_generated.h"

namespace tenon::host {

std::vector<uint8_t> bytes_of(const wire::RequestT& request);
/// What a worker answered: TN_INTERNAL for bytes that are no reply, else the error that it tells of.
Result<wire::ReplyT> read_reply(std::span<const uint8_t> bytes);
/// Whether the bytes are a reply at all.
bool is_reply(std::span<const uint8_t> bytes);

}  // namespace tenon::host
