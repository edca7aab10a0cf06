// Pointers to output pixels' windows; see pixel_rows.h.
#include "conv/channels_last/pixel_rows.h"

#include <algorithm>

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kFewFloats = 64;     // of a kernel row, below which its taps are read as one
constexpr int64_t kMostCopied = 1024;  // floats of a window, where windows may have to be copied

/// Neighbouring output pixels of one row of an image.
struct PixelRun {
  const float* image;
  int64_t od, oh, begin, end;
};

/// Calls visit(run, place) for the rows [first, first + count) of all images' output pixels; place: of the run's first
/// pixel among them.
template <typename Visit>
void for_each_run(const LastConvCall& call, int64_t first, int64_t count, Visit&& visit) {
  const int64_t width = call.window.w.out, plane = call.window.h.out * width;
  for (int64_t done = 0; done < count;) {
    const int64_t image = (first + done) / call.out_pixels, pixel = (first + done) % call.out_pixels;
    const int64_t begin = pixel % width, end = std::min(width, begin + count - done);
    visit(PixelRun{call.x + image * call.in_pixels * call.shape.channels(), pixel / plane, pixel % plane / width, begin,
                   end},
          done);
    done += end - begin;
  }
}

/// The row of the image that the row `tap` of the kernel (KD * KH of them) lies on; null where that is padding.
const float* image_row(const LastConvCall& call, const PixelRun& run, int64_t tap) {
  const WindowAxis &d = call.depth, &h = call.window.h;
  const int64_t id = d.input_of(run.od, tap / h.kernel), ih = h.input_of(run.oh, tap % h.kernel);
  if (id < 0 || id >= d.in || ih < 0 || ih >= h.in) return nullptr;
  return run.image + (id * h.in + ih) * call.window.w.in * call.shape.channels();
}

/// Where the kernel positions [tap_begin, tap_end) of the output pixels from `first` on lie: tap t of pixel i at
/// a[(t - tap_begin) * count + i].
void point_at_pixels(const LastConvCall& call, int64_t first, int64_t count, int64_t tap_begin, int64_t tap_end,
                     const float* zeros, const float** a) {
  const WindowAxis& w = call.window.w;
  const int64_t channels = call.shape.channels();
  for_each_run(call, first, count, [&](const PixelRun& run, int64_t place) {
    for (int64_t tap = tap_begin; tap < tap_end; ++tap) {
      const float** to = a + (tap - tap_begin) * count + place;
      const int64_t kw = tap % w.kernel;
      const float* row = image_row(call, run, tap / w.kernel);
      const WindowAxis::Range inside = row != nullptr ? w.inside(kw) : WindowAxis::Range{0, 0};
      const int64_t begin = std::clamp(inside.begin, run.begin, run.end);
      const int64_t end = std::clamp(inside.end, begin, run.end);
      to = std::fill_n(to, begin - run.begin, zeros);
      for (int64_t ow = begin; ow < end; ++ow) *to++ = row + w.input_of(ow, kw) * channels;
      std::fill_n(to, run.end - end, zeros);
    }
  });
}

/// The same for whole rows of the kernel. A window that padding cuts is copied to `copies`, which has room for all of
/// a window for each pixel.
void point_at_rows(const LastConvCall& call, int64_t first, int64_t count, const float* zeros, float* copies,
                   const float** a) {
  const WindowAxis& w = call.window.w;
  const int64_t channels = call.shape.channels(), depth = w.kernel * channels;
  for_each_run(call, first, count, [&](const PixelRun& run, int64_t place) {
    for (int64_t tap = 0; tap < call.depth.kernel * call.window.h.kernel; ++tap) {
      const float* row = image_row(call, run, tap);
      const float** to = a + tap * count + place;
      if (row == nullptr) {
        std::fill_n(to, run.end - run.begin, zeros);
        continue;
      }
      for (int64_t ow = run.begin; ow < run.end; ++ow) {
        const int64_t iw = w.input_of(ow, 0);
        if (iw >= 0 && iw + w.kernel <= w.in) {
          *to++ = row + iw * channels;
          continue;
        }
        const int64_t begin = std::clamp<int64_t>(-iw, 0, w.kernel);
        const int64_t end = std::clamp<int64_t>(w.in - iw, begin, w.kernel);
        std::fill_n(copies, depth, 0.0f);
        std::copy_n(row + (iw + begin) * channels, (end - begin) * channels, copies + begin * channels);
        *to++ = copies;
        copies += depth;
      }
    }
  });
}

}  // namespace

KernelWalk plan_walk(const LastConvShape& s) {
  const bool is_wide = s.groups == 1 && s.kernel_w > 1 && s.dilation_w == 1 &&
                       s.kernel_w * s.group_channels <= kFewFloats && s.k() <= kMostCopied;
  if (is_wide) return {true, s.kernel_d * s.kernel_h, s.kernel_w * s.group_channels};
  return {false, s.taps(), s.group_channels};
}

sdk::Result<PixelRows> PixelRows::create(sdk::RunContext& run, const LastConvCall& call, const KernelWalk& walk,
                                         int64_t rows, int64_t taps) {
  PixelRows p;
  p.call_ = &call;
  p.walk_ = walk;
  p.worker_pointers_ = static_cast<size_t>(rows * taps);
  p.worker_copies_ = walk.is_wide ? static_cast<size_t>(rows * call.shape.k()) : 0;
  const auto zero_count = static_cast<size_t>(std::max<int64_t>(1, walk.is_wide ? walk.depth : call.shape.channels()));
  const size_t workers = run.max_workers();
  TN_ASSIGN_OR_RETURN(p.zeros_, run.scratch<float>(zero_count));
  TN_ASSIGN_OR_RETURN(p.pointers_, run.scratch<const float*>(workers * p.worker_pointers_));
  TN_ASSIGN_OR_RETURN(p.copies_, run.scratch<float>(workers * p.worker_copies_));
  std::fill_n(p.zeros_, zero_count, 0.0f);
  return p;
}

const float* const* PixelRows::point(uint32_t worker, int64_t first, int64_t count, int64_t tap_begin,
                                     int64_t tap_end) const {
  const float** a = pointers_ + worker * worker_pointers_;
  if (walk_.is_wide) {
    point_at_rows(*call_, first, count, zeros_, copies_ + worker * worker_copies_, a);
  } else {
    point_at_pixels(*call_, first, count, tap_begin, tap_end, zeros_, a);
  }
  return a;
}

}  // namespace tenon::cpu_blas
