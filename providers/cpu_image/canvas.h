// What a codec draws on: rows of RGB, a byte each, without gaps. Their memory is asked for when the codec has read the
// size, so that an image which is too large costs nothing. Borrowed by one codec at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>

namespace tenon::cpu_image {

/// A stream of an image file.
using Bytes = sdk::Span<const uint8_t>;

constexpr int64_t kMostPixels = int64_t{1} << 28;

class Canvas {
 public:
  /// Memory of that many bytes, which lives as long as the canvas.
  using Allocate = std::function<sdk::Result<uint8_t*>(size_t bytes)>;
  /// Whether nobody waits for the image any more.
  using IsStopped = std::function<bool()>;
  /// `memory_limit`: bytes that a codec may take beside the canvas.
  Canvas(uint64_t memory_limit, Allocate allocate, IsStopped is_stopped)
      : memory_limit_(memory_limit), allocate_(std::move(allocate)), is_stopped_(std::move(is_stopped)) {}

  /// Once. TN_INVALID_ARGUMENT for no pixels or more than kMostPixels; else what the allocation says.
  sdk::Status create(int64_t width, int64_t height) {
    TN_RETURN_IF_ERROR(check_size(width, height));
    TN_ASSIGN_OR_RETURN(pixels_, allocate_(3 * size_t(width) * size_t(height)));
    width_ = width;
    height_ = height;
    return {};
  }
  static sdk::Status check_size(int64_t width, int64_t height) {
    if (width >= 1 && height >= 1 && width <= kMostPixels && height <= kMostPixels / width) return {};
    return sdk::invalid_argument("the image is ", width, " x ", height, " pixels, expected 1 to ", kMostPixels,
                                 " in all");
  }
  /// Whether a codec may take `bytes` for each pixel of an image of that size, which check_size() has passed.
  sdk::Status check_memory(int64_t width, int64_t height, uint64_t bytes) const {
    const uint64_t needed = uint64_t(width) * uint64_t(height) * bytes;
    if (needed <= memory_limit_) return {};
    return sdk::Status(TN_OUT_OF_MEMORY, sdk::concat("to decode the image of ", width, " x ", height, " pixels takes ",
                                                     needed, " bytes, but a run may take ", memory_limit_));
  }

  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  /// Codecs that work row by row look here, and then leave the rest as it is.
  bool is_stopped() const { return is_stopped_(); }
  uint64_t memory_limit() const { return memory_limit_; }
  uint8_t* row(int64_t y) const { return pixels_ + 3 * width_ * y; }

 private:
  uint64_t memory_limit_;
  Allocate allocate_;
  IsStopped is_stopped_;
  int64_t width_ = 0, height_ = 0;
  uint8_t* pixels_ = nullptr;
};

}  // namespace tenon::cpu_image
