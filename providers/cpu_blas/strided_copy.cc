// Strided copies; see strided_copy.h. Runs of elements that are next to each other are copied whole, an element that
// repeats is filled in, and where the source runs along another loop than the result, the two are turned over in tiles.
#include "strided_copy.h"

#include <algorithm>

#include "simd/transpose.h"

namespace tenon::cpu_blas {
namespace {

/// Steps in elements: of the source and of the result.
struct Loop {
  int64_t size, step, to_step;
};

struct Block {
  char bytes[16];
};

/// The loops from the outermost to the innermost; those that are one even walk are merged. At least one.
std::vector<Loop> merge(const std::vector<int64_t>& steps, const sdk::Shape& shape) {
  std::vector<Loop> loops;
  loops.reserve(shape.size() + 1);
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    if (!loops.empty() && loops.back().step == steps[i] * shape[i]) {
      loops.back() = {loops.back().size * shape[i], steps[i], 0};
    } else {
      loops.push_back({shape[i], steps[i], 0});
    }
  }
  if (loops.empty()) loops.push_back({1, 1, 0});
  int64_t step = 1;
  for (size_t i = loops.size(); i-- > 0; step *= loops[i].size) loops[i].to_step = step;
  return loops;
}

/// Short runs of neighbours become one wider element each, so that they can be turned over like others.
void widen(std::vector<Loop>& loops, const char* source, int64_t* unit) {
  const int64_t run = loops.back().size;
  const int64_t bytes = run * *unit;
  if (loops.size() < 2 || loops.back().step != 1 || (bytes != 2 && bytes != 4 && bytes != 8 && bytes != 16)) return;
  if (bytes != sizeof(Block) && reinterpret_cast<uintptr_t>(source) % static_cast<uintptr_t>(bytes) != 0) return;
  for (size_t i = 0; i + 1 < loops.size(); ++i)
    if (loops[i].step % run != 0) return;
  loops.pop_back();
  for (Loop& l : loops) l.step /= run, l.to_step /= run;
  *unit = bytes;
}

/// Where item p of some outer loops starts: in the source, in the result.
std::pair<int64_t, int64_t> start_of(const std::vector<Loop>& loops, int64_t p) {
  int64_t from = 0, to = 0;
  for (size_t i = loops.size(); i-- > 0; p /= loops[i].size) {
    from += p % loops[i].size * loops[i].step;
    to += p % loops[i].size * loops[i].to_step;
  }
  return {from, to};
}

void copy_bytes(char* to, const char* from, int64_t bytes) {
  // Short runs: no call.
  switch (bytes) {
    case 32: std::memcpy(to, from, 32); return;
    case 64: std::memcpy(to, from, 64); return;
    default: std::memcpy(to, from, static_cast<size_t>(bytes));
  }
}

/// Pieces of the result [begin, end), in elements, from runs of neighbours; it may begin and end within a run.
void copy_runs(const std::vector<Loop>& outer, int64_t run, const char* from, char* to, int64_t unit, int64_t begin,
               int64_t end) {
  const Loop last = outer.back();
  while (begin < end) {
    // As many runs as the last of the outer loops goes on for.
    const int64_t first = begin / run, inner = first % last.size;
    int64_t at = begin % run;
    const char* source = from + (start_of(outer, first).first + at) * unit;
    for (int64_t i = inner; i < last.size && begin < end; ++i, at = 0) {
      const int64_t count = std::min(run - at, end - begin);
      copy_bytes(to + begin * unit, source, count * unit);
      source += (last.step - at) * unit;
      begin += count;
    }
  }
}

/// A block of two loops: `rows` lie row.step apart in the source and row.to_step in the result, `columns` column.step
/// and 1.
template <typename T>
void copy_block(const T* from, const Loop& row, int64_t rows, const Loop& column, int64_t columns, T* to) {
  if constexpr (sizeof(T) <= 4) {
    if (row.step == 1 && column.step != 0) {
      simd::transpose_tile(simd::Tile<T>{from, column.step, to, row.to_step, rows, columns});
      return;
    }
  }
  if (column.step == 0) {
    for (int64_t r = 0; r < rows; ++r) std::fill_n(to + r * row.to_step, columns, from[r * row.step]);
    return;
  }
  constexpr int64_t kTile = 16;
  for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
    const int64_t c1 = std::min(c0 + kTile, columns);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = c0; c < c1; ++c) to[r * row.to_step + c] = from[r * row.step + c * column.step];
  }
}

/// All of a view whose innermost loop is no run: blocks of it and of the loop that is closest to a run in the source.
template <typename T>
void copy_blocks(sdk::RunContext& run, std::vector<Loop> loops, const char* from, char* to) {
  const Loop column = loops.back();
  loops.pop_back();
  Loop row{1, 1, column.size};
  if (!loops.empty()) {
    const auto size_of_step = [](const Loop& l) { return l.step == 0 ? INT64_MAX : l.step < 0 ? -l.step : l.step; };
    size_t best = loops.size() - 1;
    for (size_t i = loops.size(); i-- > 0 && column.step != 0;)
      if (size_of_step(loops[i]) < size_of_step(loops[best])) best = i;
    row = loops[best];
    loops.erase(loops.begin() + static_cast<std::ptrdiff_t>(best));
  }
  int64_t planes = 1;
  for (const Loop& l : loops) planes *= l.size;
  const int64_t row_block = column.size <= 8 ? 1024 : 64, column_block = row.size <= 8 ? 1024 : 64;
  const int64_t row_blocks = ceil_div(row.size, row_block), column_blocks = ceil_div(column.size, column_block);
  const auto each = static_cast<double>(std::min(row.size, row_block) * std::min(column.size, column_block));
  run.parallel_for(planes * row_blocks * column_blocks, each * 0.4 + 5, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t c = b % column_blocks * column_block, r = b / column_blocks % row_blocks * row_block;
      const auto [source, target] = start_of(loops, b / column_blocks / row_blocks);
      copy_block(reinterpret_cast<const T*>(from) + source + r * row.step + c * column.step, row,
                 std::min(row_block, row.size - r), column, std::min(column_block, column.size - c),
                 reinterpret_cast<T*>(to) + target + r * row.to_step + c);
    }
  });
}

}  // namespace

void copy_strided_view(sdk::RunContext& run, const void* from, int64_t offset, const std::vector<int64_t>& steps,
                       const sdk::Shape& shape, size_t element_size, void* to) {
  const int64_t count = sdk::element_count(shape);
  if (count == 0) return;
  int64_t unit = static_cast<int64_t>(element_size);
  const char* source = static_cast<const char*>(from) + offset * unit;
  char* target = static_cast<char*>(to);
  std::vector<Loop> loops = merge(steps, shape);
  widen(loops, source, &unit);
  if (loops.back().step == 1) {
    const Loop runs = loops.back();
    loops.pop_back();
    if (loops.empty()) loops.push_back({1, 0, runs.size});
    const double nanoseconds = static_cast<double>(unit) * 0.1 + 8 / static_cast<double>(runs.size);
    run.parallel_for(count, nanoseconds, [&](int64_t begin, int64_t end) {
      copy_runs(loops, runs.size, source, target, unit, begin, end);
    });
    return;
  }
  switch (unit) {
    case 1: return copy_blocks<uint8_t>(run, std::move(loops), source, target);
    case 2: return copy_blocks<uint16_t>(run, std::move(loops), source, target);
    case 4: return copy_blocks<uint32_t>(run, std::move(loops), source, target);
    case 8: return copy_blocks<uint64_t>(run, std::move(loops), source, target);
    default: return copy_blocks<Block>(run, std::move(loops), source, target);
  }
}

}  // namespace tenon::cpu_blas
