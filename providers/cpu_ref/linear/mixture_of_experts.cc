// MoE: of each row of input, ... x hidden, the k experts that its row of router_probs likes most answer: their outputs
// fc2 f(fc1 x + fc1_bias) + fc2_bias, times the softmax of router_probs, over all experts or with
// normalize_routing_weights over the k, add up. Weights are experts x outputs x inputs. f is relu, gelu (by tanh),
// silu, identity or swiglu: of fc1's outputs g and l, in turns, min(g, limit) * sigmoid(alpha g) * (clamp(l, limit) +
// beta). Of equal experts those with the greater number come first.
//
// QMoE: the same with weights (code - zero point) * scale, packed from the low bits on along inputs; scale and zero
// point are those of the output, or of blocks of block_size inputs; without zero points they are 2^(bits - 1).
// router_weights, where they are given, are what outputs are multiplied by; the softmax is over the k in any case, as
// in onnxruntime. All is computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "arithmetic.h"
#include "elementwise/functions.h"
#include "linear/dot.h"
#include "movement/packed_bits.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

struct ExpertAttributes {
  int64_t k = 1;
  std::string activation;
  double alpha = 1, beta = 0, limit = INFINITY;
  bool normalizes = false;

  bool is_gated() const { return activation == "swiglu"; }

  /// Of `count` results of fc1 at `x`, in place.
  void activate(double* x, int64_t count) const {
    for (int64_t i = 0; i < count; ++i) {
      if (is_gated()) {
        const double gate = std::min(x[2 * i], limit), linear = std::clamp(x[2 * i + 1], -limit, limit);
        x[i] = times_sigmoid(gate, alpha) * (linear + beta);
      } else if (activation == "relu") {
        x[i] = std::max(x[i], 0.0);
      } else if (activation == "gelu") {
        x[i] = 0.5 * x[i] * (1 + std::tanh(0.7978845608028654 * (x[i] + 0.044715 * x[i] * x[i] * x[i])));
      } else if (activation == "silu") {
        x[i] = times_sigmoid(x[i], 1.0);
      }
    }
  }
};

/// Weights of every expert. Floats, or codes of `bits` bits with scales and zero points.
struct ExpertWeights {
  sdk::TensorView data, scales, zeros, bias;
  int64_t experts = 0, outputs = 0, inputs = 0, bits = 0, block = 0;

  int64_t blocks() const { return block == 0 ? 1 : inputs / block; }

  template <typename T>
  double bias_of(int64_t expert, int64_t output) const {
    return bias.raw() == nullptr ? 0.0 : double(bias.data<T>()[expert * outputs + output]);
  }

  /// The product of one row of weights and x. `row`: room for as many numbers.
  template <typename T>
  double times(int64_t expert, int64_t output, const double* x, double* row) const {
    const int64_t line = expert * outputs + output;
    if (bits == 0) return dot(data.data<T>() + line * inputs, x, inputs);
    const uint8_t* codes = data.data<uint8_t>() + line * inputs * bits / 8;
    const int64_t in_block = block == 0 ? inputs : block, per_byte = 8 / bits;
    const unsigned mask = (1u << bits) - 1;
    for (int64_t at = 0; at < blocks(); ++at) {
      const double zero_point = zero(expert, output, at), scale = double(scales.data<T>()[line * blocks() + at]);
      // Blocks and rows are whole bytes.
      for (int64_t i = at * in_block; i < (at + 1) * in_block; i += per_byte) {
        unsigned byte = codes[i / per_byte];
        for (int64_t j = 0; j < per_byte; ++j, byte >>= bits) row[i + j] = (double(byte & mask) - zero_point) * scale;
      }
    }
    return dot(row, x, inputs);
  }

  // Packed for each expert, or with blocks for each of its outputs.
  double zero(int64_t expert, int64_t output, int64_t at) const {
    if (zeros.raw() == nullptr) return double(1 << (bits - 1));
    const int64_t lines = block == 0 ? experts : experts * outputs, i = block == 0 ? output : at;
    const uint8_t* row =
        zeros.data<uint8_t>() + zeros.count() / lines * (block == 0 ? expert : expert * outputs + output);
    return bits == 8 ? double(row[i]) : double(packed_at(row, i, int(bits)));
  }
};

/// Which inputs the parts of one layer are; 64: none.
struct LayerInputs {
  uint32_t weights, scales, bias, zeros;
};
constexpr uint32_t kNoPart = 64;

class MixtureOfExperts final : public sdk::Kernel {
 public:
  MixtureOfExperts(ExpertAttributes attributes, int64_t bits, int64_t block)
      : attributes_(std::move(attributes)), bits_(bits), block_(block) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), router = run.input(1);
    if (x.rank() != 2 && x.rank() != 3)
      return sdk::invalid_argument("input has shape ", sdk::shape_text(x.shape()), ", expected ... x hidden");
    const int64_t hidden = x.dim(x.rank() - 1), tokens = hidden == 0 ? 0 : x.count() / hidden;
    if (router.rank() != 2 || router.dim(0) != tokens || router.dim(1) < attributes_.k)
      return sdk::invalid_argument("input router_probs has shape ", sdk::shape_text(router.shape()), ", expected ",
                                   tokens, " x ", attributes_.k, " experts or more");
    const int64_t experts = router.dim(1);
    if (bits_ != 0 && run.has_input(14) && to_shape(run.input(14).shape()) != to_shape(router.shape()))
      return sdk::invalid_argument("input router_weights has shape ", sdk::shape_text(run.input(14).shape()),
                                   ", expected ", sdk::shape_text(router.shape()), " as router_probs");
    const bool quantized = bits_ != 0;
    TN_ASSIGN_OR_RETURN(const ExpertWeights first,
                        layer(run, quantized ? LayerInputs{2, 3, 4, 11} : LayerInputs{2, kNoPart, 3, kNoPart}, experts,
                              "fc1", -1, hidden));
    const int64_t gates = attributes_.is_gated() ? 2 : 1;
    if (first.outputs % gates != 0)
      return sdk::invalid_argument("fc1 has ", first.outputs, " outputs, expected pairs of gate and number");
    TN_ASSIGN_OR_RETURN(const ExpertWeights second,
                        layer(run, quantized ? LayerInputs{5, 6, 7, 12} : LayerInputs{4, kNoPart, 5, kNoPart}, experts,
                              "fc2", hidden, first.outputs / gates));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t room = 2 * hidden + first.outputs + std::max(hidden, second.inputs) + 2 * experts;
      TN_ASSIGN_OR_RETURN(double* const scratch, run.scratch<double>(run.max_workers() * size_t(room)));
      const double cost = double(attributes_.k) * double(first.outputs + second.inputs) * double(hidden);
      run.parallel_for(tokens, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end && !run.cancelled(); ++t)
          answer<T>(run, first, second, t, scratch + int64_t(worker) * room, y.template data<T>() + t * hidden);
      });
      return {};
    });
  }

 private:
  /// `outputs` of -1: as many as there are.
  sdk::Result<ExpertWeights> layer(sdk::RunContext& run, const LayerInputs& in, int64_t experts, const char* name,
                                   int64_t outputs, int64_t inputs) const {
    ExpertWeights w;
    w.data = run.input(in.weights);
    w.bits = bits_;
    w.block = bits_ == 0 ? 0 : block_;
    w.experts = experts;
    w.inputs = inputs;
    w.outputs = outputs < 0 && w.data.rank() == 3 ? w.data.dim(1) : outputs;
    const int64_t per_byte = bits_ == 0 ? 1 : 8 / bits_;
    if (to_shape(w.data.shape()) != sdk::Shape{experts, w.outputs, inputs / per_byte} || inputs % per_byte != 0)
      return sdk::invalid_argument("input ", name, "_experts_weights has shape ", sdk::shape_text(w.data.shape()),
                                   ", expected ", experts, " experts x outputs x ", inputs, " inputs");
    if (run.has_input(in.bias)) {
      w.bias = run.input(in.bias);
      if (to_shape(w.bias.shape()) != sdk::Shape{experts, w.outputs})
        return sdk::invalid_argument("input ", name, "_experts_bias has shape ", sdk::shape_text(w.bias.shape()),
                                     ", expected ", experts, "x", w.outputs);
    }
    if (bits_ == 0) return w;
    if (w.block != 0 && inputs % w.block != 0)
      return sdk::invalid_argument(name, " has ", inputs, " inputs, expected blocks of ", w.block);
    if (!run.has_input(in.scales))
      return sdk::invalid_argument("input ", name, "_scales is left out, expected the scales of its weights");
    w.scales = run.input(in.scales);
    const int64_t lines = experts * w.outputs;
    if (w.scales.count() != lines * w.blocks())
      return sdk::invalid_argument("input ", name, "_scales has shape ", sdk::shape_text(w.scales.shape()),
                                   ", expected ", experts, "x", w.outputs, w.block == 0 ? "" : " x blocks");
    if (!run.has_input(in.zeros)) return w;
    w.zeros = run.input(in.zeros);
    const int64_t zeros =
        w.block == 0 ? experts * ((w.outputs * bits_ + 7) / 8) : lines * ((w.blocks() * bits_ + 7) / 8);
    if (w.zeros.count() != zeros)
      return sdk::invalid_argument("input ", name, "_zero_points has shape ", sdk::shape_text(w.zeros.shape()),
                                   ", expected ", zeros, " bytes");
    return w;
  }

  /// The weights of the experts in `shares`, 0 for those that do not answer. `order`: room.
  template <typename T>
  void route(sdk::RunContext& run, int64_t token, int64_t experts, double* shares, double* order) const {
    const T* likes = run.input(1).data<T>() + token * experts;
    std::vector<int64_t> chosen;
    double greatest = -INFINITY, sum = 0;
    for (int64_t e = 0; e < experts; ++e) greatest = std::max(greatest, double(likes[e]));
    for (int64_t e = 0; e < experts; ++e) sum += order[e] = std::exp(double(likes[e]) - greatest);
    for (int64_t e = 0; e < experts; ++e) chosen.push_back(e);
    const auto is_before = [&](int64_t a, int64_t b) {
      const float left = float(likes[a]), right = float(likes[b]);
      return left > right || (left == right && a > b);
    };
    std::stable_sort(chosen.begin(), chosen.end(), is_before);
    chosen.resize(size_t(attributes_.k));
    const bool has_weights = bits_ != 0 && run.has_input(14);
    if (has_weights)
      for (int64_t e = 0; e < experts; ++e) order[e] = double(run.input(14).data<T>()[token * experts + e]);
    double of_chosen = 0;
    for (const int64_t e : chosen) of_chosen += order[e];
    std::fill_n(shares, experts, 0.0);
    const bool is_of_chosen = attributes_.normalizes || (bits_ != 0 && !has_weights);
    const double whole = is_of_chosen ? of_chosen : has_weights ? 1 : sum;
    for (const int64_t e : chosen) shares[e] = whole == 0 ? 0 : order[e] / whole;
  }

  template <typename T>
  void answer(sdk::RunContext& run, const ExpertWeights& first, const ExpertWeights& second, int64_t token,
              double* room, T* y) const {
    const int64_t hidden = first.inputs, experts = first.experts;
    double *const x = room, *const sum = x + hidden, *const inner = sum + hidden, *const row = inner + first.outputs;
    double *const shares = row + std::max(hidden, second.inputs), *const order = shares + experts;
    for (int64_t i = 0; i < hidden; ++i) x[i] = double(run.input(0).data<T>()[token * hidden + i]);
    std::fill_n(sum, hidden, 0.0);
    route<T>(run, token, experts, shares, order);
    for (int64_t e = 0; e < experts; ++e) {
      if (shares[e] == 0) continue;
      run.count_products(1, hidden, first.outputs + second.inputs);
      for (int64_t o = 0; o < first.outputs; ++o) inner[o] = first.times<T>(e, o, x, row) + first.bias_of<T>(e, o);
      attributes_.activate(inner, second.inputs);
      for (int64_t o = 0; o < hidden; ++o)
        sum[o] += shares[e] * (second.times<T>(e, o, inner, row) + second.bias_of<T>(e, o));
    }
    for (int64_t i = 0; i < hidden; ++i) y[i] = from_double<T>(sum[i]);
  }

  ExpertAttributes attributes_;
  int64_t bits_, block_;  // 0 bits: weights are floats
};

sdk::Result<ExpertAttributes> read_expert_attributes(const sdk::KernelInfo& info) {
  ExpertAttributes a;
  a.k = info.attr_int("k");
  a.activation = info.attr_string("activation_type");
  a.alpha = info.attr_float("activation_alpha");
  a.beta = info.attr_float("activation_beta");
  a.limit = info.attr_float("swiglu_limit", INFINITY);
  a.normalizes = info.attr_int("normalize_routing_weights") != 0;
  if (a.k < 1) return sdk::invalid_model("attribute k is ", a.k, ", expected 1 or more");
  const char* const known[] = {"relu", "gelu", "silu", "swiglu", "identity"};
  if (std::find(std::begin(known), std::end(known), a.activation) == std::end(known))
    return sdk::unsupported("attribute activation_type is '", a.activation,
                            "', expected relu, gelu, silu, swiglu or identity");
  if (a.is_gated() && info.attr_int("swiglu_fusion") != 1)
    return sdk::unsupported("attribute swiglu_fusion is ", info.attr_int("swiglu_fusion"),
                            ", expected 1: only gates and numbers in turns have a kernel");
  if (a.is_gated() && !(a.limit >= 0))
    return sdk::invalid_model("attribute swiglu_limit is ", a.limit, ", expected 0 or more");
  for (const char* name : {"use_sparse_mixer", "swiglu_limit_after_activation"})
    if (info.attr_int(name) != 0) return sdk::unsupported("attribute ", name, " is set, which has no kernel");
  return a;
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_moe(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ExpertAttributes attributes, read_expert_attributes(info));
  for (uint32_t i = 6; i < info.input_count(); ++i)
    if (info.input(i)) return sdk::unsupported("input ", i, " of a third layer is given, which has no kernel");
  return std::make_unique<MixtureOfExperts>(std::move(attributes), 0, 0);
}

sdk::Result<sdk::KernelPtr> make_qmoe(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ExpertAttributes attributes, read_expert_attributes(info));
  const int64_t bits = info.attr_int("expert_weight_bits"), block = info.attr_int("block_size", 0);
  if (info.attr_string("quant_type") != "int")
    return sdk::unsupported("attribute quant_type is '", info.attr_string("quant_type"), "', expected int");
  if (const int64_t layout = info.attr_int("weights_prepacked"); layout != 0 && layout != -1)
    return sdk::unsupported("attribute weights_prepacked is ", layout,
                            ", a layout of one kind of device: export the model with weights_prepacked=0");
  if (bits != 2 && bits != 4 && bits != 8)
    return sdk::unsupported("attribute expert_weight_bits is ", bits, ", expected 2, 4 or 8");
  for (const char* name : {"fc1_expert_weight_bits", "fc2_expert_weight_bits"})
    if (info.attr_int(name, bits) != bits)
      return sdk::unsupported("attribute ", name, " is ", info.attr_int(name), ", expected ", bits,
                              " as expert_weight_bits");
  if (block != 0 && (block < 16 || (block & (block - 1)) != 0))
    return sdk::invalid_model("attribute block_size is ", block, ", expected a power of two from 16 on");
  TN_RETURN_IF_ERROR(check_type(TypeList<uint8_t>{}, info.input(2), "of weights"));
  if (info.input(3)) {
    const tn_dtype scales = info.input(3).info().dtype(), data = info.input(0).info().dtype();
    if (scales != data)
      return sdk::unsupported("input fc1_scales is ", sdk::dtype_name(scales), ", expected ", sdk::dtype_name(data));
  }
  for (uint32_t i = 8; i < info.input_count(); ++i)
    if (info.input(i) && i != 11 && i != 12 && i != 14)
      return sdk::unsupported("input ", i,
                              " is given: a third layer, and scales of other quant_types than int, have no ", "kernel");
  return std::make_unique<MixtureOfExperts>(std::move(attributes), bits, block);
}

}  // namespace tenon::cpu_ref
