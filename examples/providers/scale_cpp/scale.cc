// A provider on the C++ SDK: Mul by a constant vector along the last dimension, alone or, as a claimed group, followed
// by Add of another. The scale is packed in two phases, times the option `gain`, which stands for a costly layout
// change.
#include <cstdlib>
#include <tenon/sdk/sdk.hpp>

using namespace tenon::sdk;

namespace {

class Scale final : public Kernel {
 public:
  Scale(std::string gain, int64_t count, int x, int scale, int shift)
      : gain_(std::move(gain)), count_(count), x_(x), scale_(scale), shift_(shift) {}

  uint32_t pack_count() const override { return 1; }
  Result<PackPlan> pack_plan(uint32_t) override {
    return PackPlan{count_ * sizeof(float), 64, "scale/1 gain=" + gain_, false, {uint32_t(scale_)}};
  }
  Status pack(uint32_t, PackContext& pack) const override {
    const float gain = std::strtof(gain_.c_str(), nullptr);
    const float* scale = pack.source(0).data<float>();
    for (int64_t i = 0; i < count_; ++i) static_cast<float*>(pack.blob())[i] = scale[i] * gain;
    return {};
  }
  Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }
  Status run(RunContext& run) const override {
    const TensorView x = run.input(x_);
    TN_ASSIGN_OR_RETURN(const MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    const float* shift = shift_ < 0 ? nullptr : run.input(shift_).data<float>();
    for (int64_t i = 0; i < x.count(); ++i) {
      y.data<float>()[i] = x.data<float>()[i] * packed_[i % count_] + (shift ? shift[i % count_] : 0);
    }
    return {};
  }

 private:
  std::string gain_;
  int64_t count_;
  int x_, scale_, shift_;
  const float* packed_ = nullptr;
};

std::string gain_of(const Options& options) {
  return options.count("gain") ? options.at("gain") : "1";
}

Status check_options(const Options& options) {
  if (options.size() > options.count("gain")) return invalid_argument("unknown option: 'gain' is the only one");
  return {};
}

// The length of the node's second input when that is a constant vector along the last dimension of the first; or 0.
int64_t vector_length(const NodeView& node) {
  const TensorView x = node.input(0).info(), v = node.input(1).info();
  const bool fits = v.is_constant() && v.rank() == 1 && v.dim(0) > 0 && x.rank() > 0 && x.dim(x.rank() - 1) == v.dim(0);
  return fits && x.dtype() == TN_FLOAT && v.dtype() == TN_FLOAT ? v.dim(0) : 0;
}

Result<KernelPtr> make_scale(const KernelInfo& node) {
  const int64_t count = vector_length(node);
  if (count == 0) return unsupported("Mul is taken only by a constant vector along the last dimension");
  return std::make_unique<Scale>(gain_of(node.options()), count, 0, 1, -1);
}

Status claim(const Instance&, const GraphView& graph, Claims& claims) {
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const NodeView mul = graph.node(i);
    if (!mul.is("Mul") || vector_length(mul) == 0 || mul.output(0).use_count() != 1 || claims.is_claimed(mul)) continue;
    const std::vector<NodeView> next = mul.output(0).consumers();
    if (next.empty() || !next[0].is("Add") || claims.is_claimed(next[0])) continue;
    if (next[0].input(0) != mul.output(0) || vector_length(next[0]) != vector_length(mul)) continue;
    TN_RETURN_IF_ERROR(claims.claim_group({mul, next[0]}, "Mul+Add"));
  }
  return {};
}

Result<KernelPtr> compile(const Instance& instance, const GroupInfo& group) {
  const NodeView mul = group.node(0), add = group.node(1);
  const auto index = [&](ValueView v) { return group.input_index(v); };
  return std::make_unique<Scale>(gain_of(instance.options), vector_length(mul), index(mul.input(0)),
                                 index(mul.input(1)), index(add.input(1)));
}

constexpr tn_kernel_def kKernels[] = {kernel_def<make_scale>("", "Mul", 7, 0)};
constexpr tn_option kOptions[] = {
    option("gain", "a number", "1", "What the scale is multiplied by when it is packed.")};
constexpr tn_provider kProvider =
    with_options(claiming_provider_table<claim, compile, check_options>("scale_cpp", "1.0", kKernels), kOptions);

}  // namespace

TENON_EXPORT_PROVIDER("scale_cpp", "1.0", 0, kProvider)
