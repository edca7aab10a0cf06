// VarlenNGramHashMapping: NGramHashMapping (ngram_hash.cc) of sequences of tokens that lie one behind the other, with a
// past and present of its own for each, of tokens and of segments. Where a segment has no past its own goes on before
// it. state_update holds the present after each of the first tokens of a sequence, at most state_update_capacity, as
// many as capture_count says, and pad_id behind.
#include <algorithm>

#include "select/ngram_hash.h"
#include "sequence_starts.h"

namespace tenon::cpu_ref {
namespace {

constexpr NgramInputs kVarlenInputs{1, 2, 5, 6};
constexpr uint32_t kVarlenIds = 0, kVarlenStarts = 3, kVarlenPast = 4, kVarlenSegments = 7, kVarlenPastSegments = 8,
                   kVarlenCount = 9;
constexpr int64_t kMostStates = 8;

class VarlenNgramHashMapping final : public sdk::Kernel {
 public:
  VarlenNgramHashMapping(NgramAttributes attributes, int64_t capacity) : attributes_(attributes), capacity_(capacity) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView ids = run.input(kVarlenIds);
    if (ids.rank() != 1)
      return sdk::invalid_argument("input input_ids has shape ", sdk::shape_text(ids.shape()),
                                   ", expected one number for each token");
    TN_RETURN_IF_ERROR(check_ngram_inputs(run, attributes_, kVarlenInputs));
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> starts,
                        read_starts(run.input(kVarlenStarts), "cumulative_sequence_length", ids.dim(0), false));
    const int64_t batch = static_cast<int64_t>(starts.size()) - 1, history = attributes_.history();
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenPast, "past_ids", {batch, history}));
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenSegments, "segment_ids", {ids.dim(0)}));
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenPastSegments, "past_segment_ids", {batch, history}));
    TN_RETURN_IF_ERROR(check_shape(run, kVarlenCount, "capture_count", {batch}));
    return visit_types<int32_t, int64_t>(ids.dtype(), [&](auto tag) { return hash<decltype(tag)>(run, starts); });
  }

 private:
  /// The output's memory; null: not wanted.
  template <typename T>
  static sdk::Result<T*> wanted(sdk::RunContext& run, uint32_t output, const sdk::Shape& dims) {
    if (!run.output_wanted(output)) return static_cast<T*>(nullptr);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(output, sdk::kDTypeOf<T>, dims));
    return t.data<T>();
  }

  template <typename T>
  sdk::Status hash(sdk::RunContext& run, const std::vector<int64_t>& starts) const {
    const int64_t batch = static_cast<int64_t>(starts.size()) - 1, history = attributes_.history();
    TN_ASSIGN_OR_RETURN(T* const hashes, wanted<T>(run, 0, {run.input(kVarlenIds).dim(0), attributes_.width()}));
    TN_ASSIGN_OR_RETURN(T* const present, wanted<T>(run, 1, {batch, history}));
    TN_ASSIGN_OR_RETURN(int32_t* const present_segments, wanted<int32_t>(run, 2, {batch, history}));
    TN_ASSIGN_OR_RETURN(T* const update, wanted<T>(run, 3, {batch, capacity_, history}));
    const NgramHash<T> hash(run, attributes_, kVarlenInputs);
    std::vector<T> tokens;
    std::vector<int32_t> segments;
    for (int64_t b = 0; b < batch && !run.cancelled(); ++b) {
      const int64_t begin = starts[size_t(b)], end = starts[size_t(b) + 1];
      join(run, kVarlenPast, kVarlenIds, b, begin, end, hash.fill(), tokens);
      segments.clear();
      if (run.has_input(kVarlenSegments))
        join(run, kVarlenPastSegments, kVarlenSegments, b, begin, end,
             run.input(kVarlenSegments).data<int32_t>()[begin], segments);
      const auto breaks = [&](int64_t at) {
        return at > 0 && !segments.empty() && segments[size_t(at)] != segments[size_t(at - 1)];
      };
      hash.hash(tokens, breaks, hashes + begin * attributes_.width());
      if (present != nullptr) std::copy(tokens.end() - history, tokens.end(), present + b * history);
      if (present_segments != nullptr)
        std::copy(segments.end() - history, segments.end(), present_segments + b * history);
      if (update != nullptr) capture(run, b, tokens, update + b * capacity_ * history);
    }
    return {};
  }

  /// The past of sequence `b`, or `fill` for it, and the elements [begin, end) of the other input.
  template <typename T>
  void join(const sdk::RunContext& run, uint32_t past, uint32_t input, int64_t b, int64_t begin, int64_t end, T fill,
            std::vector<T>& joined) const {
    const int64_t history = attributes_.history();
    joined.assign(static_cast<size_t>(history), fill);
    if (run.has_input(past)) std::copy_n(run.input(past).data<T>() + b * history, history, joined.begin());
    joined.insert(joined.end(), run.input(input).data<T>() + begin, run.input(input).data<T>() + end);
  }

  template <typename T>
  void capture(const sdk::RunContext& run, int64_t b, const std::vector<T>& tokens, T* states) const {
    const int64_t history = attributes_.history();
    std::fill_n(states, capacity_ * history, static_cast<T>(attributes_.pad));
    if (capacity_ == 0) return;
    const int64_t most = std::min(capacity_, static_cast<int64_t>(tokens.size()) - history);
    const int64_t count = std::clamp<int64_t>(run.input(kVarlenCount).data<int32_t>()[b], 0, most);
    for (int64_t i = 0; i < count; ++i) std::copy_n(tokens.begin() + i + 1, history, states + i * history);
  }

  const NgramAttributes attributes_;
  const int64_t capacity_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_varlen_ngram_hash_mapping(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const NgramAttributes attributes, read_ngram_attributes(info));
  const auto has_input = [&](uint32_t i) { return i < info.input_count() && info.input(i); };
  const int64_t capacity = info.attr_int("state_update_capacity");
  if (capacity < 0 || capacity > kMostStates)
    return sdk::invalid_model("attribute state_update_capacity is ", capacity, ", expected 0 to ", kMostStates);
  if (has_input(kVarlenCount) != (capacity > 0))
    return sdk::invalid_model("input capture_count is ", capacity > 0 ? "left out" : "given",
                              ", expected it exactly where attribute state_update_capacity is above 0");
  const bool wants_segments = info.output_count() > 2 && info.output(2);
  if (!has_input(kVarlenSegments) && (wants_segments || has_input(kVarlenPastSegments)))
    return sdk::invalid_model("input segment_ids is left out, expected it where ",
                              wants_segments ? "present_segment_ids is wanted" : "past_segment_ids is given");
  return std::make_unique<VarlenNgramHashMapping>(attributes, capacity);
}

}  // namespace tenon::cpu_ref
