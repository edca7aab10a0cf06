// A group of nodes in the provider's own words: values numbered, attributes read. Immutable once made; borrows nothing
// from the host.
#pragma once

#include <map>
#include <tenon/sdk/geometry/window.hpp>
#include <tenon/sdk/sdk.hpp>
#include <vector>

#include "onednn.h"

namespace onednn {

enum class Kind { kConv, kMatMul, kPool, kNormalize, kLayerNorm, kSoftmax, kLrn, kEltwise, kBinary, kFlatten };

/// y = f(x) of one number. oneDNN's relu and clip lose NaN: they are used where none can be there, see Step::range.
struct Function {
  dnnl::algorithm algorithm = dnnl::algorithm::undef;
  float alpha = 0, beta = 0;

  bool loses_nan() const {
    return (algorithm == dnnl::algorithm::eltwise_relu && alpha == 0) || algorithm == dnnl::algorithm::eltwise_clip;
  }
};

/// What became of a BatchNormalization that a convolution took in: the values of its parameters.
struct ChannelScale {
  int scale, bias, mean, variance;
  float epsilon;
};

constexpr int kNone = -1;

struct Op {
  Kind kind = Kind::kEltwise;
  std::string_view name;    // of the operator, for profile and errors; a literal
  std::vector<int> inputs;  // values; kNone: left out
  int output = kNone;

  Function function;  // kEltwise
  dnnl::algorithm algorithm = dnnl::algorithm::undef;
  sdk::WindowAttributes window;
  int64_t groups = 1;
  bool is_global = false;
  int64_t axis = 0;
  bool flattens = false;  // Softmax before opset 13
  bool transposes_a = false, transposes_b = false;
  float alpha = 1;    // Gemm, LRN
  float beta = 1;     // LRN
  float epsilon = 0;  // of normalizations
  float offset = 0;   // LRN
  int64_t size = 0;   // LRN
  int version = 0;
  int slot = kNone;  // of its packed weight

  // What follows and was taken in, in this order.
  std::vector<ChannelScale> scales;  // kConv
  int residual = kNone;
  std::vector<Function> functions;
};

struct Value {
  int input = kNone;  // of the kernel
  int output = kNone;
  bool is_constant = false;
  sdk::Shape shape;   // -1: not known
  int use_count = 0;  // within the group, an output counted as one more
};

struct Group {
  std::vector<Value> values;
  std::vector<Op> ops;
};

/// Hands out the numbers of values.
class Numbering {
 public:
  int of(const sdk::ValueView& value) {
    return value ? numbers_.emplace(value.c(), static_cast<int>(numbers_.size())).first->second : kNone;
  }
  size_t size() const { return numbers_.size(); }

 private:
  std::map<const tn_value*, int> numbers_;
};

/// The node as an Op, or TN_UNSUPPORTED with the reason. Reads shapes, types and attributes, and data of constants that
/// are scalars.
sdk::Result<Op> read_op(const sdk::NodeView& node, Numbering& numbers);
/// How many inputs of a node are tensors that its kernel reads; the bounds of Clip are read with its attributes.
uint32_t read_inputs(const sdk::NodeView& node);
/// The group of a single node, whose inputs and outputs are the kernel's.
sdk::Result<Group> group_of(const sdk::NodeView& node);
/// Of a claimed group.
sdk::Result<Group> group_of(const sdk::GraphView& graph);

/// Takes normalizations by constants behind convolutions into these. Looks at no shape but those of weights.
void fold_scales(Group* group);
/// Fills the shapes of all values, those of the kernel's inputs being known and without -1.
sdk::Status infer_shapes(Group* group);
/// With shapes known: takes additions and functions behind convolutions and products into these.
void fuse(Group* group);
/// The windows of a convolution or a pooling over x.
sdk::Result<std::vector<sdk::WindowAxis>> windows_of(const Op& op, sdk::ShapeView x, sdk::ShapeView kernel);

}  // namespace onednn
