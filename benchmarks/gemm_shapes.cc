// Times cpu_blas's matrix products, of activations and packed, beside OpenBLAS, in one run, over the products of
// resnet50 (batch 1) and minilm (128, 16 and 1 tokens). They take turns; the smallest time of each counts. Right-hand
// matrices come from a ring larger than the caches, as the weights of a model do, or, with --warm, from one place.
// usage: gemm_shapes
// [--threads N] [--isa NAME] [--repeat N] [--warm]; the time is the CPU's of the calling thread where N is 1, else the
// wall's. Prints a Markdown table.
#include <cblas.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/product_bench.h"
#include "gemm.h"
#include "packed_b.h"
#include "simd/isa.h"

namespace {

using namespace tenon;
using namespace tenon::bench;
using namespace tenon::cpu_blas;

struct Shape {
  const char* what;
  int64_t m, k, n;
};

constexpr Shape kShapes[] = {
    {"minilm, 128 tokens", 128, 384, 384},
    {"minilm, 128 tokens", 128, 384, 1536},
    {"minilm, 128 tokens", 128, 1536, 384},
    {"minilm, 16 tokens", 16, 384, 384},
    {"minilm, 16 tokens", 16, 384, 1536},
    {"minilm, 16 tokens", 16, 1536, 384},
    {"8 rows", 8, 1536, 384},
    {"4 rows", 4, 1536, 384},
    {"1 row", 1, 384, 1536},
    {"1 row", 1, 3072, 8192},
    {"resnet50, 56 x 56", 3136, 64, 64},
    {"resnet50, 56 x 56", 3136, 576, 64},
    {"resnet50, 56 x 56", 3136, 64, 256},
    {"resnet50, 56 x 56", 3136, 256, 64},
    {"resnet50, 28 x 28", 784, 256, 512},
    {"resnet50, 28 x 28", 784, 1152, 128},
    {"resnet50, 28 x 28", 784, 128, 512},
    {"resnet50, 28 x 28", 784, 512, 128},
    {"resnet50, 14 x 14", 196, 512, 1024},
    {"resnet50, 14 x 14", 196, 2304, 256},
    {"resnet50, 14 x 14", 196, 256, 1024},
    {"resnet50, 14 x 14", 196, 1024, 256},
    {"resnet50, 7 x 7", 49, 4608, 512},
    {"resnet50, 7 x 7", 49, 512, 2048},
    {"resnet50, 7 x 7", 49, 2048, 512},
    {"resnet50, classifier", 1, 2048, 1000},
};

struct Times {
  double openblas = 1e9, plain = 1e9, packed = 1e9;
};

Times time_shape(const Shape& s, int repeat, bool warm) {
  constexpr size_t kRing = 96u << 20;  // bytes: past the last cache
  const size_t weight = static_cast<size_t>(s.k * s.n);
  const PackedB layout(s.k, s.n, false);
  const size_t packed_size = layout.plan(1).byte_length / sizeof(float);
  const size_t copies = warm ? 1 : std::max<size_t>(1, kRing / (packed_size * sizeof(float)));
  const Floats a = make_floats(static_cast<size_t>(s.m * s.k)), c = make_floats(static_cast<size_t>(s.m * s.n));
  const Floats b = make_floats(weight * copies), panels = make_floats(packed_size * copies);
  const int64_t dims[] = {s.k, s.n};
  for (size_t i = 0; i < copies; ++i) {
    tn_tensor t{};
    t.struct_size = sizeof t;
    t.dtype = TN_FLOAT;
    t.rank = 2;
    t.shape = dims;
    t.data = b.get() + i * weight;
    layout.pack(sdk::TensorView(t), panels.get() + i * packed_size);
  }
  sdk::RunContext run = make_context();
  Gemm g;
  g.m = s.m, g.k = g.lda = s.k, g.n = g.ldb = g.ldc = s.n;
  g.a = a.get(), g.c = c.get();
  PackedProduct p;
  p.m = s.m, p.k = p.lda = s.k, p.n = p.ldc = s.n;
  p.a = a.get(), p.c = c.get();
  Times times;
  for (int i = 0; i < repeat; ++i) {
    g.b = b.get() + static_cast<size_t>(i) % copies * weight;
    double start = now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(s.m), static_cast<int>(s.n),
                static_cast<int>(s.k), 1, g.a, static_cast<int>(s.k), g.b, static_cast<int>(s.n), 0, g.c,
                static_cast<int>(s.n));
    times.openblas = std::min(times.openblas, now() - start);
    start = now();
    gemm(run, g, {});
    times.plain = std::min(times.plain, now() - start);
    p.panels = panels.get() + static_cast<size_t>(i) % copies * packed_size;
    start = now();
    multiply_packed(run, p, {});
    times.packed = std::min(times.packed, now() - start);
  }
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  int repeat = 200;
  bool warm = false;
  std::string isa;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (flag == "--warm") {
      warm = true;
    } else if (value != nullptr && (flag == "--threads" || flag == "--repeat" || flag == "--isa")) {
      if (flag == "--isa") isa = value;
      if (flag == "--threads") threads = static_cast<unsigned>(std::max(1, std::atoi(value)));
      if (flag == "--repeat") repeat = std::max(1, std::atoi(value));
      ++i;
    } else {
      std::fprintf(stderr, "usage: gemm_shapes [--threads N] [--isa NAME] [--repeat N] [--warm]\n");
      return 2;
    }
  }
  auto hold = simd::hold_isa(isa);
  if (!hold.is_ok()) {
    std::fprintf(stderr, "error: %s\n", hold.take_status().message().c_str());
    return 1;
  }
  std::printf("%u thread%s, %s, weights %s\n\n", threads, threads == 1 ? "" : "s", simd::isa_name(),
              warm ? "in the caches" : "from memory");
  std::printf(
      "| product | M x K x N | OpenBLAS GFLOP/s | activations GFLOP/s | packed GFLOP/s | packed, weights GB/s | "
      "speed-up |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  for (const Shape& s : kShapes) {
    const Times t = time_shape(s, repeat, warm);
    const double flops = 2.0 * static_cast<double>(s.m) * static_cast<double>(s.k) * static_cast<double>(s.n);
    const double bytes = 4.0 * static_cast<double>(s.k) * static_cast<double>(s.n);
    std::printf("| %s | %ld x %ld x %ld | %.1f | %.1f | %.1f | %.1f | %.2f |\n", s.what, static_cast<long>(s.m),
                static_cast<long>(s.k), static_cast<long>(s.n), flops / t.openblas * 1e-9, flops / t.plain * 1e-9,
                flops / t.packed * 1e-9, bytes / t.packed * 1e-9, t.openblas / t.packed);
    std::fflush(stdout);
  }
  return 0;
}
