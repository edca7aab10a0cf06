// PNG by libpng. Its samples are handed out as they are, without correction of gamma.
#include <png.h>

#include <cstdlib>
#include <cstring>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

constexpr png_alloc_size_t kMostChunkBytes = 8 << 20;

class Png {
 public:
  explicit Png(Bytes bytes) : bytes_(bytes) {}
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
  ~Png() { png_destroy_read_struct(&png_, &info_, nullptr); }

  // Errors jump out of the two below, where no object has a destructor.
  bool start() {
    png_ = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, this, leave, [](png_structp, png_const_charp) {}, this, allocate,
        [](png_structp, png_voidp memory) { std::free(memory); });
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr || setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the canvas has limits of its own
    png_set_chunk_malloc_max(png_, kMostChunkBytes);
    png_read_info(png_, info_);
    return true;
  }
  bool read_rows(const Canvas& canvas) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_palette_to_rgb(png_);
    if (png_get_color_type(png_, info_) != PNG_COLOR_TYPE_PALETTE) png_set_expand_gray_1_2_4_to_8(png_);
    png_set_strip_16(png_);
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != 3 * size_t(canvas.width())) png_error(png_, "rows are no RGB");
    // What a pass leaves out, it keeps.
    for (int pass = 0; pass < passes; ++pass)
      for (int64_t y = 0; y < canvas.height() && !canvas.is_stopped(); ++y) png_read_row(png_, canvas.row(y), nullptr);
    return true;
  }

  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t height() const { return png_get_image_height(png_, info_); }
  sdk::Status failure() const {
    if (info_ == nullptr || lacks_memory_) return sdk::Status(TN_OUT_OF_MEMORY, "no memory to decode the PNG stream");
    return sdk::invalid_argument("the PNG stream cannot be decoded: ", message_);
  }

 private:
  [[noreturn]] static void leave(png_structp png, png_const_charp text) {
    Png& self = *static_cast<Png*>(png_get_error_ptr(png));
    std::strncpy(self.message_, text, sizeof self.message_ - 1);
    png_longjmp(png, 1);
  }
  static png_voidp allocate(png_structp png, png_alloc_size_t size) {
    void* memory = std::malloc(size);
    if (memory == nullptr) static_cast<Png*>(png_get_mem_ptr(png))->lacks_memory_ = true;
    return memory;
  }
  static void read(png_structp png, png_bytep to, size_t count) {
    Png& self = *static_cast<Png*>(png_get_io_ptr(png));
    if (count > self.bytes_.size() - self.at_) png_error(png, "it ends early");
    std::memcpy(to, self.bytes_.data() + self.at_, count);
    self.at_ += count;
  }

  Bytes bytes_;
  size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  bool lacks_memory_ = false;
  char message_[128] = {};
};

}  // namespace

sdk::Status decode_png(Bytes bytes, Canvas& canvas) {
  Png png(bytes);
  if (!png.start()) return png.failure();
  TN_RETURN_IF_ERROR(canvas.create(png.width(), png.height()));
  if (!png.read_rows(canvas)) return png.failure();
  return {};
}

}  // namespace tenon::cpu_image
