// Times products with 4-bit weights in blocks of 32 from cpu_blas's joint blob beside the same from the operator's
// inputs where they lie: by dot products of columns, and by panels that each run makes anew. The shapes are those of
// phi4mini, of one token (a decode step) and more. The three take turns; the smallest time of each counts. Weights come
// from a ring of --ring MiB, which must be larger than the caches. usage: nbits_shapes [--threads N] [--isa NAME]
// [--repeat N] [--ring N]; the time is the CPU's of the calling thread where N is 1, else the wall's. Prints a Markdown
// table.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "benchmarks/nbits_in_place.h"
#include "benchmarks/product_bench.h"
#include "simd/isa.h"

namespace {

using namespace tenon;
using namespace tenon::bench;
using namespace tenon::cpu_blas;

struct Shape {
  const char* what;
  int64_t k, n;
};

constexpr Shape kShapes[] = {
    {"attention, out", 3072, 3072}, {"attention, in", 3072, 5120}, {"gate and up", 3072, 16384}, {"down", 8192, 3072}};
constexpr int64_t kRows[] = {1, 2, 4, 8, 16, 32, 128};

/// A ring of weights of one shape, as inputs and as blobs.
struct Ring {
  NBitsFormat format;
  size_t copies, codes, scales, blob;
  Bytes code_bytes, blobs;
  Floats scale_floats;

  Ring(const Shape& s, size_t bytes) : code_bytes(make_bytes(0)), blobs(make_bytes(0)), scale_floats(make_floats(0)) {
    format.n = s.n, format.k = s.k;
    NBitsWeight weight(format);
    codes = static_cast<size_t>(s.n * s.k) / 2;
    scales = static_cast<size_t>(s.n * format.blocks());
    blob = (weight.byte_length() + 63) / 64 * 64;
    copies = std::max<size_t>(1, bytes / blob);
    code_bytes = make_bytes(codes * copies);
    std::mt19937 generator(11);
    for (size_t i = 0; i < codes * copies / 4; ++i) static_cast<uint32_t*>(code_bytes.get())[i] = generator();
    scale_floats = make_floats(scales * copies);
    blobs = make_bytes(blob * copies);
    for (size_t i = 0; i < copies; ++i)
      for (int64_t panel = 0; panel < weight.panel_count(); ++panel) weight.pack_panel(sources(i), panel, blob_at(i));
  }
  NBitsSources sources(size_t i) const {
    i %= copies;
    return {static_cast<const uint8_t*>(code_bytes.get()) + i * codes, scale_floats.get() + i * scales, nullptr};
  }
  uint8_t* blob_at(size_t i) const { return static_cast<uint8_t*>(blobs.get()) + i % copies * blob; }
};

struct Times {
  double dots = 1e9, anew = 1e9, joint = 1e9;
};

template <class Work>
void time(double* least, const Work& work) {
  const double start = now();
  work();
  *least = std::min(*least, now() - start);
}

Times time_rows(const Ring& ring, int64_t m, int repeat) {
  const NBitsFormat& f = ring.format;
  const Floats a = make_floats(static_cast<size_t>(m * f.k)), halves = make_floats(static_cast<size_t>(m * f.k));
  const Floats y = make_floats(static_cast<size_t>(m * f.n)), other = make_floats(static_cast<size_t>(m * f.n));
  sdk::RunContext run = make_context();
  const NBitsWeight unbound(f);
  NBitsWeight bound(f);
  Times times;
  for (size_t i = 0; i < static_cast<size_t>(repeat); ++i) {
    // Each from a place of the ring that no other has just read.
    time(&times.dots, [&] { multiply_in_place(run, f, ring.sources(i), a.get(), m, halves.get(), other.get()); });
    bound.bind(ring.blob_at(i));
    time(&times.joint, [&] { (void)bound.multiply(run, {}, a.get(), m, nullptr, y.get()); });
    if (i % 4 == 0)
      time(&times.anew,
           [&] { (void)unbound.multiply(run, ring.sources(i + ring.copies / 2), a.get(), m, nullptr, y.get()); });
    bound.bind(ring.blob_at(i));
    if (i == 0) (void)bound.multiply(run, {}, a.get(), m, nullptr, y.get());
    for (int64_t j = 0; i == 0 && j < m * f.n; ++j)
      if (!(std::abs(y.get()[j] - other.get()[j]) < 1e-2))
        std::fprintf(stderr, "error: results differ\n"), std::exit(1);
  }
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  int repeat = 60;
  size_t ring = 768;
  std::string isa;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--isa") isa = argv[i + 1];
    if (flag == "--threads") threads = static_cast<unsigned>(std::max(1, std::atoi(argv[i + 1])));
    if (flag == "--repeat") repeat = std::max(1, std::atoi(argv[i + 1]));
    if (flag == "--ring") ring = static_cast<size_t>(std::max(1, std::atoi(argv[i + 1])));
  }
  auto hold = simd::hold_isa(isa);
  if (!hold.is_ok()) {
    std::fprintf(stderr, "error: %s\n", hold.take_status().message().c_str());
    return 1;
  }
  std::printf("%u thread%s, %s\n\n", threads, threads == 1 ? "" : "s", simd::isa_name());
  std::printf(
      "| product | M x K x N | in place, dots us | in place, panels anew us | joint us | joint, GFLOP/s | joint, blob "
      "GB/s | speed-up |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  for (const Shape& s : kShapes) {
    const Ring weights(s, ring << 20);
    for (const int64_t m : kRows) {
      const Times t = time_rows(weights, m, std::max(5, m > 8 ? repeat / 4 : repeat));
      const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(s.k) * static_cast<double>(s.n);
      std::printf("| %s | %ld x %ld x %ld | %.0f | %.0f | %.0f | %.1f | %.1f | %.2f |\n", s.what, static_cast<long>(m),
                  static_cast<long>(s.k), static_cast<long>(s.n), t.dots * 1e6, t.anew * 1e6, t.joint * 1e6,
                  flops / t.joint * 1e-9, static_cast<double>(weights.blob) / t.joint * 1e-9,
                  std::min(t.dots, t.anew) / t.joint);
      std::fflush(stdout);
    }
  }
  return 0;
}
