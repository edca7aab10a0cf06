// Times cpu_blas's Winograd convolutions beside those by pointers to rows of the image, in one run, over the 3 x 3
// layers with stride 1 of published networks, and holds both against sums in double. The two take turns; the smallest
// time of each counts. Weights come from a ring larger than the caches, as those of a model do. usage: winograd_shapes
// [--threads N] [--isa NAME] [--repeat N] [--only TEXT]; the time is the CPU's of the calling thread where N is 1, else
// the wall's. Prints a Markdown table; errors are parts of the range of the output.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/product_bench.h"
#include "conv/channels_last/ways.h"
#include "simd/isa.h"

namespace {

using namespace tenon;
using namespace tenon::bench;
using namespace tenon::cpu_blas;

struct Shape {
  const char* what;
  int64_t size, channels, outputs;  // of an image, size x size
};

constexpr Shape kShapes[] = {
    {"vgg19", 224, 64, 64},        {"vgg19", 112, 64, 128},        {"vgg19", 112, 128, 128},
    {"vgg19", 56, 128, 256},       {"vgg19", 56, 256, 256},        {"vgg19", 28, 256, 512},
    {"vgg19", 28, 512, 512},       {"vgg19", 14, 512, 512},        {"resnet50", 56, 64, 64},
    {"resnet50", 28, 128, 128},    {"resnet50", 14, 256, 256},     {"resnet50", 7, 512, 512},
    {"inception_v1", 56, 64, 192}, {"inception_v1", 28, 96, 128},  {"inception_v1", 28, 128, 192},
    {"inception_v1", 14, 96, 208}, {"inception_v1", 14, 160, 320}, {"inception_v1", 7, 192, 384},
    {"inception_v2", 28, 64, 96},  {"inception_v2", 28, 96, 96},   {"squeezenet", 55, 16, 64},
    {"squeezenet", 27, 32, 128},   {"squeezenet", 13, 48, 192},    {"squeezenet", 13, 64, 256},
    {"densenet121", 56, 128, 32},  {"densenet121", 28, 128, 32},   {"densenet121", 14, 128, 32},
    {"densenet121", 7, 128, 32},   {"yolo-like", 160, 16, 16},     {"yolo-like", 80, 32, 32},
    {"yolo-like", 40, 64, 64},     {"few channels", 112, 8, 8},    {"few channels", 112, 3, 32},
};

LastConvCall call_of(const Shape& s, const float* x) {
  LastConvCall call;
  WindowAxis axis;
  axis.in = axis.out = s.size;
  axis.kernel = 3;
  axis.pad_begin = axis.pad_end = 1;
  call.window = {axis, axis};
  call.shape.outputs = s.outputs;
  call.shape.group_channels = s.channels;
  call.shape.kernel_h = call.shape.kernel_w = 3;
  call.shape.in_h = call.shape.in_w = call.shape.out_h = call.shape.out_w = s.size;
  call.images = 1;
  call.in_pixels = call.out_pixels = s.size * s.size;
  call.x = x;
  return call;
}

/// One way to compute a shape, with its weight as often as the ring wants.
struct Way {
  const LastConvWay* way;
  size_t floats, copies;
  Floats packed, y;
  double seconds = 1e9;

  Way(const LastConvWay& w, const LastConvCall& call, const float* weight)
      : way(&w),
        floats(w.pack_floats(call.shape)),
        copies(std::max<size_t>(1, (96u << 20) / (floats * sizeof(float)))),
        packed(make_floats(floats * copies)),
        y(make_floats(static_cast<size_t>(call.out_pixels * call.shape.outputs))) {
    way->pack(call.shape, weight, packed.get());
    for (size_t i = 1; i < copies; ++i) std::copy_n(packed.get(), floats, packed.get() + i * floats);
  }

  void run(sdk::RunContext& run, LastConvCall call, int turn) {
    call.packed = packed.get() + static_cast<size_t>(turn) % copies * floats;
    call.y = y.get();
    const double start = now();
    if (!way->run(run, call).is_ok()) std::exit(1);
    seconds = std::min(seconds, now() - start);
  }
};

double exact(const Shape& s, const float* x, const float* w, int64_t pixel, int64_t output) {
  double sum = 0;
  for (int64_t tap = 0; tap < 9; ++tap) {
    const int64_t row = pixel / s.size + tap / 3 - 1, column = pixel % s.size + tap % 3 - 1;
    if (row < 0 || row >= s.size || column < 0 || column >= s.size) continue;
    for (int64_t c = 0; c < s.channels; ++c)
      sum += static_cast<double>(x[(row * s.size + column) * s.channels + c]) *
             static_cast<double>(w[(output * s.channels + c) * 9 + tap]);
  }
  return sum;
}

struct Errors {
  double direct = 0, winograd = 0;
};

/// Of a sample of some ten thousand outputs.
Errors errors_of(const Shape& s, const float* x, const float* w, const Way& direct, const Way& winograd) {
  const int64_t count = s.size * s.size * s.outputs;
  const int64_t step = std::max<int64_t>(1, count / 10007) | 1;
  double least = HUGE_VAL, most = -HUGE_VAL;
  Errors e;
  for (int64_t i = 0; i < count; i += step) {
    const double value = exact(s, x, w, i / s.outputs, i % s.outputs);
    least = std::min(least, value);
    most = std::max(most, value);
    e.direct = std::max(e.direct, std::abs(static_cast<double>(direct.y.get()[i]) - value));
    e.winograd = std::max(e.winograd, std::abs(static_cast<double>(winograd.y.get()[i]) - value));
  }
  return {e.direct / (most - least), e.winograd / (most - least)};
}

void measure(const Shape& s, int repeat) {
  const Floats x = make_floats(static_cast<size_t>(s.size * s.size * s.channels));
  const Floats w = make_floats(static_cast<size_t>(s.channels * s.outputs * 9));
  for (int64_t i = 0; i < s.size * s.size * s.channels; ++i) x.get()[i] = std::max(0.0f, x.get()[i]);
  const LastConvCall call = call_of(s, x.get());
  const bool is_small = kSmallWinogradWay.takes(call.shape);
  Way direct(kIndirectWay, call, w.get());
  Way winograd(is_small ? kSmallWinogradWay : kWinogradWay, call, w.get());
  sdk::RunContext run = make_context();
  for (int i = 0; i < repeat; ++i) {
    direct.run(run, call, i);
    winograd.run(run, call, i);
  }
  const Errors e = errors_of(s, x.get(), w.get(), direct, winograd);
  const double flops = 18.0 * static_cast<double>(s.size * s.size * s.channels * s.outputs);
  std::printf("| %s | %ld x %ld | %ld -> %ld | %s | %.1f | %.1f | %.2f | %.1e | %.1e |\n", s.what,
              static_cast<long>(s.size), static_cast<long>(s.size), static_cast<long>(s.channels),
              static_cast<long>(s.outputs), is_small ? "2 x 2" : "4 x 4", flops / direct.seconds * 1e-9,
              flops / winograd.seconds * 1e-9, direct.seconds / winograd.seconds, e.direct, e.winograd);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int repeat = 20;
  std::string isa, only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--isa") isa = value;
    if (flag == "--only") only = value;
    if (flag == "--threads") threads = static_cast<unsigned>(std::max(1, std::atoi(argv[i + 1])));
    if (flag == "--repeat") repeat = std::max(1, std::atoi(argv[i + 1]));
  }
  auto hold = simd::hold_isa(isa);
  if (!hold.is_ok()) {
    std::fprintf(stderr, "error: %s\n", hold.take_status().message().c_str());
    return 1;
  }
  std::printf("%u thread%s, %s\n\n", threads, threads == 1 ? "" : "s", simd::isa_name());
  std::printf(
      "| of | image | channels | tile | direct GFLOP/s | Winograd GFLOP/s | speed-up | error, direct | error |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
  for (const Shape& s : kShapes)
    if (only.empty() || std::string(s.what).find(only) != std::string::npos) measure(s, repeat);
  return 0;
}
