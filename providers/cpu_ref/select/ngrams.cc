// Runs of n tokens, found again. NGramRepeatBlock: scores [batch, vocabulary], where minus infinity stands at every token
// that would make the last n - 1 of input_ids [batch, length] an n-gram that is already among them. The scores may be
// overwritten.
//
// BifurcationDetector: cur_tokens with those of pred_tokens added up to the first, and that one too, that differs from
// src_tokens after prev_suffix_match_idx; then where in src_tokens the last tokens of the result go on: the place behind
// the n-gram for the largest n from min_ngram_size to max_ngram_size that ends the result and is in src_tokens once. As
// in onnxruntime, -1 is left by an n-gram found twice, and the search ends at one that is not there or ends src_tokens.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class NGramRepeatBlock final : public sdk::Kernel {
 public:
  explicit NGramRepeatBlock(int64_t size) : size_(size) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView ids = run.input(0), scores = run.input(1);
    if (ids.rank() != 2 || scores.rank() != 2 || ids.dim(0) != scores.dim(0))
      return sdk::invalid_argument("inputs input_ids and scores have shapes ", sdk::shape_text(ids.shape()), " and ",
                                   sdk::shape_text(scores.shape()), ", expected batch x length and batch x vocabulary");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, scores.shape()));
    if (y.raw() != scores.raw()) std::copy_n(scores.data<float>(), scores.count(), y.data<float>());
    if (ids.count() == 0) return {};
    const int64_t length = ids.dim(1), vocabulary = scores.dim(1);
    for (int64_t b = 0; b < ids.dim(0) && !run.cancelled(); ++b) {
      const int64_t* row = ids.data<int64_t>() + b * length;
      for (int64_t i = 0; i <= length - size_; ++i) {
        if (!std::equal(row + i, row + i + size_ - 1, row + length - (size_ - 1))) continue;
        const int64_t token = row[i + size_ - 1];
        if (token < 0 || token >= vocabulary)
          return sdk::invalid_argument("input input_ids holds ", token, ", expected 0 to ", vocabulary - 1,
                                       ", a token that scores has");
        y.data<float>()[b * vocabulary + token] = -INFINITY;
      }
    }
    return {};
  }

 private:
  int64_t size_;
};

class BifurcationDetector final : public sdk::Kernel {
 public:
  BifurcationDetector(int64_t least, int64_t most) : least_(least), most_(most) {}

  sdk::Status run(sdk::RunContext& run) const override {
    for (uint32_t i : {0u, 1u, 3u})
      if (run.has_input(i) && run.input(i).rank() != 1)
        return sdk::invalid_argument("input ", i, " has shape ", sdk::shape_text(run.input(i).shape()),
                                     ", expected a vector of tokens");
    const sdk::Span<const int64_t> source = run.input(0).span<int64_t>(), current = run.input(1).span<int64_t>();
    if (run.input(2).count() != 1)
      return sdk::invalid_argument("input prev_suffix_match_idx has shape ", sdk::shape_text(run.input(2).shape()),
                                   ", expected one number");
    std::vector<int64_t> tokens(current.begin(), current.end());
    if (run.has_input(3))
      TN_RETURN_IF_ERROR(add_predicted(source, run.input(3).span<int64_t>(), *run.input(2).data<int64_t>(), tokens));
    const int64_t shape[] = {int64_t(tokens.size())};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    std::copy(tokens.begin(), tokens.end(), y.data<int64_t>());
    if (!run.output_wanted(1)) return {};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView match, run.output(1, TN_INT64, run.input(2).shape()));
    *match.data<int64_t>() = suffix_match(source, tokens);
    return {};
  }

 private:
  static sdk::Status add_predicted(sdk::Span<const int64_t> source, sdk::Span<const int64_t> predicted, int64_t from,
                                   std::vector<int64_t>& tokens) {
    const int64_t length = int64_t(source.size());
    if (from < 0 || from > length)
      return sdk::invalid_argument("input prev_suffix_match_idx is ", from, ", expected 0 to ", length,
                                   ", the tokens of src_tokens");
    if (int64_t(predicted.size()) != length - from + 1)
      return sdk::invalid_argument("input pred_tokens has ", predicted.size(), " tokens, expected ", length - from + 1,
                                   ", one more than src_tokens has after prev_suffix_match_idx");
    const auto differs = std::mismatch(source.begin() + from, source.end(), predicted.begin()).second;
    tokens.insert(tokens.end(), predicted.begin(), differs + 1);
    return {};
  }

  int64_t suffix_match(sdk::Span<const int64_t> source, const std::vector<int64_t>& tokens) const {
    int64_t match = -1;
    for (int64_t n = least_; n <= std::min<int64_t>(most_, int64_t(tokens.size())); ++n) {
      const auto suffix = tokens.end() - n;
      const auto first = std::search(source.begin(), source.end(), suffix, tokens.end());
      if (first == source.end()) break;
      match = first - source.begin() + n;
      if (match >= int64_t(source.size())) break;
      if (std::search(first + 1, source.end(), suffix, tokens.end()) != source.end()) match = -1;
    }
    return match;
  }

  int64_t least_, most_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_ngram_repeat_block(const sdk::KernelInfo& info) {
  const int64_t size = info.attr_int("ngram_size");
  if (size < 1) return sdk::invalid_model("attribute ngram_size is ", size, ", expected 1 or more");
  return std::make_unique<NGramRepeatBlock>(size);
}

sdk::Result<sdk::KernelPtr> make_bifurcation_detector(const sdk::KernelInfo& info) {
  const int64_t least = info.attr_int("min_ngram_size"), most = info.attr_int("max_ngram_size");
  if (least < 1 || most < least)
    return sdk::invalid_model("attributes min_ngram_size and max_ngram_size are ", least, " and ", most,
                              ", expected 1 or more, and no less than the first");
  return std::make_unique<BifurcationDetector>(least, most);
}

}  // namespace tenon::cpu_ref
