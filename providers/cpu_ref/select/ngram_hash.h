// The hashes that NGramHashMapping gives the last tokens before each token of a sequence.
#pragma once

#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// A token's n-grams of 2 to `most` tokens, each with `heads` hashes.
struct NgramAttributes {
  int64_t pad = 0, heads = 0, most = 0;
  bool resets = false;

  int64_t history() const { return most - 1; }
  int64_t width() const { return (most - 1) * heads; }
};

sdk::Result<NgramAttributes> read_ngram_attributes(const sdk::KernelInfo& info);

/// Which inputs these are. All but eos (a scalar) are lists.
struct NgramInputs {
  uint32_t multipliers, vocabularies, offsets, eos;
};

/// The lists have the lengths that the attributes ask for, and vocabularies only positive numbers.
sdk::Status check_ngram_inputs(const sdk::RunContext& run, const NgramAttributes& a, const NgramInputs& inputs);

/// The tokens of one sequence and the history() before them. A token sees none at places before its own that are at or
/// before a boundary.
template <typename T>
class NgramHash {
 public:
  NgramHash(const sdk::RunContext& run, const NgramAttributes& a, const NgramInputs& inputs)
      : a_(a),
        multipliers_(run.input(inputs.multipliers).data<T>()),
        vocabularies_(run.input(inputs.vocabularies).data<T>()),
        offsets_(run.has_input(inputs.offsets) ? run.input(inputs.offsets).data<T>() : nullptr),
        has_eos_(run.has_input(inputs.eos)),
        fill_(has_eos_ ? run.input(inputs.eos).data<T>()[0] : static_cast<T>(a.pad)) {}

  /// What stands for tokens that are not there.
  T fill() const { return fill_; }

  /// hashes: width() for each of the tokens behind the history in `tokens`. `breaks(i)`: what lies before tokens[i] is
  /// of another text.
  template <typename Breaks>
  void hash(const std::vector<T>& tokens, const Breaks& breaks, T* hashes) const {
    const auto size = static_cast<int64_t>(tokens.size()), history = a_.history();
    int64_t boundary = -1;  // the last place that is not seen
    for (int64_t at = 0; at < size; ++at) {
      if (breaks(at)) boundary = at - 1;
      if (a_.resets && has_eos_ && at > 0 && tokens[size_t(at - 1)] == fill_) boundary = at - 1;
      if (at < history) continue;
      T mix = wrapping_multiply(tokens[size_t(at)], multipliers_[0]);
      for (int64_t n = 1; n < a_.most; ++n) {
        const T seen = at - n > boundary ? tokens[size_t(at - n)] : fill_;
        mix = static_cast<T>(mix ^ wrapping_multiply(seen, multipliers_[n]));
        for (int64_t head = 0; head < a_.heads; ++head) {
          const int64_t column = (n - 1) * a_.heads + head;
          const T size_of = vocabularies_[column], rest = static_cast<T>(mix % size_of);
          const T value = rest < 0 ? static_cast<T>(rest + size_of) : rest;
          hashes[column] = offsets_ == nullptr ? value : wrapping_add(value, offsets_[column]);
        }
      }
      hashes += a_.width();
    }
  }

 private:
  const NgramAttributes a_;
  const T *multipliers_, *vocabularies_, *offsets_;
  const bool has_eos_;
  const T fill_;
};

}  // namespace tenon::cpu_ref
