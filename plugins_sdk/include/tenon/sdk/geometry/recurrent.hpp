// RNN, GRU and LSTM: what their attributes mean, how their inputs hang together, where a row of each tensor begins.
// X is time x batch x inputs, W directions x gates*H x inputs, R directions x gates*H x H, B directions x 2*gates*H,
// the first states directions x batch x H; with layout 1 the batch comes first in X and in the states. Y is time x
// directions x batch x H, or batch x time x directions x H. Pure functions; sizes may be hostile.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>
#include <tenon/sdk/tensor.hpp>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// The functions that the attribute `activations` may name.
enum class GateFunction {
  kRelu,
  kTanh,
  kSigmoid,
  kSoftsign,
  kSoftplus,
  kAffine,           // alpha x + beta
  kLeakyRelu,        // x, below 0 alpha x
  kThresholdedRelu,  // x where it is at least alpha, else 0
  kScaledTanh,       // alpha tanh(beta x)
  kHardSigmoid,      // min(max(alpha x + beta, 0), 1)
  kElu               // x, below 0 alpha (e^x - 1)
};

/// One of them, with its numbers and the threshold that its argument is clipped to.
struct GateActivation {
  GateFunction function = GateFunction::kTanh;
  double alpha = 0, beta = 0, clip = INFINITY;
};

namespace detail {

// alpha and beta as the operator of that name has them by default.
struct GateFunctionRow {
  const char* name;  // in lower case: converters write both
  GateFunction function;
  bool has_alpha = false, has_beta = false;
  double alpha = 0, beta = 0;
};

inline constexpr GateFunctionRow kGateFunctions[] = {
    {"relu", GateFunction::kRelu},
    {"tanh", GateFunction::kTanh},
    {"sigmoid", GateFunction::kSigmoid},
    {"softsign", GateFunction::kSoftsign},
    {"softplus", GateFunction::kSoftplus},
    {"affine", GateFunction::kAffine, true, true, 1, 0},
    {"leakyrelu", GateFunction::kLeakyRelu, true, false, 0.01},
    {"thresholdedrelu", GateFunction::kThresholdedRelu, true, false, 1},
    {"scaledtanh", GateFunction::kScaledTanh, true, true, 1, 1},
    {"hardsigmoid", GateFunction::kHardSigmoid, true, true, 0.2, 0.5},
    {"elu", GateFunction::kElu, true, false, 1},
};

inline const GateFunctionRow* find_gate_function(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto* found = std::find_if(std::begin(kGateFunctions), std::end(kGateFunctions),
                                   [&](const GateFunctionRow& row) { return name == row.name; });
  return found == std::end(kGateFunctions) ? nullptr : found;
}

}  // namespace detail

/// What the node says, else `defaults`: one list for each of `directions`. alpha and beta are taken in order by the
/// functions that have them. TN_INVALID_MODEL: an unknown name, or another number of them, or a threshold below 0.
template <typename Node>
Result<std::vector<GateActivation>> parse_gate_activations(const Node& node, const std::vector<std::string>& defaults,
                                                           int64_t directions) {
  std::vector<std::string> names = node.attr_strings("activations");
  const size_t count = defaults.size() * static_cast<size_t>(directions);
  if (names.empty())
    while (names.size() < count) names.insert(names.end(), defaults.begin(), defaults.end());
  // One direction takes the first half of a list for both, as RNN's own default is.
  if (names.size() == 2 * defaults.size() && directions == 1) names.resize(count);
  if (names.size() != count)
    return invalid_model("attribute activations lists ", names.size(), " functions, expected ", count, ": ",
                         defaults.size(), " for each of ", directions, " directions");
  const std::vector<float> alphas = node.attr_floats("activation_alpha"), betas = node.attr_floats("activation_beta");
  size_t alpha = 0, beta = 0;
  const auto next_of = [](const std::vector<float>& given, size_t* at, double otherwise) {
    return *at < given.size() ? static_cast<double>(given[(*at)++]) : otherwise;
  };
  std::vector<GateActivation> found;
  for (const std::string& name : names) {
    const detail::GateFunctionRow* row = detail::find_gate_function(name);
    if (row == nullptr)
      return invalid_model("attribute activations names '", name,
                           "', expected a function of the specification, as Tanh");
    GateActivation& a = found.emplace_back();
    a.function = row->function;
    a.alpha = row->has_alpha ? next_of(alphas, &alpha, row->alpha) : 0;
    a.beta = row->has_beta ? next_of(betas, &beta, row->beta) : 0;
    a.clip = static_cast<double>(node.attr_float("clip", INFINITY));
    if (!(a.clip >= 0)) return invalid_model("attribute clip is ", a.clip, ", expected 0 or more");
  }
  return found;
}

/// The inputs' shapes, and the lengths; null: left out.
struct RecurrentInputs {
  ShapeView x, w, r;
  const ShapeView* b = nullptr;
  const ShapeView* lengths_shape = nullptr;
  const int32_t* lengths = nullptr;
  const ShapeView* states[2] = {};
  int64_t fed = 0;  // columns of W beyond those of X, for what a step feeds back
};

struct RecurrentShape {
  int64_t time = 0, batch = 0, inputs = 0, hidden = 0, directions = 1;
  bool is_batch_first = false;
  int64_t fed = 0;               // as RecurrentInputs has it
  std::vector<int64_t> lengths;  // of each sequence, at most time

  /// Where a row begins of X, of Y, and of a state, in elements.
  int64_t x_row(int64_t t, int64_t b) const { return (is_batch_first ? b * time + t : t * batch + b) * inputs; }
  int64_t y_row(int64_t t, int64_t d, int64_t b) const {
    return (is_batch_first ? (b * time + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }
  int64_t state_row(int64_t d, int64_t b) const {
    return (is_batch_first ? b * directions + d : d * batch + b) * hidden;
  }
  /// The shapes of Y and of a state.
  std::vector<int64_t> y_shape() const {
    if (is_batch_first) return {batch, time, directions, hidden};
    return {time, directions, batch, hidden};
  }
  std::vector<int64_t> state_shape() const {
    if (is_batch_first) return {batch, directions, hidden};
    return {directions, batch, hidden};
  }
};

struct RecurrentAttributes {
  int64_t gates = 1, states = 1;
  int64_t directions = 1;
  bool starts_reversed = false;  // the only direction is backwards
  int64_t hidden_size = 0;       // 0: as R has it
  bool is_batch_first = false;

  /// TN_INVALID_MODEL for a direction, layout or size that there is not.
  template <typename Node>
  static Result<RecurrentAttributes> parse(const Node& node, int64_t gates, int64_t states) {
    RecurrentAttributes a;
    a.gates = gates;
    a.states = states;
    const std::string direction = node.attr_string("direction", "forward");
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
      return invalid_model("attribute direction is '", direction, "', expected forward, reverse or bidirectional");
    a.directions = direction == "bidirectional" ? 2 : 1;
    a.starts_reversed = direction == "reverse";
    a.hidden_size = node.attr_int("hidden_size", 0);
    if (a.hidden_size < 0) return invalid_model("attribute hidden_size is ", a.hidden_size, ", expected at least 1");
    const int64_t layout = node.attr_int("layout", 0);
    if (layout != 0 && layout != 1) return invalid_model("attribute layout is ", layout, ", expected 0 or 1");
    a.is_batch_first = layout == 1;
    return a;
  }

  /// The inputs held against each other.
  Result<RecurrentShape> resolve(const RecurrentInputs& in) const {
    if (in.x.size() != 3)
      return invalid_argument("input X has shape ", shape_text(in.x), ", expected ",
                              is_batch_first ? "batch x time x inputs" : "time x batch x inputs");
    if (in.r.size() != 3)
      return invalid_argument("input R has shape ", shape_text(in.r), ", expected directions x gates*hidden x hidden");
    RecurrentShape shape;
    shape.time = in.x[is_batch_first ? 1 : 0];
    shape.batch = in.x[is_batch_first ? 0 : 1];
    shape.inputs = in.x[2];
    shape.hidden = hidden_size > 0 ? hidden_size : in.r[2];
    shape.fed = in.fed;
    shape.directions = directions;
    shape.is_batch_first = is_batch_first;
    if (shape.hidden > INT64_MAX / 8 / std::max<int64_t>(gates, 1))
      return invalid_argument("the hidden size is ", shape.hidden, ", expected one whose gates count in 64 bits");
    const int64_t rows = gates * shape.hidden;
    if (shape.inputs > INT64_MAX - in.fed)
      return invalid_argument("X has ", shape.inputs, " inputs, expected a number that W's columns can have");
    TN_RETURN_IF_ERROR(check("W", &in.w, {directions, rows, shape.inputs + in.fed},
                             in.fed == 0 ? "directions x gates*hidden x inputs"
                                         : "directions x gates*hidden x inputs with what is fed back"));
    TN_RETURN_IF_ERROR(check("R", &in.r, {directions, rows, shape.hidden}, "directions x gates*hidden x hidden"));
    TN_RETURN_IF_ERROR(check("B", in.b, {directions, 2 * rows}, "directions x 2*gates*hidden"));
    TN_RETURN_IF_ERROR(check("sequence_lens", in.lengths_shape, {shape.batch}, "batch"));
    for (int64_t s = 0; s < states; ++s)
      TN_RETURN_IF_ERROR(check(s == 0 ? "initial_h" : "initial_c", in.states[s], shape.state_shape(),
                               is_batch_first ? "batch x directions x hidden" : "directions x batch x hidden"));
    shape.lengths.assign(static_cast<size_t>(shape.batch), shape.time);
    for (int64_t b = 0; in.lengths != nullptr && b < shape.batch; ++b) {
      if (in.lengths[b] < 0 || in.lengths[b] > shape.time)
        return invalid_argument("input sequence_lens has ", in.lengths[b], " for sequence ", b, ", expected 0 to ",
                                shape.time);
      shape.lengths[static_cast<size_t>(b)] = in.lengths[b];
    }
    return shape;
  }

  /// The same of a run, whose inputs are X, W, R, B, sequence_lens and from 5 on the first states.
  template <typename Run>
  Result<RecurrentShape> resolve_run(const Run& run, int64_t fed = 0) const {
    RecurrentInputs in;
    const TensorView x = run.input(0), w = run.input(1), r = run.input(2);
    TensorView optional[4];
    ShapeView shapes[4];
    for (uint32_t i = 0; i < 4; ++i) {
      if (i >= 2 && i - 2 >= states) continue;
      if (!run.has_input(3 + i)) continue;
      optional[i] = run.input(3 + i);
      shapes[i] = optional[i].shape();
      (i == 0 ? in.b : i == 1 ? in.lengths_shape : in.states[i - 2]) = &shapes[i];
    }
    in.x = x.shape(), in.w = w.shape(), in.r = r.shape(), in.fed = fed;
    if (in.lengths_shape != nullptr) in.lengths = optional[1].data<int32_t>();
    return resolve(in);
  }

 private:
  static Status check(const char* name, const ShapeView* shape, const std::vector<int64_t>& expected,
                      const char* meaning) {
    if (shape == nullptr ||
        (shape->size() == expected.size() && std::equal(expected.begin(), expected.end(), shape->begin())))
      return {};
    return invalid_argument("input ", name, " has shape ", shape_text(*shape), ", expected ",
                            shape_text(ShapeView(expected)), ": ", meaning);
  }
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
