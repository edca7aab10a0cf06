// AttnLSTM: an LSTM (lstm_cell.h) that is fed, beside the input of each time, what it attended to before, at first
// zeros. After each step, of the memory M (batch x steps x depth), of which memory_seq_lens count:
//   keys = M MW, s = V . tanh(keys + h QW) for each step of memory, context = softmax(s) M
// and what is fed back is [h, context] AW, or the context where AW is left out. Each direction has its own QW (hidden x
// attention), MW (depth x attention), V (attention) and AW (hidden + depth x fed). All is computed in double.
#include "attention/attention.h"
#include "recurrent/lstm_cell.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kQueryWeight = 8, kMemoryWeight = 9, kVector = 10, kMemory = 11, kMemoryLengths = 12,
                   kAttentionWeight = 13;

struct MemoryShape {
  int64_t steps = 0, depth = 0, attention = 0, fed = 0;
};

class AttnLstm final : public sdk::Kernel {
 public:
  AttnLstm(RecurrentAttributes attributes, LstmCell cell) : attributes_(attributes), cell_(std::move(cell)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView memory = run.input(kMemory), weight = run.input(kMemoryWeight);
    if (memory.rank() != 3 || weight.rank() != 3)
      return sdk::invalid_argument("inputs M and MW have shapes ", sdk::shape_text(memory.shape()), " and ",
                                   sdk::shape_text(weight.shape()),
                                   ", expected batch x steps x depth and directions x depth x attention");
    MemoryShape m{memory.dim(1), memory.dim(2), weight.dim(2), memory.dim(2)};
    if (run.has_input(kAttentionWeight))
      m.fed = run.input(kAttentionWeight).rank() == 3 ? run.input(kAttentionWeight).dim(2) : 0;
    TN_ASSIGN_OR_RETURN(const RecurrentShape shape, attributes_.resolve_run(run, m.fed));
    TN_RETURN_IF_ERROR(check(run, shape, m));
    return visit_types<float, double>(run.input(0).dtype(),
                                      [&](auto tag) { return attend<decltype(tag)>(run, shape, m); });
  }

 private:
  static sdk::Status check(const sdk::RunContext& run, const RecurrentShape& shape, const MemoryShape& m) {
    const int64_t D = shape.directions, H = shape.hidden;
    TN_RETURN_IF_ERROR(LstmCell::check_peepholes(run, shape));
    TN_RETURN_IF_ERROR(check_shape(run, kMemory, "M", {shape.batch, m.steps, m.depth}, "batch x steps x depth"));
    TN_RETURN_IF_ERROR(
        check_shape(run, kMemoryWeight, "MW", {D, m.depth, m.attention}, "directions x depth x attention"));
    TN_RETURN_IF_ERROR(check_shape(run, kQueryWeight, "QW", {D, H, m.attention}, "directions x hidden x attention"));
    TN_RETURN_IF_ERROR(check_shape(run, kVector, "V", {D, m.attention}, "directions x attention"));
    TN_ASSIGN_OR_RETURN(const int64_t both, add(H, m.depth));
    TN_RETURN_IF_ERROR(
        check_shape(run, kAttentionWeight, "AW", {D, both, m.fed}, "directions x hidden and depth x fed back"));
    TN_RETURN_IF_ERROR(check_shape(run, kMemoryLengths, "memory_seq_lens", {shape.batch}, "batch"));
    for (int64_t b = 0; b < shape.batch; ++b)
      if (length_of(run, b, m) < 1 || length_of(run, b, m) > m.steps)
        return sdk::invalid_argument("sequence ", b, " has ", length_of(run, b, m), " steps of memory, expected 1 to ",
                                     m.steps);
    return {};
  }

  static int64_t length_of(const sdk::RunContext& run, int64_t b, const MemoryShape& m) {
    return run.has_input(kMemoryLengths) ? run.input(kMemoryLengths).data<int32_t>()[b] : m.steps;
  }

  template <typename T>
  sdk::Status attend(sdk::RunContext& run, const RecurrentShape& shape, const MemoryShape& m) const {
    TN_ASSIGN_OR_RETURN(const int64_t rows, multiply(shape.directions * shape.batch, m.steps));
    TN_ASSIGN_OR_RETURN(const int64_t count, multiply(rows, m.attention));
    TN_RETURN_IF_ERROR(multiply(count, sizeof(double)).take_status());
    TN_ASSIGN_OR_RETURN(double* const keys, run.scratch<double>(static_cast<size_t>(count)));
    std::fill_n(keys, count, 0.0);
    for (int64_t row = 0; row < rows && !run.cancelled(); ++row) {
      const int64_t d = row / m.steps / std::max<int64_t>(shape.batch, 1);
      const T* const from = run.input(kMemory).data<T>() + row % (shape.batch * m.steps) * m.depth;
      const T* const weight = run.input(kMemoryWeight).data<T>() + d * m.depth * m.attention;
      for (int64_t i = 0; i < m.depth; ++i)
        add_scaled(double(from[i]), weight + i * m.attention, m.attention, keys + row * m.attention);
    }
    int64_t room = 4 * shape.hidden;
    for (const int64_t part : {shape.inputs, m.fed, m.attention, m.steps, m.depth}) {
      TN_ASSIGN_OR_RETURN(room, add(room, part));
    }
    return walk_time<T>(run, attributes_, shape, room,
                        [&](const RecurrentWeights<T>& w, const T* x, const RecurrentLane& lane) {
                          double* const fed_x = lane.room + 4 * shape.hidden;
                          std::copy_n(x, shape.inputs, fed_x);
                          if (lane.is_first) std::fill_n(fed_x + shape.inputs, m.fed, 0.0);
                          cell_.step(run, w, fed_x, lane);
                          const int64_t at = (lane.direction * shape.batch + lane.sequence) * m.steps * m.attention;
                          look_up<T>(run, shape, m, lane, keys + at, fed_x + shape.inputs);
                        });
  }

  /// What is fed back after a step.
  template <typename T>
  static void look_up(const sdk::RunContext& run, const RecurrentShape& shape, const MemoryShape& m,
                      const RecurrentLane& lane, const double* keys, double* fed) {
    const int64_t H = shape.hidden, A = m.attention, length = length_of(run, lane.sequence, m);
    double *const query = fed + m.fed, *const scores = query + A, *const context = scores + m.steps;
    const T* const weight = run.input(kQueryWeight).data<T>() + lane.direction * H * A;
    std::fill_n(query, A, 0.0);
    for (int64_t i = 0; i < H; ++i) add_scaled(lane.states[i], weight + i * A, A, query);
    const T* const vector = run.input(kVector).data<T>() + lane.direction * A;
    for (int64_t s = 0; s < length; ++s) {
      scores[s] = 0;
      for (int64_t a = 0; a < A; ++a) scores[s] += double(vector[a]) * std::tanh(keys[s * A + a] + query[a]);
    }
    softmax_in_place(scores, length);
    const T* const memory = run.input(kMemory).data<T>() + lane.sequence * m.steps * m.depth;
    std::fill_n(context, m.depth, 0.0);
    for (int64_t s = 0; s < length; ++s) add_scaled(scores[s], memory + s * m.depth, m.depth, context);
    if (!run.has_input(kAttentionWeight)) {
      std::copy_n(context, m.depth, fed);
      return;
    }
    const T* const mix = run.input(kAttentionWeight).data<T>() + lane.direction * (H + m.depth) * m.fed;
    std::fill_n(fed, m.fed, 0.0);
    for (int64_t i = 0; i < H; ++i) add_scaled(lane.states[i], mix + i * m.fed, m.fed, fed);
    for (int64_t i = 0; i < m.depth; ++i) add_scaled(context[i], mix + (H + i) * m.fed, m.fed, fed);
  }

  const RecurrentAttributes attributes_;
  const LstmCell cell_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_attn_lstm(const sdk::KernelInfo& info) {
  for (const uint32_t i : {kQueryWeight, kMemoryWeight, kVector, kMemory})
    if (i >= info.input_count() || !info.input(i))
      return sdk::invalid_model("input ", i, " is left out, expected QW, MW, V and M, inputs 8 to 11");
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, RecurrentAttributes::parse(info, 4, 2));
  if (attributes.hidden_size < 1)
    return sdk::invalid_model("attribute hidden_size is ", attributes.hidden_size, ", expected at least 1");
  TN_ASSIGN_OR_RETURN(LstmCell cell, LstmCell::read(info, attributes.directions, false));
  return std::make_unique<AttnLstm>(attributes, std::move(cell));
}

}  // namespace tenon::cpu_ref
