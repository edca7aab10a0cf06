// The pause between two looks of a spin loop.
#pragma once

namespace tenon::host {

/// Tells the CPU that this is a spin loop. thread: any.
void spin_pause();

}  // namespace tenon::host
