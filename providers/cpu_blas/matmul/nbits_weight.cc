// Packing quantized weights and multiplying by them; see nbits_weight.h. Of up to kFewRows rows the weights are
// expanded in registers. Of more, each pass of a panel is expanded once into a worker's scratch, which stays in
// its L2 cache, and multiplied as the panels of other products are.
#include "matmul/nbits_weight.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "common.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kFewRows = 2 * simd::kNBitsRows;  // expanding a panel takes longer than expanding in registers twice
constexpr int64_t kTasksPerWorker = 4;
constexpr int64_t kRowBlock = 48;  // rows that are worth expanding a panel for
constexpr double kExpandRows = 4;  // expanding a panel takes as long as multiplying so many rows

/// The code of a packed zero point.
uint8_t zero_code(const uint8_t* row, int64_t block, int bits) {
  const int64_t bit = block * bits;
  return static_cast<uint8_t>(row[bit / 8] >> (bit % 8) & ((1 << bits) - 1));
}

/// Rows of y that one task computes: all, or fewer where there are too few panels for the workers.
int64_t plan_rows(int64_t m, int64_t panels, int64_t workers) {
  if (workers <= 1 || panels >= kTasksPerWorker * workers) return m;
  const int64_t blocks = std::min(ceil_div(kTasksPerWorker * workers, panels), std::max<int64_t>(m / kRowBlock, 1));
  return round_up(ceil_div(m, blocks), simd::kPanelRows);
}

/// The rows that one task multiplies by one panel.
struct Rows {
  const float* a;
  int64_t a_stride, count, columns;
  float* c;
  int64_t c_stride;
  const float* bias;  // of the panel's columns; null: none
};

/// `expanded`: scratch for a pass of the panel, where there are more than kFewRows rows.
void multiply_rows(const simd::NBitsPanel& panel, const Rows& r, float* expanded) {
  if (r.count <= kFewRows) {
    for (int64_t i = 0; i < r.count; i += simd::kNBitsRows)
      simd::multiply_nbits({panel, r.a + i * r.a_stride, r.a_stride, std::min(simd::kNBitsRows, r.count - i), r.columns,
                            r.c + i * r.c_stride, r.c_stride, r.bias});
    return;
  }
  simd::PanelProduct p{};
  p.a_stride = r.a_stride, p.a_step = 1;
  p.rows = r.count, p.columns = r.columns;
  p.panel = expanded, p.panel_stride = panel.width;
  p.c = r.c, p.c_stride = r.c_stride;
  p.alpha = 1;
  p.column_shift = r.bias;
  p.low = -std::numeric_limits<float>::infinity(), p.high = -p.low;
  for (int64_t k = 0; k < panel.depth; k += simd::kNBitsPass) {
    p.depth = std::min(simd::kNBitsPass, panel.depth - k);
    p.a = r.a + k;
    p.accumulate = k > 0;
    p.finish = k + p.depth == panel.depth;
    simd::expand_nbits(panel, k, p.depth, expanded);
    simd::multiply_panel(p);
  }
}

}  // namespace

simd::NBitsPanel NBitsWeight::panel(int64_t i, const void* bytes) const {
  const int64_t columns = std::min(simd::panel_width(), format_.n - i * simd::panel_width());
  return {format_.bits,
          format_.zeros,
          format_.block,
          format_.k,
          round_up(columns, simd::vector_width()),
          static_cast<const uint8_t*>(bytes)};
}

int64_t NBitsWeight::panel_count() const {
  return ceil_div(format_.n, simd::panel_width());
}

uint64_t NBitsWeight::byte_length() const {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 64;
  constexpr int64_t kSmall = 1 << 20;  // weights: below it padding does not matter
  const int64_t n = format_.n, k = format_.k;
  if (n > kMost || n + simd::panel_width() > kMost / k) return 0;
  const int64_t width = round_up(n, simd::vector_width());
  if (width * k > kSmall && width - n > n / 8) return 0;
  const int64_t last = panel_count() - 1;
  return static_cast<uint64_t>(last * panel(0, nullptr).byte_length() + panel(last, nullptr).byte_length());
}

std::string NBitsWeight::key() const {
  // Asked of every kernel at every open: without a stream.
  const char* zeros = format_.zeros == simd::ZeroPoints::kMiddle  ? "none"
                      : format_.zeros == simd::ZeroPoints::kBytes ? "uint8"
                                                                  : "float";
  return "cpu_blas.nbits/1 bits=" + std::to_string(format_.bits) + " block=" + std::to_string(format_.block) +
         " k=" + std::to_string(format_.k) + " zeros=" + zeros + " nr=" + std::to_string(simd::panel_width()) +
         " vector=" + std::to_string(simd::vector_width()) + " isa=" + simd::isa_name();
}

void NBitsWeight::pack_panel(const NBitsSources& from, int64_t i, void* blob) const {
  write_panel(from, i, static_cast<uint8_t*>(blob) + i * panel(0, nullptr).byte_length());
}

void NBitsWeight::write_panel(const NBitsSources& from, int64_t i, uint8_t* bytes) const {
  const NBitsFormat& f = format_;
  const simd::NBitsPanel p = panel(i, nullptr);
  const int64_t first = i * simd::panel_width(), columns = std::min(p.width, f.n - first);
  std::memset(bytes, 0, static_cast<size_t>(p.byte_length()));
  for (int64_t b = 0; b < f.blocks(); ++b, bytes += p.block_bytes(f.block)) {
    const int64_t words = ceil_div(std::min(f.block, f.k - b * f.block), p.rows_per_word());
    auto* scales = reinterpret_cast<float*>(bytes);
    auto* zeros = bytes + p.width * static_cast<int64_t>(sizeof(float));
    auto* codes = reinterpret_cast<uint32_t*>(bytes + p.header_bytes());
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t n = first + j, at = n * f.blocks() + b;
      scales[j] = from.scales[at];
      if (f.zeros == simd::ZeroPoints::kBytes)
        zeros[j] = zero_code(static_cast<const uint8_t*>(from.zeros) + n * f.zero_row_bytes(), b, f.bits);
      if (f.zeros == simd::ZeroPoints::kFloats)
        reinterpret_cast<float*>(zeros)[j] = static_cast<const float*>(from.zeros)[at];
      const uint8_t* column = from.codes + at * f.block_bytes();
      for (int64_t w = 0; w < words; ++w) std::memcpy(codes + w * p.width + j, column + w * 4, sizeof(uint32_t));
    }
  }
}

sdk::Status NBitsWeight::multiply(sdk::RunContext& run, const NBitsSources& originals, const float* a, int64_t m,
                                  const float* bias, float* y) const {
  if (m == 0) return {};
  run.count_products(m, format_.n, format_.k);
  const int64_t panels = panel_count(), rows = plan_rows(m, panels, run.max_workers()), k = format_.k;
  const int64_t width = simd::panel_width(),
                panel_bytes = is_bound() ? 0 : round_up(panel(0, nullptr).byte_length(), 64);
  const int64_t expanded = m > kFewRows ? std::min(simd::kNBitsPass, k) * width : 0;
  const int64_t per_worker = panel_bytes + expanded * static_cast<int64_t>(sizeof(float));
  uint8_t* scratch = nullptr;
  if (per_worker != 0) {
    TN_ASSIGN_OR_RETURN(scratch, run.scratch<uint8_t>(run.max_workers() * static_cast<size_t>(per_worker)));
  }
  const double cost = (static_cast<double>(rows) + kExpandRows) * static_cast<double>(k * width) / 40.0;
  const auto multiply_task = [&](int64_t task, uint8_t* own) {
    const int64_t i = task % panels, column = i * width, first = task / panels * rows;
    if (!is_bound()) write_panel(originals, i, own);
    const simd::NBitsPanel weights = panel(i, is_bound() ? blob_ + i * panel(0, nullptr).byte_length() : own);
    const Rows r{a + first * k,
                 k,
                 std::min(rows, m - first),
                 std::min(width, format_.n - column),
                 y + first * format_.n + column,
                 format_.n,
                 bias != nullptr ? bias + column : nullptr};
    multiply_rows(weights, r, reinterpret_cast<float*>(own + panel_bytes));
  };
  run.parallel_for(panels * ceil_div(m, rows), cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end && !run.cancelled(); ++task)
      multiply_task(task, scratch + worker * per_worker);
  });
  return {};
}

}  // namespace tenon::cpu_blas
