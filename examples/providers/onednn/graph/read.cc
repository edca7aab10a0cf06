// Reads nodes; see op.h. What is refused here never meets a run, so each reader says what it cannot do.
#include <algorithm>
#include <limits>
#include <tenon/sdk/geometry/axes.hpp>

#include "graph/op.h"

namespace onednn {
namespace {

using Algorithm = dnnl::algorithm;
using sdk::unsupported;

/// The tensor is float and its rank known and of a size that oneDNN counts in.
sdk::Status check_value(const sdk::ValueView& value, const char* name) {
  if (!value) return {};
  const sdk::TensorView info = value.info();
  if (info.dtype() != TN_FLOAT) return unsupported("only float is implemented");
  if (!info.has_rank()) return unsupported("the rank of ", name, " is not known");
  if (info.rank() > 6) return unsupported(name, " has ", info.rank(), " dimensions, more than 6");
  int64_t count = 1;
  for (const int64_t d : info.shape())
    if (__builtin_mul_overflow(count, std::max<int64_t>(d, 1), &count) || count > INT32_MAX)
      return unsupported(name, " is ", sdk::shape_text(info.shape()), ", more elements than oneDNN counts");
  return {};
}

/// Whether outputs beyond the first are asked for.
bool has_more_outputs(const sdk::NodeView& node) {
  for (uint32_t i = 1; i < node.output_count(); ++i)
    if (node.output(i)) return true;
  return false;
}

sdk::Status check_spatial(const sdk::NodeView& node) {
  const int64_t rank = node.input(0).info().rank();
  if (rank < 3 || rank > 5) return unsupported("the input has ", rank, " dimensions, expected 3 to 5");
  return {};
}

/// oneDNN lays out tables as long as a window spans, and counts in 32 bits.
sdk::Status check_window(const sdk::WindowAttributes& window, sdk::ShapeView kernel) {
  constexpr int64_t kMost = 4096;
  for (const sdk::Shape* list : {&window.strides, &window.dilations, &window.pads})
    for (const int64_t number : *list)
      if (number > kMost) return unsupported("strides, dilations and pads above ", kMost, " are not implemented");
  for (const int64_t size : kernel)
    if (size > kMost) return unsupported("kernels wider than ", kMost, " are not implemented");
  return {};
}

sdk::Status read_conv(const sdk::NodeView& node, Op* op) {
  TN_RETURN_IF_ERROR(check_spatial(node));
  op->kind = Kind::kConv;
  op->groups = node.attr_int("group");
  if (op->groups < 1) return unsupported("attribute 'group' is ", op->groups);
  if (node.input(1).info().rank() != node.input(0).info().rank())
    return unsupported("input and weight differ in their number of dimensions");
  for (const int64_t d : node.input(1).info().shape())
    if (d < 1) return unsupported("a dimension of the weight is 0 or not known");
  TN_ASSIGN_OR_RETURN(op->window, sdk::WindowAttributes::parse_convolution(node));
  const sdk::ShapeView weight = node.input(1).info().shape();
  const sdk::ShapeView kernel = weight.subspan(2, weight.size() - 2);
  TN_RETURN_IF_ERROR(op->window.check_kernel(kernel.size(), kernel));
  return check_window(op->window, kernel);
}

sdk::Status read_pool(const sdk::NodeView& node, Op* op) {
  TN_RETURN_IF_ERROR(check_spatial(node));
  op->kind = Kind::kPool;
  op->is_global = node.op_type().substr(0, 6) == "Global";
  const bool is_max = node.is("MaxPool") || node.is("GlobalMaxPool");
  op->algorithm = is_max ? Algorithm::pooling_max : Algorithm::pooling_avg_exclude_padding;
  if (op->is_global) return {};
  if (has_more_outputs(node)) return unsupported("indices are not implemented");
  TN_ASSIGN_OR_RETURN(op->window, sdk::WindowAttributes::parse(node));
  TN_RETURN_IF_ERROR(op->window.check_kernel(static_cast<size_t>(node.input(0).info().rank() - 2), op->window.kernel));
  TN_RETURN_IF_ERROR(check_window(op->window, op->window.kernel));
  if (!is_max && node.attr_int("count_include_pad", 0) != 0) {
    if (op->window.ceil_mode) return unsupported("count_include_pad with ceil_mode is not implemented");
    op->algorithm = Algorithm::pooling_avg_include_padding;
  }
  const bool is_dilated =
      std::any_of(op->window.dilations.begin(), op->window.dilations.end(), [](int64_t d) { return d > 1; });
  if (is_dilated && op->window.is_same()) return unsupported("auto_pad with dilations is not implemented");
  // A window of nothing but padding has no largest element and no mean: the library's answer is another.
  for (size_t i = 0; i < op->window.pads.size(); ++i) {
    const size_t axis = i % op->window.kernel.size();
    if (op->window.pads[i] == 0) continue;
    if (op->window.pads[i] >= op->window.kernel[axis])
      return unsupported("pads as wide as the kernel are not implemented");
    if (is_dilated) return unsupported("pads with dilations are not implemented");
  }
  return {};
}

sdk::Status read_normalize(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kNormalize;
  if (node.input(0).info().rank() < 2) return unsupported("the input has fewer than 2 dimensions");
  if (node.output_count() != 1 || node.attr_int("training_mode", 0) != 0)
    return unsupported("training is not implemented");
  if (node.attr_int("spatial", 1) == 0) return unsupported("statistics per element are not implemented");
  op->epsilon = node.attr_float("epsilon");
  return {};
}

sdk::Status read_layer_norm(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kLayerNorm;
  if (has_more_outputs(node)) return unsupported("mean and deviation as outputs are not implemented");
  if (node.attr_int("stash_type") != TN_FLOAT) return unsupported("a stash_type other than float is not implemented");
  op->axis = node.attr_int("axis");
  op->epsilon = node.attr_float("epsilon");
  const sdk::TensorView x = node.input(0).info();
  TN_ASSIGN_OR_RETURN(const size_t axis, sdk::axis_index(op->axis, static_cast<size_t>(x.rank())));
  for (uint32_t i = 1; i < 3; ++i) {
    if (!node.input(i)) continue;
    const sdk::ShapeView given = node.input(i).info().shape();
    const sdk::ShapeView expected = x.shape().subspan(axis, x.shape().size() - axis);
    for (const int64_t d : given)
      if (d < 1) return unsupported("the shape of Scale or B is not known");
    if (!std::equal(given.begin(), given.end(), expected.begin(), expected.end()))
      return unsupported("Scale and B of another shape than the normalized dimensions are not implemented");
  }
  return {};
}

sdk::Status read_softmax(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kSoftmax;
  op->axis = node.attr_int("axis");
  op->flattens = node.since_version() < 13;
  op->algorithm = node.is("Softmax") ? Algorithm::softmax_accurate : Algorithm::softmax_log;
  const auto rank = static_cast<size_t>(node.input(0).info().rank());
  if (rank == 0) return unsupported("a scalar has no axis");
  return sdk::axis_index(op->axis, rank).take_status();
}

sdk::Status read_lrn(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kLrn;
  if (node.input(0).info().rank() != 4) return unsupported("inputs of other than 4 dimensions are not implemented");
  op->size = node.attr_int("size");
  op->alpha = node.attr_float("alpha");
  op->beta = node.attr_float("beta");
  op->offset = node.attr_float("bias");
  if (op->size < 1 || op->size % 2 == 0) return unsupported("even sizes are not implemented");
  return {};
}

sdk::Status read_product(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kMatMul;
  const int64_t rank_a = node.input(0).info().rank(), rank_b = node.input(1).info().rank();
  if (rank_a < 1 || rank_b < 1) return unsupported("a scalar is no matrix");
  if (node.is("MatMul")) {
    if (rank_a == 1 || rank_b == 1) return unsupported("vectors are not implemented");
    if (rank_b > 2 && rank_a != rank_b)
      return unsupported("batches of different numbers of dimensions are not implemented");
    return {};
  }
  op->transposes_a = node.attr_int("transA") != 0;
  op->transposes_b = node.attr_int("transB") != 0;
  op->alpha = node.attr_float("alpha");
  if (rank_a != 2 || rank_b != 2) return unsupported("A and B must be matrices");
  if (op->alpha == 0) return unsupported("alpha of 0 is not implemented: 0 times infinity is NaN");
  if (!node.input(2)) return {};
  if (node.attr_float("beta") != 1) return unsupported("beta other than 1 is not implemented");
  // Only then is it one vector for every row, and never a column.
  const sdk::TensorView c = node.input(2).info();
  const bool is_row = (c.rank() == 1 || (c.rank() == 2 && c.dim(0) == 1)) && c.dim(c.rank() - 1) > 1;
  if (!is_row) return unsupported("C other than a row of two elements or more is not implemented");
  return {};
}

/// A bound of Clip: an attribute before opset 11, then a constant scalar; `none` where it is left out.
sdk::Result<float> clip_bound(const sdk::NodeView& node, uint32_t input, const char* attribute, float none) {
  if (node.since_version() < 11) return node.attr_float(attribute, none);
  if (!node.input(input)) return none;
  const auto bound = node.input(input).data();
  if (!bound || bound->dtype() != TN_FLOAT || bound->count() != 1)
    return unsupported("bounds must be constant scalars");
  return bound->data<float>()[0];
}

sdk::Result<Function> read_function(const sdk::NodeView& node) {
  const auto alpha = [&] { return node.attr_float("alpha"); };
  if (node.is("Relu")) return Function{Algorithm::eltwise_relu, 0, 0};
  if (node.is("LeakyRelu") && alpha() == 0)
    return unsupported("alpha of 0 is not implemented: 0 times infinity is NaN");
  if (node.is("LeakyRelu")) return Function{Algorithm::eltwise_relu, alpha(), 0};
  if (node.is("Sigmoid")) return Function{Algorithm::eltwise_logistic, 0, 0};
  if (node.is("Tanh")) return Function{Algorithm::eltwise_tanh, 0, 0};
  if (node.is("Elu")) return Function{Algorithm::eltwise_elu, alpha(), 0};
  if (node.is("Abs")) return Function{Algorithm::eltwise_abs, 0, 0};
  if (node.is("Sqrt")) return Function{Algorithm::eltwise_sqrt, 0, 0};
  if (node.is("Mish")) return Function{Algorithm::eltwise_mish, 0, 0};
  if (node.is("Round")) return Function{Algorithm::eltwise_round, 0, 0};
  if (node.is("HardSwish")) return Function{Algorithm::eltwise_hardswish, 0, 0};
  if (node.is("Gelu") || node.is("Gelu", "com.microsoft")) {
    const std::string approximate = node.attr_string("approximate", "none");
    if (approximate == "none") return Function{Algorithm::eltwise_gelu_erf, 0, 0};
    if (approximate == "tanh") return Function{Algorithm::eltwise_gelu_tanh, 0, 0};
    return unsupported("attribute 'approximate' is '", approximate, "'");
  }
  if (!node.is("Clip")) return unsupported(node.op_type(), " is not implemented");
  constexpr float kMost = std::numeric_limits<float>::infinity();
  TN_ASSIGN_OR_RETURN(const float low, clip_bound(node, 1, "min", -kMost));
  TN_ASSIGN_OR_RETURN(const float high, clip_bound(node, 2, "max", kMost));
  if (!(low <= high)) return unsupported("a lower bound above the upper one, or NaN, is not implemented");
  return Function{Algorithm::eltwise_clip, low, high};
}

sdk::Status read_binary(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kBinary;
  if (node.since_version() < (node.is("Sum") ? 8 : 7))
    return unsupported("forms without broadcasting, or with an axis for it, are not implemented");
  if (node.input_count() != 2) return unsupported("other than two inputs are not implemented");
  if (node.is("Add") || node.is("Sum")) op->algorithm = Algorithm::binary_add;
  if (node.is("Sub")) op->algorithm = Algorithm::binary_sub;
  if (node.is("Mul")) op->algorithm = Algorithm::binary_mul;
  if (node.is("Div")) op->algorithm = Algorithm::binary_div;
  return {};
}

sdk::Status read_flatten(const sdk::NodeView& node, Op* op) {
  op->kind = Kind::kFlatten;
  op->axis = node.attr_int("axis");
  op->version = node.since_version();
  return sdk::flatten_index(op->axis, static_cast<size_t>(node.input(0).info().rank()), op->version).take_status();
}

using Reader = sdk::Status (*)(const sdk::NodeView&, Op*);
struct NamedReader {
  std::string_view op_type;
  Reader read;
};
constexpr NamedReader kReaders[] = {{"Conv", read_conv},
                                    {"MaxPool", read_pool},
                                    {"AveragePool", read_pool},
                                    {"GlobalMaxPool", read_pool},
                                    {"GlobalAveragePool", read_pool},
                                    {"BatchNormalization", read_normalize},
                                    {"LRN", read_lrn},
                                    {"Softmax", read_softmax},
                                    {"LogSoftmax", read_softmax},
                                    {"MatMul", read_product},
                                    {"Gemm", read_product},
                                    {"LayerNormalization", read_layer_norm},
                                    {"Add", read_binary},
                                    {"Sub", read_binary},
                                    {"Mul", read_binary},
                                    {"Div", read_binary},
                                    {"Sum", read_binary},
                                    {"Flatten", read_flatten}};

}  // namespace

uint32_t read_inputs(const sdk::NodeView& node) {
  return node.is("Clip") ? 1 : node.input_count();
}

sdk::Result<Op> read_op(const sdk::NodeView& node, Numbering& numbers) {
  constexpr const char* kNames[] = {"the first input", "the second input", "the third input", "an input"};
  for (uint32_t i = 0; i < read_inputs(node); ++i)
    TN_RETURN_IF_ERROR(check_value(node.input(i), kNames[std::min(i, 3u)]));
  Op op;
  const NamedReader* found = nullptr;
  for (const NamedReader& reader : kReaders)
    if (node.is(reader.op_type)) found = &reader;
  if (found != nullptr) {
    op.name = found->op_type;
    TN_RETURN_IF_ERROR(found->read(node, &op));
  } else {
    op.name = "function";
    TN_ASSIGN_OR_RETURN(op.function, read_function(node));
  }
  for (uint32_t i = 0; i < read_inputs(node); ++i) op.inputs.push_back(numbers.of(node.input(i)));
  op.output = numbers.of(node.output(0));
  return op;
}

}  // namespace onednn
