// JPEG by libjpeg-turbo, with its default upsampling of colours. CMYK is taken to be inverted, as Adobe writes it.
#include <algorithm>
#include <csetjmp>
#include <vector>

#include "codecs.h"

// clang-format off
#include <cstdio>  // the next two lack it, and the last the one before
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace tenon::cpu_image {
namespace {

// Each scan of a progressive file goes over all pixels, and costs a few bytes.
constexpr int kMostScans = 500;

struct Errors {
  jpeg_error_mgr base;  // first: the library hands out pointers to it
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr jpeg) {
  Errors* errors = reinterpret_cast<Errors*>(jpeg->err);
  jpeg->err->format_message(jpeg, errors->message);
  std::longjmp(errors->jump, 1);
}

// Of what is amiss, only a missing end ends the work.
void hear(j_common_ptr jpeg, int level) {
  if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) leave(jpeg);
}

void watch(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMostScans) return;
  jpeg->err->msg_code = JERR_BAD_PROGRESSION;
  leave(jpeg);
}

class Jpeg {
 public:
  Jpeg() {
    jpeg_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = leave;
    errors_.base.emit_message = hear;
    errors_.base.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = watch;
  }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
  ~Jpeg() { jpeg_destroy_decompress(&jpeg_); }

  // Errors jump out of the two below, where no object has a destructor.
  bool start(Bytes bytes, uint64_t memory_limit) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.progress = &progress_;
    jpeg_.mem->max_memory_to_use = long(std::min<uint64_t>(memory_limit, INT64_MAX));
    jpeg_mem_src(&jpeg_, bytes.data(), bytes.size());
    jpeg_read_header(&jpeg_, TRUE);
    jpeg_.out_color_space = has_ink() ? JCS_CMYK : JCS_RGB;
    return true;
  }
  /// `line`: a row of CMYK, where has_ink().
  bool read_rows(const Canvas& canvas, uint8_t* line) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_start_decompress(&jpeg_);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      uint8_t* row = canvas.row(jpeg_.output_scanline);
      JSAMPROW rows[] = {has_ink() ? line : row};
      if (canvas.is_stopped()) return true;
      jpeg_read_scanlines(&jpeg_, rows, 1);
      if (has_ink()) from_ink(line, canvas.width(), row);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  bool has_ink() const { return jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK; }
  int64_t width() const { return jpeg_.image_width; }
  int64_t height() const { return jpeg_.image_height; }
  sdk::Status failure() const {
    if (errors_.base.msg_code == JERR_OUT_OF_MEMORY || errors_.base.msg_code == JERR_NO_BACKING_STORE)
      return sdk::Status(TN_OUT_OF_MEMORY, "no memory to decode the JPEG stream");
    return sdk::invalid_argument("the JPEG stream cannot be decoded: ", errors_.message);
  }

 private:
  static void from_ink(const uint8_t* cmyk, int64_t width, uint8_t* rgb) {
    for (int64_t x = 0; x < width; ++x, cmyk += 4)
      for (int c = 0; c < 3; ++c) {
        const unsigned white = cmyk[3], product = (255u - cmyk[c]) * white + 128u;
        *rgb++ = uint8_t(white - ((product >> 8) + product) / 256);
      }
  }

  jpeg_decompress_struct jpeg_{};
  jpeg_progress_mgr progress_{};
  Errors errors_{};
};

}  // namespace

sdk::Status decode_jpeg(Bytes bytes, Canvas& canvas) {
  Jpeg jpeg;
  if (!jpeg.start(bytes, canvas.memory_limit())) return jpeg.failure();
  TN_RETURN_IF_ERROR(canvas.create(jpeg.width(), jpeg.height()));
  std::vector<uint8_t> line(jpeg.has_ink() ? size_t(4 * jpeg.width()) : 0);
  if (!jpeg.read_rows(canvas, line.data())) return jpeg.failure();
  return {};
}

}  // namespace tenon::cpu_image
