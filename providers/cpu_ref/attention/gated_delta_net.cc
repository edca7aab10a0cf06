// GatedDeltaNet: linear attention over sequences that lie one behind the other, see linear_attention.cc for the rules.
// For each value head a state S of d_k x d_v goes over the tokens of a sequence:
//   S = exp(g) S, then S = S + k d' with d = beta (v - S' k), or v where the rule has no delta, then o = scale S' q
// g, the decay, is a number for each token and value head, or one for each element of the key too; the attributes may
// make it of a_log and dt_bias, and beta a sigmoid. The shapes are those of delta_net.h. state_update holds, of
// the first capture_count tokens of a sequence, at most state_update_capacity: all exp(g), then all keys, then all d;
// the rest of it is 0. All is computed in double.
#include <algorithm>
#include <cmath>

#include "arithmetic.h"
#include "attention/delta_net.h"
#include "elementwise/functions.h"
#include "linear/dot.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

// What a norm of 0 is kept from.
constexpr double kNormEpsilon = 1e-12;

class GatedDeltaNet final : public sdk::Kernel {
 public:
  explicit GatedDeltaNet(DeltaNetAttributes attributes) : attributes_(attributes) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const DeltaNetShape s, resolve_delta_net(run, attributes_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, run.input(0).dtype(), s.output));
    float *final_state = nullptr, *update = nullptr;
    if (run.output_wanted(1)) {
      const int64_t dims[] = {s.batch, s.value_heads, s.value_size, s.key_size};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(1, TN_FLOAT, dims));
      final_state = t.data<float>();
    }
    if (run.output_wanted(2)) {
      const int64_t dims[] = {s.batch, s.update_width};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(2, TN_FLOAT, dims));
      update = t.data<float>();
      std::fill_n(update, t.count(), 0.0f);
    }
    TN_ASSIGN_OR_RETURN(const int64_t state, multiply(s.key_size, s.value_size));
    TN_ASSIGN_OR_RETURN(const int64_t rows, multiply(4, std::max(s.key_size, s.value_size)));
    TN_ASSIGN_OR_RETURN(const int64_t room, add(state, rows));
    TN_ASSIGN_OR_RETURN(double* const scratch, worker_rooms(run, room));
    return visit_floats(y.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const double cost = double(s.tokens) / double(std::max<int64_t>(s.batch, 1)) * double(room) * 4;
      run.parallel_for(s.batch * s.value_heads, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i)
          go_over<T>(run, s, i / s.value_heads, i % s.value_heads, scratch + worker * room, y.data<T>(), final_state,
                     update);
      });
      return {};
    });
  }

 private:
  /// Where a head works: the state, and a row each of decay, key, query and change.
  struct Room {
    double *state, *decay, *key, *query, *change;
  };

  /// Value head `head` of sequence `b`.
  template <typename T>
  void go_over(const sdk::RunContext& run, const DeltaNetShape& s, int64_t b, int64_t head, double* scratch, T* y,
               float* final_state, float* update) const {
    const int64_t K = s.key_size, V = s.value_size, at = (b * s.value_heads + head) * K * V;
    double* const rows = scratch + K * V;
    const Room room{scratch, rows, rows + K, rows + 2 * K, rows + 3 * K};
    // The states of the inputs and outputs are d_v x d_k.
    const float* const first = run.has_input(kDeltaState) ? run.input(kDeltaState).data<float>() + at : nullptr;
    for (int64_t i = 0; i < K; ++i)
      for (int64_t j = 0; j < V; ++j) room.state[i * V + j] = first == nullptr ? 0.0 : double(first[j * K + i]);
    const int64_t begin = s.starts[size_t(b)], captured = s.captured[size_t(b)];
    for (int64_t t = begin; t < s.starts[size_t(b) + 1]; ++t) {
      step<T>(run, s, t, head, room, y);
      if (update != nullptr && t - begin < captured) capture(s, t - begin, head, room, update + b * s.update_width);
    }
    if (final_state == nullptr) return;
    for (int64_t j = 0; j < V; ++j)
      for (int64_t i = 0; i < K; ++i) final_state[at + j * K + i] = float(room.state[i * V + j]);
  }

  template <typename T>
  void step(const sdk::RunContext& run, const DeltaNetShape& s, int64_t t, int64_t head, const Room& room, T* y) const {
    const int64_t K = s.key_size, V = s.value_size, shared = head / (s.value_heads / s.key_heads);
    load(s.queries<T>(run), t * s.query_row + shared * K, K, room.query);
    load(s.keys<T>(run), t * s.key_row + shared * K, K, room.key);
    const T* const v = s.values<T>(run) + t * s.value_row + head * V;
    find_decay(run, s, t, head, room.decay);
    for (int64_t i = 0; i < K && attributes_.has_decay; ++i)
      for (int64_t j = 0; j < V; ++j) room.state[i * V + j] *= room.decay[i];
    std::copy_n(v, V, room.change);
    if (attributes_.is_delta) {
      for (int64_t i = 0; i < K; ++i) add_scaled(-room.key[i], room.state + i * V, V, room.change);
      const double given = Reals(run.input(kDeltaBeta))[t * s.value_heads + head];
      const double beta = attributes_.squashes_beta ? sigmoid(given) : given;
      for (int64_t j = 0; j < V; ++j) room.change[j] *= beta;
    }
    for (int64_t i = 0; i < K; ++i) add_scaled(room.key[i], room.change, V, room.state + i * V);
    const double scale = attributes_.scale == 0 ? 1 / std::sqrt(double(K)) : attributes_.scale;
    T* const out = y + (t * s.value_heads + head) * V;
    for (int64_t j = 0; j < V; ++j) {
      double sum = 0;
      for (int64_t i = 0; i < K; ++i) sum += room.query[i] * room.state[i * V + j];
      out[j] = from_double<T>(sum * scale);
    }
  }

  template <typename T>
  void load(const T* from, int64_t first, int64_t count, double* to) const {
    std::copy_n(from + first, count, to);
    if (!attributes_.normalizes) return;
    const double inverse = 1 / std::sqrt(dot(to, to, count) + kNormEpsilon);
    for (int64_t i = 0; i < count; ++i) to[i] *= inverse;
  }

  /// exp(g) for each element of the key.
  void find_decay(const sdk::RunContext& run, const DeltaNetShape& s, int64_t t, int64_t head, double* decay) const {
    std::fill_n(decay, s.key_size, 1.0);
    if (!attributes_.has_decay) return;
    const Reals given(run.input(kDeltaDecay));
    const bool makes = attributes_.gate != DeltaNetAttributes::Gate::kNone;
    const double rate = makes ? std::exp(double(run.input(kDeltaLog).data<float>()[head])) : 1;
    for (int64_t i = 0; i < s.key_size; ++i) {
      double g = given[(t * s.value_heads + head) * s.decay_each + (s.decay_each == 1 ? 0 : i)];
      if (makes) {
        const float* const bias = run.input(kDeltaBias).data<float>() + head * s.bias_each;
        g += double(bias[s.bias_each == 1 ? 0 : i]);
        g = attributes_.gate == DeltaNetAttributes::Gate::kSoftplus ? -rate * softplus(g)
                                                                    : attributes_.least_gate * sigmoid(rate * g);
      }
      decay[i] = std::exp(g);
    }
  }

  /// What token `t` of a sequence did to the head, into the row `update` of the sequence.
  void capture(const DeltaNetShape& s, int64_t t, int64_t head, const Room& room, float* update) const {
    const int64_t C = attributes_.capacity, K = s.key_size, V = s.value_size;
    const int64_t each = s.decay_each == K ? K : 1, decays = s.value_heads * each;
    const auto store = [](const double* from, int64_t count, float* to) {
      std::transform(from, from + count, to, [](double v) { return float(v); });
    };
    store(room.decay, each, update + t * decays + head * each);
    float* const keys = update + C * decays + t * s.key_heads * K;
    const int64_t group = s.value_heads / s.key_heads;
    if (head % group == 0) store(room.key, K, keys + head / group * K);
    float* const changes = update + C * (decays + s.key_heads * K) + t * s.value_heads * V;
    store(room.change, V, changes + head * V);
  }

  const DeltaNetAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gated_delta_net(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const DeltaNetAttributes attributes, read_delta_net_attributes(info));
  return std::make_unique<GatedDeltaNet>(attributes);
}

}  // namespace tenon::cpu_ref
