// Strided copies; see strided_copy.h. Runs of elements that are next to each other are copied whole.
#include "strided_copy.h"

#include <algorithm>

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

template <typename T>
void copy_plane(const char* from, const Loop& rows, const Loop& columns, char* to) {
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
  const int64_t plane = rows.size * columns.size;
  const CopyPlane copy = plane_copier(element_size);
  run.parallel_for(planes, static_cast<double>(plane) * (whole ? 0.3 : 1.5) + 5, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      int64_t rest = p, at = 0;
      for (size_t i = loops.size(); i-- > 0;) {
        at += rest % loops[i].size * loops[i].step;
        rest /= loops[i].size;
      }
      if (whole) {
        std::memcpy(target + p * plane * unit, source + at * unit, static_cast<size_t>(plane * unit));
      } else {
        copy(source + at * unit, rows, columns, target + p * plane * unit);
      }
    }
  });
}

}  // namespace tenon::cpu_blas
