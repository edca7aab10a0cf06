// NGramHashMapping: for each token and each n from 2 to max_ngram_size, the token and the n - 1 before it, each times
// its multiplier, all exclusively or'ed; that number modulo the vocabulary size of each head, plus the head's offset.
// Before the first tokens (batch x sequence) lie past_ids (batch x max_ngram_size - 1), or else pad_id, or the end
// token where one is given. With reset_on_eos what lies at and before an end token counts as end tokens to those behind
// it, and so does what is of another segment. present_ids are the last of both. Products and sums wrap around.
#include "select/ngram_hash.h"

#include <algorithm>

namespace tenon::cpu_ref {
namespace {

constexpr NgramInputs kNgramInputs{1, 2, 4, 5};
constexpr uint32_t kNgramIds = 0, kNgramPast = 3, kNgramSegments = 6;

class NgramHashMapping final : public sdk::Kernel {
 public:
  explicit NgramHashMapping(NgramAttributes attributes) : attributes_(attributes) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView ids = run.input(kNgramIds);
    if (ids.rank() != 2)
      return sdk::invalid_argument("input input_ids has shape ", sdk::shape_text(ids.shape()),
                                   ", expected batch x sequence");
    const int64_t batch = ids.dim(0), sequence = ids.dim(1);
    TN_RETURN_IF_ERROR(check_ngram_inputs(run, attributes_, kNgramInputs));
    for (int64_t i = 0; run.has_input(kNgramInputs.offsets) && i < attributes_.width(); ++i)
      if (const int64_t offset = index_at(run.input(kNgramInputs.offsets), i); offset < 0)
        return sdk::invalid_argument("input head_offsets has ", offset, " at place ", i, ", expected 0 or more");
    const int64_t state_dims[] = {batch, attributes_.history()};
    TN_RETURN_IF_ERROR(check_shape(run, kNgramPast, "past_ids", to_shape(state_dims)));
    TN_RETURN_IF_ERROR(check_shape(run, kNgramSegments, "segment_ids", to_shape(ids.shape())));
    const int64_t dims[] = {batch, sequence, attributes_.width()};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, ids.dtype(), dims));
    sdk::MutableTensorView present;
    if (run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(present, run.output(1, ids.dtype(), state_dims));
    }
    return visit_types<int32_t, int64_t>(ids.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const NgramHash<T> hash(run, attributes_, kNgramInputs);
      std::vector<T> tokens;
      for (int64_t b = 0; b < batch && !run.cancelled(); ++b) {
        fill_tokens(run, b, hash.fill(), tokens);
        const int32_t* const segments =
            run.has_input(kNgramSegments) ? run.input(kNgramSegments).data<int32_t>() + b * sequence : nullptr;
        const auto breaks = [&](int64_t at) {
          const int64_t t = at - attributes_.history();
          return segments != nullptr && t > 0 && segments[t] != segments[t - 1];
        };
        hash.hash(tokens, breaks, y.data<T>() + b * sequence * attributes_.width());
        if (present.raw() != nullptr)
          std::copy(tokens.end() - attributes_.history(), tokens.end(), present.data<T>() + b * attributes_.history());
      }
      return {};
    });
  }

 private:
  template <typename T>
  void fill_tokens(const sdk::RunContext& run, int64_t b, T fill, std::vector<T>& tokens) const {
    const int64_t history = attributes_.history(), sequence = run.input(kNgramIds).dim(1);
    tokens.assign(static_cast<size_t>(history), fill);
    if (run.has_input(kNgramPast)) std::copy_n(run.input(kNgramPast).data<T>() + b * history, history, tokens.begin());
    const T* const ids = run.input(kNgramIds).data<T>() + b * sequence;
    tokens.insert(tokens.end(), ids, ids + sequence);
  }

  const NgramAttributes attributes_;
};

}  // namespace

sdk::Result<NgramAttributes> read_ngram_attributes(const sdk::KernelInfo& info) {
  NgramAttributes a;
  a.pad = info.attr_int("pad_id");
  a.heads = info.attr_int("n_head_per_ngram");
  a.most = info.attr_int("max_ngram_size");
  a.resets = info.attr_int("reset_on_eos") != 0;
  if (a.most < 2 || a.most > INT32_MAX || a.heads < 1 || a.heads > INT32_MAX)
    return sdk::invalid_model("attributes max_ngram_size and n_head_per_ngram are ", a.most, " and ", a.heads,
                              ", expected at least 2 and 1 and less than ", INT32_MAX);
  if (info.input(0).info().dtype() == TN_INT32 && (a.pad < INT32_MIN || a.pad > INT32_MAX))
    return sdk::invalid_model("attribute pad_id is ", a.pad, ", expected a number of the tokens' type int32");
  return a;
}

sdk::Status check_ngram_inputs(const sdk::RunContext& run, const NgramAttributes& a, const NgramInputs& inputs) {
  const sdk::TensorView multipliers = run.input(inputs.multipliers), vocabularies = run.input(inputs.vocabularies);
  if (multipliers.rank() != 1 || multipliers.dim(0) < a.most)
    return sdk::invalid_argument("input multipliers has shape ", sdk::shape_text(multipliers.shape()),
                                 ", expected at least ", a.most, " numbers as attribute max_ngram_size says");
  TN_RETURN_IF_ERROR(check_shape(run, inputs.vocabularies, "vocab_sizes", {a.width()}));
  TN_RETURN_IF_ERROR(check_shape(run, inputs.offsets, "head_offsets", {a.width()}));
  TN_RETURN_IF_ERROR(check_shape(run, inputs.eos, "eos_token_id", {}));
  for (int64_t i = 0; i < a.width(); ++i)
    if (index_at(vocabularies, i) < 1)
      return sdk::invalid_argument("input vocab_sizes has ", index_at(vocabularies, i), " at place ", i,
                                   ", expected at least 1");
  return {};
}

sdk::Result<sdk::KernelPtr> make_ngram_hash_mapping(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const NgramAttributes attributes, read_ngram_attributes(info));
  return std::make_unique<NgramHashMapping>(attributes);
}

}  // namespace tenon::cpu_ref
