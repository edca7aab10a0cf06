// The formats that images come in. Each codec is a file, which catches all that its library throws or jumps out of, and
// writes nothing to any stream. What is no pixel of red, green and blue is left out: alpha, profiles, orientation,
// later frames. Samples of more than 8 bits keep their upper ones, fewer are spread over the range.
#pragma once

#include "canvas.h"

namespace tenon::cpu_image {

/// By the first bytes. TN_INVALID_ARGUMENT: the stream is of no known format, broken, ends early, or has too many
/// pixels; the canvas then holds anything. TN_OUT_OF_MEMORY: there is not enough. Safe from several threads at once.
sdk::Status decode_image(Bytes bytes, Canvas& canvas);

sdk::Status decode_bmp(Bytes bytes, Canvas& canvas);
sdk::Status decode_jpeg(Bytes bytes, Canvas& canvas);
sdk::Status decode_jpeg2000(Bytes bytes, Canvas& canvas);
sdk::Status decode_png(Bytes bytes, Canvas& canvas);
sdk::Status decode_pnm(Bytes bytes, Canvas& canvas);
sdk::Status decode_tiff(Bytes bytes, Canvas& canvas);
sdk::Status decode_webp(Bytes bytes, Canvas& canvas);

}  // namespace tenon::cpu_image
