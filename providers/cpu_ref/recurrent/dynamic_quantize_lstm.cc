// DynamicQuantizeLSTM: LSTM whose weights are quantized, W directions x inputs x 4*H and R directions x H x 4*H, with a
// scale and a zero point for each direction or each of its columns, and whose X and h are quantized as they come: to
// uint8, with the scale and the zero point that fit their range, 0 included; X as far as the longest sequence goes, so
// that what it is filled up with does not count, h at each step over the batch. Products are sums of (x - zero) * (w -
// zero) in int32 times both scales. All else is LSTM's.
#include <algorithm>
#include <cmath>

#include "arithmetic.h"
#include "recurrent/recurrent.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Numbers in uint8.
struct DynamicBytes {
  float scale = 1;
  int32_t zero = 0;
  std::vector<int16_t> values;  // less the zero point

  void quantize(const float* x, int64_t count) {
    float least = 0, most = 0;
    for (int64_t i = 0; i < count; ++i) least = std::min(least, x[i]), most = std::max(most, x[i]);
    scale = most == least ? 1 : (most - least) / 255;
    zero = truncate_to<uint8_t>(std::nearbyint(double(-least / scale)));
    values.resize(size_t(count));
    for (int64_t i = 0; i < count; ++i)
      values[size_t(i)] = int16_t(truncate_to<uint8_t>(round_half_even(double(x[i] / scale)) + zero) - zero);
  }
};

/// The weights of all directions: inputs x columns each.
struct QuantizedWeights {
  sdk::TensorView data, scale, zero;
  int64_t inputs, columns;

  sdk::Status check(const char* name, int64_t directions) const {
    if (to_shape(data.shape()) != sdk::Shape{directions, inputs, columns})
      return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(data.shape()), ", expected ",
                                   directions, "x", inputs, "x", columns, ": directions x inputs x 4*hidden");
    for (const sdk::TensorView& t : {scale, zero})
      if (t.count() != directions && t.count() != directions * columns)
        return sdk::invalid_argument("the scale or zero point of ", name, " has shape ", sdk::shape_text(t.shape()),
                                     ", expected ", directions, " or ", directions, "x", columns);
    return {};
  }

  static int64_t at(const sdk::TensorView& t, int64_t direction, int64_t directions, int64_t columns, int64_t c) {
    return t.count() == directions ? direction : direction * columns + c;
  }

  /// y[c] += the product of the row of bytes at `x` and column c.
  template <typename W>
  void add_product(const int16_t* x, float x_scale, int64_t direction, int64_t directions, double* y) const {
    const W* w = data.data<W>() + direction * inputs * columns;
    constexpr int64_t kBlock = 256;
    for (int64_t begin = 0; begin < columns; begin += kBlock) {
      const int64_t count = std::min(kBlock, columns - begin);
      int16_t zeros[kBlock];
      uint32_t sums[kBlock] = {};  // unsigned, so that they wrap around by definition
      for (int64_t c = 0; c < count; ++c)
        zeros[c] = zero.data<W>()[at(zero, direction, directions, columns, begin + c)];
      for (int64_t i = 0; i < inputs; ++i) {
        const W* row = w + i * columns + begin;
        const int16_t factor = x[i];
        for (int64_t c = 0; c < count; ++c) {
          const auto weight = int16_t(row[c] - zeros[c]);
          sums[c] += uint32_t(int32_t(factor) * int32_t(weight));
        }
      }
      for (int64_t c = 0; c < count; ++c) {
        const float unit = x_scale * scale.data<float>()[at(scale, direction, directions, columns, begin + c)];
        y[begin + c] += double(int32_t(sums[c])) * double(unit);
      }
    }
  }
};

class DynamicQuantizeLstm final : public sdk::Kernel {
 public:
  DynamicQuantizeLstm(RecurrentAttributes attributes, std::vector<GateActivation> activations, bool couples_forget)
      : attributes_(attributes), activations_(std::move(activations)), couples_forget_(couples_forget) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), r = run.input(2);
    if (x.rank() != 3 || r.rank() != 3)
      return sdk::invalid_argument("inputs X and R have shapes ", sdk::shape_text(x.shape()), " and ",
                                   sdk::shape_text(r.shape()), ", expected three dimensions");
    RecurrentShape s;
    s.time = x.dim(0);
    s.batch = x.dim(1);
    s.inputs = x.dim(2);
    s.hidden = r.dim(1);
    s.directions = attributes_.directions;
    if (attributes_.hidden_size > 0 && attributes_.hidden_size != s.hidden)
      return sdk::invalid_argument("attribute hidden_size is ", attributes_.hidden_size, ", but R has ", s.hidden);
    TN_ASSIGN_OR_RETURN(const int64_t columns, multiply(s.hidden, 8));
    const QuantizedWeights w{run.input(1), run.input(8), run.input(9), s.inputs, columns / 2};
    const QuantizedWeights recurrent{r, run.input(10), run.input(11), s.hidden, columns / 2};
    TN_RETURN_IF_ERROR(w.check("W", s.directions));
    TN_RETURN_IF_ERROR(recurrent.check("R", s.directions));
    TN_RETURN_IF_ERROR(check_others(run, s));
    return visit_types<uint8_t, int8_t>(w.data.dtype(),
                                        [&](auto tag) { return walk<decltype(tag)>(run, s, w, recurrent); });
  }

 private:
  sdk::Status check_others(sdk::RunContext& run, RecurrentShape& s) const {
    const auto expect = [&](uint32_t i, const char* name, const sdk::Shape& shape) -> sdk::Status {
      if (!run.has_input(i) || to_shape(run.input(i).shape()) == shape) return {};
      return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(run.input(i).shape()), ", expected ",
                                   sdk::shape_text(shape));
    };
    TN_RETURN_IF_ERROR(expect(3, "B", {s.directions, 8 * s.hidden}));
    TN_RETURN_IF_ERROR(expect(4, "sequence_lens", {s.batch}));
    TN_RETURN_IF_ERROR(expect(5, "initial_h", {s.directions, s.batch, s.hidden}));
    TN_RETURN_IF_ERROR(expect(6, "initial_c", {s.directions, s.batch, s.hidden}));
    TN_RETURN_IF_ERROR(expect(7, "P", {s.directions, 3 * s.hidden}));
    s.lengths.assign(size_t(s.batch), s.time);
    for (int64_t b = 0; run.has_input(4) && b < s.batch; ++b) {
      const int64_t length = s.lengths[size_t(b)] = run.input(4).data<int32_t>()[b];
      if (length < 0 || length > s.time)
        return sdk::invalid_argument("input sequence_lens has ", length, ", expected 0 to ", s.time);
    }
    return {};
  }

  template <typename W>
  sdk::Status walk(sdk::RunContext& run, const RecurrentShape& s, const QuantizedWeights& w,
                   const QuantizedWeights& recurrent) const {
    const int64_t H = s.hidden, y_dims[] = {s.time, s.directions, s.batch, H}, dims[] = {s.directions, s.batch, H};
    float* outputs[3] = {};
    for (uint32_t i = 0; i < 3; ++i) {
      if (!run.output_wanted(i)) continue;
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y,
                          run.output(i, TN_FLOAT, i == 0 ? sdk::ShapeView(y_dims) : sdk::ShapeView(dims)));
      outputs[i] = y.data<float>();
      std::fill_n(outputs[i], y.count(), 0.0f);
    }
    TN_ASSIGN_OR_RETURN(const int64_t states, multiply(s.batch, H));
    if (states == 0) return {};
    DynamicBytes x, state;
    const int64_t longest = *std::max_element(s.lengths.begin(), s.lengths.end());
    x.quantize(run.input(0).data<float>(), longest * s.batch * s.inputs);
    std::vector<double> gates(size_t(4 * H));
    for (int64_t d = 0; d < s.directions; ++d) {
      std::vector<float> h(static_cast<size_t>(states)), c(static_cast<size_t>(states));
      if (run.has_input(5)) std::copy_n(run.input(5).data<float>() + d * s.batch * H, h.size(), h.begin());
      if (run.has_input(6)) std::copy_n(run.input(6).data<float>() + d * s.batch * H, c.size(), c.begin());
      const bool is_reversed = d == 1 || attributes_.starts_reversed;
      for (int64_t i = 0; i < s.time && !run.cancelled(); ++i) {
        state.quantize(h.data(), int64_t(h.size()));
        for (int64_t b = 0; b < s.batch; ++b) {
          const int64_t length = s.lengths[size_t(b)], t = is_reversed ? length - 1 - i : i;
          if (i >= length) continue;
          for (int64_t g = 0; g < 4 * H; ++g) gates[size_t(g)] = bias(run, d, g, H);
          w.add_product<W>(x.values.data() + s.x_row(t, b), x.scale, d, s.directions, gates.data());
          recurrent.add_product<W>(state.values.data() + b * H, state.scale, d, s.directions, gates.data());
          run.count_products(1, 4 * H, s.inputs + H);
          step(run, d, gates.data(), H, h.data() + b * H, c.data() + b * H);
          if (outputs[0] != nullptr) std::copy_n(h.data() + b * H, H, outputs[0] + s.y_row(t, d, b));
        }
      }
      if (outputs[1] != nullptr) std::copy(h.begin(), h.end(), outputs[1] + d * s.batch * H);
      if (outputs[2] != nullptr) std::copy(c.begin(), c.end(), outputs[2] + d * s.batch * H);
    }
    return {};
  }

  static double bias(sdk::RunContext& run, int64_t direction, int64_t gate, int64_t H) {
    if (!run.has_input(3)) return 0;
    const float* b = run.input(3).data<float>() + direction * 8 * H;
    return double(b[gate]) + double(b[4 * H + gate]);
  }

  void step(sdk::RunContext& run, int64_t direction, const double* gates, int64_t H, float* h, float* c) const {
    const GateActivation* const functions = activations_.data() + 3 * direction;
    const float* const p = run.has_input(7) ? run.input(7).data<float>() + direction * 3 * H : nullptr;
    for (int64_t j = 0; j < H; ++j) {
      const auto peep = [&](int64_t gate) { return p == nullptr ? 0.0 : double(p[gate * H + j]) * double(c[j]); };
      const double in = functions[0](gates[j] + peep(0));
      const double forget = couples_forget_ ? 1 - in : functions[0](gates[2 * H + j] + peep(2));
      c[j] = float(forget * double(c[j]) + in * functions[1](gates[3 * H + j]));
      h[j] = float(functions[0](gates[H + j] + peep(1)) * functions[2](double(c[j])));
    }
  }

  const RecurrentAttributes attributes_;
  const std::vector<GateActivation> activations_;
  const bool couples_forget_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dynamic_quantize_lstm(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const RecurrentAttributes attributes, RecurrentAttributes::parse(info, 4, 2));
  TN_ASSIGN_OR_RETURN(auto activations, read_activations(info, {"Sigmoid", "Tanh", "Tanh"}, attributes.directions));
  return std::make_unique<DynamicQuantizeLstm>(attributes, std::move(activations),
                                               info.attr_int("input_forget", 0) != 0);
}

}  // namespace tenon::cpu_ref
