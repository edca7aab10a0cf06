// EmbedLayerNormalization: for each token x = word_embedding[input_ids] + position_embedding[position_ids] +
// segment_embedding[segment_ids], and output = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the hidden
// units. Positions left out count from 0. mask_index is how many entries of each mask row are 1, 0 without a mask;
// embedding_sum is x. All is computed in double.
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class EmbedLayerNormalization final : public sdk::Kernel {
 public:
  explicit EmbedLayerNormalization(const sdk::KernelInfo& info) : epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_RETURN_IF_ERROR(check(run));
    TN_RETURN_IF_ERROR(write_mask_index(run));
    return visit_floats(run.input(kWords).dtype(), [&](auto tag) { return normalize<decltype(tag)>(run); });
  }

 private:
  static constexpr uint32_t kIds = 0, kSegmentIds = 1, kWords = 2, kPositions = 3, kSegments = 4, kGamma = 5, kBeta = 6;
  static constexpr uint32_t kMask = 7, kPositionIds = 8;

  static sdk::Status check(sdk::RunContext& run) {
    const sdk::TensorView ids = run.input(kIds);
    if (ids.rank() != 2)
      return sdk::invalid_argument("input input_ids has shape ", sdk::shape_text(ids.shape()),
                                   ", expected batch x sequence");
    const sdk::Shape tokens = to_shape(ids.shape());
    if (run.has_input(kSegmentIds) != run.has_input(kSegments))
      return sdk::invalid_argument("of segment_ids and segment_embedding one is given, expected both or neither");
    const auto check_tokens = [&](uint32_t i, const char* name, bool may_be_shared) -> sdk::Status {
      if (!run.has_input(i)) return {};
      const sdk::Shape shape = to_shape(run.input(i).shape());
      if (shape == tokens || (may_be_shared && shape == sdk::Shape{1, tokens[1]})) return {};
      return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(shape), ", expected ",
                                   sdk::shape_text(tokens), " as input_ids");
    };
    TN_RETURN_IF_ERROR(check_tokens(kSegmentIds, "segment_ids", false));
    TN_RETURN_IF_ERROR(check_tokens(kMask, "mask", false));
    TN_RETURN_IF_ERROR(check_tokens(kPositionIds, "position_ids", true));
    const sdk::TensorView words = run.input(kWords);
    const int64_t hidden = words.rank() == 0 ? 0 : words.dim(words.rank() - 1);
    const char* const names[] = {"word_embedding", "position_embedding", "segment_embedding", "gamma", "beta"};
    for (uint32_t i = kWords; i <= kBeta; ++i) {
      if (!run.has_input(i)) continue;
      const int64_t rank = i >= kGamma ? 1 : 2;
      const sdk::TensorView t = run.input(i);
      if (t.rank() != rank || t.dim(rank - 1) != hidden)
        return sdk::invalid_argument("input ", names[i - kWords], " has shape ", sdk::shape_text(t.shape()),
                                     ", expected ", rank == 2 ? "entries x " : "", hidden, ", the hidden size");
    }
    return {};
  }

  static sdk::Status write_mask_index(sdk::RunContext& run) {
    if (!run.output_wanted(1)) return {};
    const int64_t batch = run.input(kIds).dim(0), sequence = run.input(kIds).dim(1);
    const int64_t shape[] = {batch};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(1, TN_INT32, shape));
    for (int64_t b = 0; b < batch; ++b) {
      int32_t count = 0;
      for (int64_t s = 0; run.has_input(kMask) && s < sequence; ++s)
        count += run.input(kMask).data<int32_t>()[b * sequence + s] == 1 ? 1 : 0;
      y.data<int32_t>()[b] = count;
    }
    return {};
  }

  /// The row of table `table` that `index` names, for token `token`.
  template <typename T>
  static sdk::Result<const T*> row(sdk::RunContext& run, uint32_t table, const char* ids, int64_t token,
                                   int64_t index) {
    const sdk::TensorView t = run.input(table);
    if (index < 0 || index >= t.dim(0))
      return sdk::invalid_argument(ids, " of token ", token, " is ", index, ", expected 0 to ", t.dim(0) - 1,
                                   ", a row of the embedding");
    return t.data<T>() + index * t.dim(1);
  }

  template <typename T>
  sdk::Status normalize(sdk::RunContext& run) const {
    const int64_t batch = run.input(kIds).dim(0), sequence = run.input(kIds).dim(1), hidden = run.input(kWords).dim(1);
    const int64_t shape[] = {batch, sequence, hidden};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, shape));
    T* sum_output = nullptr;
    if (run.output_wanted(2)) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(2, sdk::kDTypeOf<T>, shape));
      sum_output = t.data<T>();
    }
    TN_ASSIGN_OR_RETURN(double* const x, run.scratch<double>(static_cast<size_t>(hidden)));
    const bool has_segments = run.has_input(kSegments), has_positions = run.has_input(kPositionIds);
    const bool shares_positions = has_positions && run.input(kPositionIds).dim(0) == 1;
    const T *gamma = run.input(kGamma).data<T>(), *beta = run.input(kBeta).data<T>();
    for (int64_t token = 0; token < batch * sequence; ++token) {
      const auto id = [&](uint32_t i, int64_t at) { return int64_t(run.input(i).data<int32_t>()[at]); };
      const int64_t s = token % sequence;
      const int64_t position = has_positions ? id(kPositionIds, shares_positions ? s : token) : s;
      TN_ASSIGN_OR_RETURN(const T* word, row<T>(run, kWords, "input_ids", token, id(kIds, token)));
      TN_ASSIGN_OR_RETURN(const T* place, row<T>(run, kPositions, "the position", token, position));
      const T* segment = nullptr;
      if (has_segments) {
        TN_ASSIGN_OR_RETURN(segment, row<T>(run, kSegments, "segment_ids", token, id(kSegmentIds, token)));
      }
      double mean = 0, squares = 0;
      for (int64_t i = 0; i < hidden; ++i) {
        x[i] = double(word[i]) + double(place[i]) + (segment ? double(segment[i]) : 0.0);
        if (sum_output != nullptr) sum_output[token * hidden + i] = from_double<T>(x[i]);
        mean += x[i] / double(hidden);
      }
      for (int64_t i = 0; i < hidden; ++i) squares += (x[i] - mean) * (x[i] - mean);
      const double inverse = 1 / std::sqrt(squares / double(hidden) + double(epsilon_));
      for (int64_t i = 0; i < hidden; ++i)
        y.data<T>()[token * hidden + i] = from_double<T>((x[i] - mean) * inverse * double(gamma[i]) + double(beta[i]));
    }
    return {};
  }

  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_embed_layer_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<EmbedLayerNormalization>(info);
}

}  // namespace tenon::cpu_ref
