// Fused attention; see attend.h. A few queries go row by row, as then the time is that of reading keys and values. More
// of them are the columns of products whose rows are keys: keys are read where they lie, the queries of a block are
// turned into a panel, and the softmax needs no sums across lanes. Over the blocks of keys it is kept up to date: when
// a larger score comes, what was summed up before is scaled down.
#include "attention/attend.h"

#include <algorithm>
#include <cmath>

#include "gemm.h"
#include "simd/attention.h"
#include "simd/elementwise.h"
#include "simd/panel_gemm.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kFewQueries = 4;    // are attended row by row
constexpr int64_t kQueryBlock = 64;   // columns of the scores: a panel at the widest
constexpr int64_t kKeyBlock = 256;    // rows: with 64 columns as many as stay in the L2 cache beside keys and values
constexpr double kNsPerScore = 0.15;  // of the softmax

/// Rows [first, first + count) of a head.
struct Block {
  int64_t b = 0, head = 0, kv_head = 0, first = 0, count = 0;
};

/// One query. `scores`: scratch of as many floats as there are keys; `q`: of size floats.
void attend_row(const AttendCall& c, const Block& block, float* q, float* scores) {
  const int64_t at = c.mask_at(block.b, block.head, block.first);
  const float* from = c.q.at(block.b, block.head, block.first);
  for (int64_t i = 0; i < c.size; ++i) q[i] = from[i] * c.scale;
  const float* v = c.v.at(block.b, block.kv_head, 0);
  const auto score = [&] {
    simd::dot_rows(q, c.k.at(block.b, block.kv_head, 0), c.k.row, c.keys, c.size, scores);
    for (int64_t k = 0; c.softcap > 0 && k < c.keys; ++k) scores[k] = c.softcap * std::tanh(scores[k] / c.softcap);
    for (int64_t k = 0; c.has_mask() && k < c.keys; ++k) scores[k] += c.bias_of(at, k);
    for (int64_t k = block.first + c.past + 1; c.causal && k < c.keys; ++k) scores[k] += -INFINITY;
  };
  score();
  if (c.keys > 0) simd::softmax_row(scores, scores, c.keys);
  if (c.keys > 0 && std::isnan(scores[0])) {
    const bool sees = c.sees_any(block.b, block.head, block.first);
    if (sees) score();
    if (!sees || std::all_of(scores, scores + c.keys, [](float s) { return s == -INFINITY; }))
      std::fill_n(scores, c.keys, 0.0f);
    else
      std::fill_n(scores, c.keys, NAN);
  }
  simd::add_weighted_rows(scores, v, c.v.row, c.keys, c.value_size, c.y.at(block.b, block.head, block.first));
}

/// What one thread works in.
struct Room {
  float *queries, *scores, *bias, *values, *top, *sum, *factor;

  static int64_t width_of(int64_t queries) { return round_up(std::min(queries, kQueryBlock), simd::vector_width()); }
  static bool packs_values(const AttendCall& c) { return c.value_size % simd::vector_width() != 0; }
  static int64_t value_width(const AttendCall& c) { return round_up(c.value_size, simd::vector_width()); }
  static int64_t key_count(const AttendCall& c) { return std::min(c.keys, kKeyBlock); }
  /// Floats, in whole cache lines.
  static int64_t size_for(const AttendCall& c) {
    const int64_t width = width_of(c.queries), keys = key_count(c);
    return round_up(
        width * (c.size + (c.has_mask() ? 2 : 1) * keys + 3) + (packs_values(c) ? keys * value_width(c) : 0), 16);
  }
  Room(const AttendCall& c, float* memory) {
    const int64_t width = width_of(c.queries), keys = key_count(c);
    top = memory, sum = top + width, factor = sum + width;
    queries = factor + width;
    scores = queries + width * c.size;
    bias = scores + width * keys;
    values = bias + (c.has_mask() ? width * keys : 0);
  }
};

/// scores[k, i] = key k times query i.
void multiply_keys(const AttendCall& c, const Block& block, const Room& room, int64_t width, int64_t key,
                   int64_t keys) {
  simd::PanelProduct p{};
  p.a = c.k.at(block.b, block.kv_head, key);
  p.a_stride = c.k.row, p.a_step = 1;
  p.rows = keys, p.depth = c.size;
  p.panel_stride = p.c_stride = width;
  p.alpha = 1;
  for (int64_t column = 0; column < width; column += simd::panel_width()) {
    p.columns = std::min(simd::panel_width(), width - column);
    p.panel = room.queries + column;
    p.c = room.scores + column;
    simd::multiply_panel(p);
  }
}

/// y (+)= weights of the keys times their values; the last block of keys also divides by the sums.
void multiply_values(const AttendCall& c, const Block& block, const Room& room, int64_t width, int64_t key,
                     int64_t keys, bool is_last) {
  simd::PanelProduct p{};
  p.a = room.scores, p.a_stride = 1, p.a_step = width;
  p.rows = block.count, p.depth = keys;
  const float* values = c.v.at(block.b, block.kv_head, key);
  p.panel_stride = c.v.row;
  if (Room::packs_values(c)) {
    p.panel_stride = Room::value_width(c);
    simd::pack_panel(values, c.v.row, 1, keys, c.value_size, room.values, p.panel_stride);
    values = room.values;
  }
  float* y = c.y.at(block.b, block.head, block.first);
  p.c_stride = c.y.row;
  p.accumulate = key > 0, p.finish = is_last;
  p.alpha = 1, p.low = -INFINITY, p.high = INFINITY;
  p.scale = room.factor;
  for (int64_t column = 0; column < c.value_size; column += simd::panel_width()) {
    p.columns = std::min(simd::panel_width(), c.value_size - column);
    p.panel = values + column;
    p.c = y + column;
    simd::multiply_panel(p);
  }
}

/// What the mask adds to the scores of a block, in room.bias: a number for each key, or one for each score.
void set_bias(const AttendCall& c, const Block& block, const Room& room, int64_t key, simd::ScoreBlock* scores) {
  if (!c.has_mask()) return;
  const int64_t at = c.mask_at(block.b, block.head, block.first);
  if (c.mask_strides[2] == 0) {
    for (int64_t k = 0; k < scores->keys; ++k) room.bias[k] = c.bias_of(at, key + k);
    // Of a batch without padding all are 0.
    const bool is_of_use = std::any_of(room.bias, room.bias + scores->keys, [](float bias) { return bias != 0; });
    scores->key_bias = is_of_use ? room.bias : nullptr;
    return;
  }
  const int64_t covered =
      c.mask != nullptr && c.mask_step == 1 ? std::clamp<int64_t>(c.mask_keys - key, 0, scores->keys) : 0;
  if (covered > 0)
    simd::transpose_scaled(c.mask + at + key, c.mask_strides[2], block.count, covered, 1, room.bias, scores->stride);
  for (int64_t k = covered; k < scores->keys; ++k) {
    float* row = room.bias + k * scores->stride;
    for (int64_t i = 0; i < block.count; ++i) row[i] = c.bias_of(at + i * c.mask_strides[2], key + k);
    std::fill(row + block.count, row + scores->stride, 0.0f);
  }
  scores->bias = room.bias;
}

/// Scales what was summed up before a larger score came.
void rescale(const AttendCall& c, const Block& block, const float* factor) {
  for (int64_t i = 0; i < block.count; ++i) {
    if (factor[i] == 1) continue;
    float* y = c.y.at(block.b, block.head, block.first + i);
    simd::binary(simd::Binary::kMul, y, 1, factor + i, 0, y, c.value_size);
  }
}

/// A query that sees no key has weights of 0, whatever its scores.
void blank_unseeing(const AttendCall& c, const Block& block, const float* sum) {
  for (int64_t i = 0; i < block.count; ++i) {
    if (!std::isnan(sum[i]) || c.sees_any(block.b, block.head, block.first + i)) continue;
    float* y = c.y.at(block.b, block.head, block.first + i);
    for (int64_t d = 0; d < c.value_size; ++d) {
      y[d] = 0;
      for (int64_t k = 0; k < c.keys; ++k) y[d] += 0 * c.v.at(block.b, block.kv_head, k)[d];
    }
  }
}

void attend_block(const AttendCall& c, const Block& block, const Room& room) {
  const int64_t width = Room::width_of(block.count);
  simd::transpose_scaled(c.q.at(block.b, block.head, block.first), c.q.row, block.count, c.size, c.scale, room.queries,
                         width);
  std::fill_n(room.top, width, -INFINITY);
  std::fill_n(room.sum, width, 0.0f);
  int64_t end = c.keys;
  if (c.causal) end = std::min(end, round_up(block.first + block.count + c.past, kKeyBlock));
  for (int64_t key = 0; key < end; key += kKeyBlock) {
    const int64_t keys = std::min(kKeyBlock, end - key);
    multiply_keys(c, block, room, width, key, keys);
    simd::ScoreBlock scores{};
    scores.scores = room.scores;
    scores.keys = keys, scores.queries = block.count, scores.stride = width;
    scores.softcap = c.softcap;
    scores.last_of_first = c.causal ? std::clamp(block.first + c.past - key, -kQueryBlock, keys) : keys;
    scores.top = room.top, scores.sum = room.sum, scores.factor = room.factor;
    set_bias(c, block, room, key, &scores);
    simd::weigh_scores(scores);
    if (key > 0) rescale(c, block, room.factor);
    const bool is_last = key + keys == end;
    for (int64_t i = 0; is_last && i < block.count; ++i) room.factor[i] = room.sum[i] == 0 ? 1 : 1 / room.sum[i];
    multiply_values(c, block, room, width, key, keys, is_last);
  }
  if (end == 0)
    for (int64_t i = 0; i < block.count; ++i)
      std::fill_n(c.y.at(block.b, block.head, block.first + i), c.value_size, 0.0f);
  blank_unseeing(c, block, room.sum);
}

}  // namespace

float AttendCall::bias_of(int64_t at, int64_t key) const {
  if (key >= mask_keys) return -INFINITY;
  if (mask != nullptr) return mask[at + key * mask_step];
  return allowed[at + key * mask_step] ? 0.0f : -INFINITY;
}

bool AttendCall::sees_any(int64_t b, int64_t head, int64_t query) const {
  const int64_t at = mask_at(b, head, query), seen = causal ? std::min(query + past + 1, keys) : keys;
  if (!has_mask()) return seen > 0;
  for (int64_t key = 0; key < seen; ++key)
    if (bias_of(at, key) != -INFINITY) return true;
  return false;
}

sdk::Status attend(sdk::RunContext& run, const AttendCall& c) {
  if (c.batch == 0 || c.heads == 0 || c.queries == 0 || c.value_size == 0) return {};
  run.count_products(c.queries, c.keys, c.size + c.value_size, c.batch * c.heads);
  const bool by_rows = c.queries <= kFewQueries;
  const int64_t step = by_rows ? 1 : kQueryBlock, blocks = ceil_div(c.queries, step);
  const int64_t room = by_rows ? round_up(c.size + c.keys, 16) : Room::size_for(c);
  TN_ASSIGN_OR_RETURN(float* const scratch, run.scratch<float>(run.max_workers() * static_cast<size_t>(room)));
  const int64_t rows = std::min(step, c.queries);
  const double cost = gemm_cost_ns(rows, c.keys, c.size + c.value_size) +
                      kNsPerScore * static_cast<double>(rows) * static_cast<double>(c.keys);
  run.parallel_for(c.batch * c.heads * blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    float* const mine = scratch + worker * room;
    for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
      const int64_t head = i / blocks % c.heads, first = i % blocks * step;
      const Block block{i / blocks / c.heads, head, head / (c.heads / c.kv_heads), first,
                        std::min(step, c.queries - first)};
      by_rows ? attend_row(c, block, mine, mine + c.size) : attend_block(c, block, Room(c, mine));
    }
  });
  return {};
}

}  // namespace tenon::cpu_blas
