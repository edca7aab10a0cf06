// Strided copies; see strided_copy.h. Runs of elements that are next to each other are copied whole.
#include "strided_copy.h"

#include <algorithm>

#include "simd/transpose.h"

namespace tenon::cpu_blas {
namespace {

struct Loop {
  int64_t size, step;
};

/// The loops from the outermost to the innermost; those that are one even walk are merged.
std::vector<Loop> merge(const std::vector<int64_t>& steps, const sdk::Shape& shape) {
  std::vector<Loop> loops;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    if (!loops.empty() && loops.back().step == steps[i] * shape[i]) {
      loops.back() = {loops.back().size * shape[i], steps[i]};
    } else {
      loops.push_back({shape[i], steps[i]});
    }
  }
  return loops;
}

constexpr int64_t kLeastRows = 64;  // of a part of a plane
constexpr int64_t kPartsPerWorker = 2;

struct Block {
  char bytes[16];
};

/// Two loops of elements of type T: `rows` apart by row_step, `columns` apart by column_step, in square tiles so that
/// both sides stay in the cache.
template <typename T>
void copy_tiles(const T* from, int64_t rows, int64_t row_step, int64_t columns, int64_t column_step, T* to) {
  constexpr int64_t kTile = 16;
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    const int64_t r1 = std::min(r0 + kTile, rows);
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      const int64_t c1 = std::min(c0 + kTile, columns);
      for (int64_t r = r0; r < r1; ++r)
        for (int64_t c = c0; c < c1; ++c) to[r * columns + c] = from[r * row_step + c * column_step];
    }
  }
}

/// A transpose of elements of four bytes, in registers.
bool copy_transposed(const char* from, const Loop& rows, const Loop& columns, char* to) {
  if (rows.step != 1 || columns.step < rows.size) return false;
  simd::transpose(reinterpret_cast<const uint32_t*>(from), columns.step, rows.size, columns.size,
                  reinterpret_cast<uint32_t*>(to), columns.size);
  return true;
}

template <typename T>
void copy_plane(const char* from, const Loop& rows, const Loop& columns, char* to) {
  if (sizeof(T) == 4 && copy_transposed(from, rows, columns, to)) return;
  copy_tiles(reinterpret_cast<const T*>(from), rows.size, rows.step, columns.size, columns.step,
             reinterpret_cast<T*>(to));
}

using CopyPlane = void (*)(const char*, const Loop&, const Loop&, char*);

CopyPlane plane_copier(size_t element_size) {
  switch (element_size) {
    case 1: return copy_plane<uint8_t>;
    case 2: return copy_plane<uint16_t>;
    case 4: return copy_plane<uint32_t>;
    case 8: return copy_plane<uint64_t>;
    default: return copy_plane<Block>;
  }
}

}  // namespace

void copy_strided_view(sdk::RunContext& run, const void* from, int64_t offset, const std::vector<int64_t>& steps,
                       const sdk::Shape& shape, size_t element_size, void* to) {
  if (sdk::element_count(shape) == 0) return;
  const int64_t unit = static_cast<int64_t>(element_size);
  const char* source = static_cast<const char*>(from) + offset * unit;
  char* target = static_cast<char*>(to);
  std::vector<Loop> loops = merge(steps, shape);
  if (loops.empty()) loops.push_back({1, 1});
  Loop columns = loops.back();
  loops.pop_back();
  const bool whole = columns.step == 1;  // a run of neighbours
  Loop rows{1, 0};
  if (!whole && !loops.empty()) {
    rows = loops.back();
    loops.pop_back();
  }
  int64_t planes = 1;
  for (const Loop& l : loops) planes *= l.size;
  // Of few planes, parts of them are what threads share.
  const int64_t most_parts = ceil_div(rows.size, kLeastRows);
  const int64_t parts = std::clamp<int64_t>(ceil_div(kPartsPerWorker * run.max_workers(), planes), 1, most_parts);
  const int64_t part_rows = round_up(ceil_div(rows.size, parts), kLeastRows);
  const int64_t part_count = ceil_div(rows.size, part_rows);
  const CopyPlane copy = plane_copier(element_size);
  const double cost = static_cast<double>(part_rows * columns.size) * (whole ? 0.3 : 1) + 5;
  run.parallel_for(planes * part_count, cost, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t plane = i / part_count, first = i % part_count * part_rows;
      int64_t rest = plane, at = first * rows.step;
      for (size_t l = loops.size(); l-- > 0;) {
        at += rest % loops[l].size * loops[l].step;
        rest /= loops[l].size;
      }
      char* to_part = target + (plane * rows.size + first) * columns.size * unit;
      if (whole) {
        std::memcpy(to_part, source + at * unit, static_cast<size_t>(columns.size * unit));
      } else {
        copy(source + at * unit, {std::min(part_rows, rows.size - first), rows.step}, columns, to_part);
      }
    }
  });
}

}  // namespace tenon::cpu_blas
