// The core that the attention operators share: scores of one query against a run of keys, their softmax, and the
// weighted sum of the values. All in double.
#pragma once

#include <algorithm>
#include <cmath>

#include "arithmetic.h"
#include "linear/dot.h"

namespace tenon::cpu_ref {

/// What happens to the product of a query and a key before the softmax: scale, then if above 0 softcap * tanh(x /
/// softcap).
struct ScoreForm {
  double scale = 1;
  double softcap = 0;

  double operator()(double product) const {
    const double score = product * scale;
    return softcap > 0 ? softcap * std::tanh(score / softcap) : score;
  }
};

/// Turns scores into weights that add up to 1, or to less with a `sink`: a score that takes part in the sum alone.
/// Where every score is minus infinity all weights are 0, and NaN where any score is.
inline void softmax_in_place(double* scores, int64_t count, const double* sink = nullptr) {
  double largest = sink != nullptr ? *sink : -INFINITY;
  for (int64_t i = 0; i < count; ++i) largest = nan_max(largest, scores[i]);
  double sum = sink != nullptr ? std::exp(*sink - largest) : 0;
  for (int64_t i = 0; i < count; ++i) {
    scores[i] = largest == -INFINITY ? 0 : std::exp(scores[i] - largest);
    sum += scores[i];
  }
  if (sum == 0) return;
  for (int64_t i = 0; i < count; ++i) scores[i] /= sum;
}

}  // namespace tenon::cpu_ref
