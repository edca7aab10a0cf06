// QEmbedLayerNormalization: EmbedLayerNormalization of tables, gamma and beta that are quantized, each with a scale and
// a zero point: x = word_embedding[input_ids] + position_embedding[position in the sequence] +
// segment_embedding[segment_ids], and output = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the hidden
// units. mask_index is how many entries of each mask row are 1, 0 without a mask. All is computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kQIds = 0, kQSegmentIds = 1, kQWords = 2, kQPositions = 3, kQSegments = 4, kQGamma = 5, kQBeta = 6;
constexpr uint32_t kQMask = 7, kQScales = 8, kQZeros = 13;  // of the five from kQWords on

class QEmbedLayerNormalization final : public sdk::Kernel {
 public:
  explicit QEmbedLayerNormalization(const sdk::KernelInfo& info) : epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_RETURN_IF_ERROR(check(run));
    const sdk::TensorView ids = run.input(kQIds);
    const int64_t batch = ids.dim(0), sequence = ids.dim(1);
    if (run.output_wanted(1)) {
      const int64_t shape[] = {batch};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(1, TN_INT32, shape));
      for (int64_t b = 0; b < batch; ++b) {
        y.data<int32_t>()[b] = 0;
        if (!run.has_input(kQMask)) continue;
        const int32_t* row = run.input(kQMask).data<int32_t>() + b * sequence;
        y.data<int32_t>()[b] = int32_t(std::count(row, row + sequence, 1));
      }
    }
    return visit_types<uint8_t, int8_t>(run.input(kQWords).dtype(),
                                        [&](auto tag) { return normalize<decltype(tag)>(run); });
  }

 private:
  static sdk::Status check(sdk::RunContext& run) {
    const sdk::Shape tokens = to_shape(run.input(kQIds).shape());
    if (tokens.size() != 2)
      return sdk::invalid_argument("input input_ids has shape ", sdk::shape_text(tokens),
                                   ", expected batch x sequence");
    const bool has_segments = run.has_input(kQSegments);
    for (const uint32_t i : {kQSegmentIds, kQScales + 2, kQZeros + 2})
      if (run.has_input(i) != has_segments)
        return sdk::invalid_argument("of segment_ids, segment_embedding, its scale and its zero point some are given, ",
                                     "expected all or none");
    for (const uint32_t i : {kQSegmentIds, kQMask})
      if (run.has_input(i) && to_shape(run.input(i).shape()) != tokens)
        return sdk::invalid_argument("input ", i == kQMask ? "mask" : "segment_ids", " has shape ",
                                     sdk::shape_text(run.input(i).shape()), ", expected ", sdk::shape_text(tokens),
                                     " as input_ids");
    const sdk::TensorView words = run.input(kQWords);
    const int64_t hidden = words.rank() == 0 ? 0 : words.dim(words.rank() - 1);
    for (uint32_t i = 0; i < 5; ++i) {
      if (i == 2 && !has_segments) continue;
      const sdk::TensorView t = run.input(kQWords + i);
      const int64_t rank = i < 3 ? 2 : 1;
      if (t.rank() != rank || t.dim(rank - 1) != hidden)
        return sdk::invalid_argument("input ", kQWords + i, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                                     rank == 2 ? "entries x " : "", hidden, ", the hidden size");
      for (const uint32_t parameter : {kQScales + i, kQZeros + i})
        if (run.input(parameter).count() != 1)
          return sdk::invalid_argument("input ", parameter, " has shape ",
                                       sdk::shape_text(run.input(parameter).shape()), ", expected one number");
    }
    return {};
  }

  /// One of the five tables from kQWords on.
  template <typename Q>
  struct Table {
    const Q* data;
    double scale, zero;
    int64_t rows, hidden;

    double at(int64_t row, int64_t i) const { return (double(data[row * hidden + i]) - zero) * scale; }
  };

  template <typename Q>
  static Table<Q> table(sdk::RunContext& run, uint32_t i) {
    const sdk::TensorView t = run.input(kQWords + i);
    return {t.data<Q>(), double(*run.input(kQScales + i).data<float>()), double(*run.input(kQZeros + i).data<Q>()),
            t.rank() == 2 ? t.dim(0) : 1, t.dim(t.rank() - 1)};
  }

  template <typename Q>
  sdk::Status normalize(sdk::RunContext& run) const {
    const bool has_segments = run.has_input(kQSegments);
    const Table<Q> words = table<Q>(run, 0), positions = table<Q>(run, 1), gamma = table<Q>(run, 3);
    const Table<Q> beta = table<Q>(run, 4), segments = has_segments ? table<Q>(run, 2) : words;
    const int64_t tokens = run.input(kQIds).count(), sequence = run.input(kQIds).dim(1), hidden = words.hidden;
    const int64_t shape[] = {run.input(kQIds).dim(0), sequence, hidden};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    TN_ASSIGN_OR_RETURN(double* const x, run.scratch<double>(static_cast<size_t>(hidden)));
    for (int64_t token = 0; token < tokens && !run.cancelled(); ++token) {
      const int64_t word = run.input(kQIds).data<int32_t>()[token], place = token % sequence;
      const int64_t segment = has_segments ? run.input(kQSegmentIds).data<int32_t>()[token] : 0;
      const auto is_row = [](int64_t i, const Table<Q>& t) { return i >= 0 && i < t.rows; };
      if (!is_row(word, words) || !is_row(place, positions) || (has_segments && !is_row(segment, segments)))
        return sdk::invalid_argument("token ", token, " is word ", word, " at ", place, " of segment ", segment,
                                     ", expected rows of embeddings of ", words.rows, ", ", positions.rows, " and ",
                                     segments.rows);
      double mean = 0, squares = 0;
      for (int64_t i = 0; i < hidden; ++i) {
        x[i] = words.at(word, i) + positions.at(place, i) + (has_segments ? segments.at(segment, i) : 0.0);
        mean += x[i] / double(hidden);
      }
      for (int64_t i = 0; i < hidden; ++i) squares += (x[i] - mean) * (x[i] - mean);
      const double inverse = 1 / std::sqrt(squares / double(hidden) + double(epsilon_));
      for (int64_t i = 0; i < hidden; ++i)
        y.data<float>()[token * hidden + i] = float((x[i] - mean) * inverse * gamma.at(0, i) + beta.at(0, i));
    }
    return {};
  }

  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_q_embed_layer_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<QEmbedLayerNormalization>(info);
}

}  // namespace tenon::cpu_ref
