// A reduction's input as loops that stay and loops that fold, neighbours of one kind merged. Pure.
#pragma once

#include <algorithm>
#include <tenon/sdk/geometry/reduce.hpp>

#include "common.h"

namespace tenon::cpu_blas {

struct FoldLoop {
  int64_t size, step;
};

/// Loops from the outermost to the innermost; those of size 1 are left out.
class FoldWalk {
 public:
  FoldWalk(sdk::ShapeView shape, const std::vector<bool>& folds) {
    int last = -1;
    std::vector<FoldLoop>* kinds[] = {&kept_, &folded_};
    int64_t step = 1;
    for (size_t i = shape.size(); i-- > 0; step *= shape[i]) {
      if (shape[i] == 1) continue;
      std::vector<FoldLoop>& loops = *kinds[folds[i]];
      if (last == int{folds[i]}) {
        loops.back().size *= shape[i];
      } else {
        loops.push_back({shape[i], step});
      }
      last = folds[i];
    }
    for (std::vector<FoldLoop>* loops : kinds) std::reverse(loops->begin(), loops->end());
  }

  const std::vector<FoldLoop>& kept() const { return kept_; }
  const std::vector<FoldLoop>& folded() const { return folded_; }

  static int64_t count(const std::vector<FoldLoop>& loops, size_t without_last = 0) {
    int64_t n = 1;
    for (size_t i = 0; i + without_last < loops.size(); ++i) n *= loops[i].size;
    return n;
  }
  /// Where item p of all loops but the last `without_last` lies.
  static int64_t offset(const std::vector<FoldLoop>& loops, int64_t p, size_t without_last = 0) {
    int64_t at = 0;
    size_t i = loops.size() > without_last ? loops.size() - without_last : 0;
    for (; i-- > 0; p /= loops[i].size) at += p % loops[i].size * loops[i].step;
    return at;
  }

 private:
  std::vector<FoldLoop> kept_, folded_;
};

}  // namespace tenon::cpu_blas
