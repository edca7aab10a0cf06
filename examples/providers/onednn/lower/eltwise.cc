// Functions of one element, and Add, Sub, Mul, Div. Both see a tensor as a line of numbers wherever its layout lets
// them, and cut it into pieces. Relu and Clip alone are loops, since oneDNN's lose NaN.
#include <algorithm>
#include <cfloat>
#include <cstring>
#include <tenon/sdk/geometry/broadcast.hpp>

#include "lower/builder.h"

namespace onednn {
namespace {

using Algorithm = dnnl::algorithm;

constexpr int64_t kPiece = 16384;
constexpr auto kElement = static_cast<int64_t>(sizeof(float));

Place beside(Place place, int64_t elements) {
  return {place.buffer, place.offset + elements * kElement};
}

int64_t elements_of(const Desc& desc) {
  return static_cast<int64_t>(desc.get_size()) / kElement;
}

void loop(const Function& function, const float* x, float* y, int64_t count) {
  if (function.algorithm == Algorithm::eltwise_relu) {
    for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? 0 : x[i];
    return;
  }
  const float low = function.alpha, high = function.beta;
  for (int64_t i = 0; i < count; ++i) {
    const float raised = x[i] < low ? low : x[i];
    y[i] = raised > high ? high : raised;
  }
}

bool keeps_zero(const Function& function) {
  switch (function.algorithm) {
    case Algorithm::eltwise_logistic: return false;
    case Algorithm::eltwise_clip: return function.alpha <= 0 && function.beta >= 0;
    default: return true;
  }
}

Growth growth_of(const Function& function) {
  switch (function.algorithm) {
    case Algorithm::eltwise_relu: return function.alpha == 0 ? Growth::kSame : Growth::kUnknown;
    case Algorithm::eltwise_abs: return Growth::kSame;
    case Algorithm::eltwise_logistic:
    case Algorithm::eltwise_tanh: return Growth::kOne;
    default: return Growth::kUnknown;
  }
}

StepPtr function_step(const Function& function, const Tensor& from, const Tensor& to) {
  const int64_t count = elements_of(from.desc);
  if (function.loses_nan()) {
    const Place x = from.place, y = to.place;
    auto step = std::make_unique<LoopStep>([=](int64_t part, const Memory& memory) {
      const int64_t begin = part * kPiece;
      loop(function, memory.at<float>(x) + begin, memory.at<float>(y) + begin, std::min(kPiece, count - begin));
    });
    step->parts = (count + kPiece - 1) / kPiece;
    return step;
  }
  auto step = std::make_unique<PrimitiveStep>();
  int variant = -1;
  for (int64_t begin = 0, of = 0; begin < count; begin += kPiece) {
    const int64_t piece = std::min(kPiece, count - begin);
    if (piece != of) {
      const Desc line = row_major({piece});
      const dnnl::eltwise_forward::primitive_desc pd(
          dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_inference, function.algorithm, line, function.alpha,
                                      function.beta),
          plain_attributes(), cpu());
      variant = step->add_variant(dnnl::eltwise_forward(pd), {{DNNL_ARG_SRC, line}, {DNNL_ARG_DST, line}},
                                  pd.scratchpad_desc());
      of = piece;
    }
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {beside(from.place, begin), beside(to.place, begin)};
    step->add_call(std::move(call));
  }
  return step;
}

/// Two shapes, dimension by dimension, with neighbours made one where b has both or neither; without dimensions of 1.
struct Aligned {
  Dims a, b;

  Aligned(const Dims& full, const Dims& other) {
    for (size_t i = 0; i < full.size(); ++i) {
      if (full[i] == 1) continue;
      const bool joins = !a.empty() && (b.back() == 1) == (other[i] == 1);
      if (joins) {
        a.back() *= full[i];
        b.back() *= other[i];
      } else {
        a.push_back(full[i]);
        b.push_back(other[i]);
      }
    }
    if (a.empty()) a = b = {1};
  }
};

Dims with_rank(Dims dims, size_t rank) {
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return dims;
}

/// y, of dimensions `to`, from x of dimensions `from`, which are 1 where they differ.
StepPtr expand_step(const Tensor& x, const Dims& from, const Tensor& y, const Dims& to) {
  const Place x_place = x.place, y_place = y.place;
  return std::make_unique<LoopStep>([=](int64_t, const Memory& memory) {
    const float* source = memory.at<const float>(x_place);
    float* target = memory.at<float>(y_place);
    Dims position(to.size(), 0);
    const int64_t count = sdk::element_count(sdk::ShapeView(to));
    for (int64_t i = 0; i < count; ++i) {
      int64_t at = 0;
      for (size_t d = 0; d < to.size(); ++d) at = at * from[d] + (from[d] == 1 ? 0 : position[d]);
      target[i] = source[at];
      for (size_t d = to.size(); d-- > 0 && ++position[d] == to[d];) position[d] = 0;
    }
  });
}

StepPtr binary_step(Algorithm algorithm, const Aligned& dims, Place a, Place b, Place y) {
  auto step = std::make_unique<PrimitiveStep>();
  const int64_t rows = dims.a[0], count = sdk::element_count(sdk::ShapeView(dims.a)), row = count / rows;
  const int64_t b_row = dims.b[0] == 1 ? 0 : sdk::element_count(sdk::ShapeView(dims.b)) / rows;
  const int64_t together = std::max<int64_t>(1, kPiece / row);
  int variant = -1;
  for (int64_t begin = 0, of = 0; begin < rows; begin += together) {
    const int64_t piece = std::min(together, rows - begin);
    if (piece != of) {
      Dims dims_a = dims.a, dims_b = dims.b;
      dims_a[0] = piece;
      if (dims_b[0] != 1) dims_b[0] = piece;
      const Desc desc_a = row_major(dims_a), desc_b = row_major(dims_b);
      const dnnl::binary::primitive_desc pd(dnnl::binary::desc(algorithm, desc_a, desc_b, desc_a), plain_attributes(),
                                            cpu());
      variant = step->add_variant(dnnl::binary(pd),
                                  {{DNNL_ARG_SRC_0, desc_a}, {DNNL_ARG_SRC_1, desc_b}, {DNNL_ARG_DST, desc_a}},
                                  pd.scratchpad_desc());
      of = piece;
    }
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {beside(a, begin * row), beside(b, begin * b_row), beside(y, begin * row)};
    step->add_call(std::move(call));
  }
  return step;
}

}  // namespace

void add_function_between(Builder& builder, const Function& function, int from, int to) {
  StepPtr step = function_step(function, builder.at(from), builder.at(to));
  step->name = "function";
  step->part_ns = 4000;
  step->growth = growth_of(function);
  step->ceiling = FLT_MAX;
  step->sources = {from};
  step->target = to;
  builder.add(std::move(step), {from, to});
}

void add_function(Builder& builder, const Function& function, int tensor) {
  const Desc desc = builder.at(tensor).desc;
  if (!has_padding(desc) || keeps_zero(function)) return add_function_between(builder, function, tensor, tensor);
  const int plain = builder.temporary(row_major(desc.dims()));
  builder.reorder(tensor, plain);
  add_function_between(builder, function, plain, plain);
  builder.reorder(plain, tensor);
}

void add_with_tail(Builder& builder, const Tail& tail, StepPtr step, std::vector<int> sources, int weight, int y) {
  std::vector<int> used = sources;
  if (weight >= 0) used.push_back(weight);
  used.push_back(y);
  step->needs_range = tail.loses_nan;
  step->most = tail.most;
  step->sources = std::move(sources);
  step->target = y;
  builder.add(std::move(step), used);
  for (const Function& function : tail.left) add_function(builder, function, y);
}

sdk::Status lower_eltwise(Builder& builder, const Op& op) {
  int x = builder.tensor(op.inputs[0]);
  if (has_padding(builder.at(x).desc) && !keeps_zero(op.function))
    x = builder.tensor_in(op.inputs[0], row_major(builder.dims(op.inputs[0])));
  const Desc desc = builder.at(x).desc;
  add_function_between(builder, op.function, x, builder.define(op.output, desc));
  return {};
}

sdk::Status lower_binary(Builder& builder, const Op& op) {
  int first = op.inputs[0], second = op.inputs[1];
  const Dims y_dims = builder.dims(op.output);
  const auto dims_of = [&](int value) { return with_rank(builder.dims(value), y_dims.size()); };
  const bool commutes = op.algorithm == Algorithm::binary_add || op.algorithm == Algorithm::binary_mul;
  if (commutes && dims_of(first) != y_dims && dims_of(second) == y_dims) std::swap(first, second);

  Desc layout = row_major(y_dims);
  const Dims b_dims = dims_of(second);
  int a = builder.tensor(first), b = -1;
  Aligned aligned(y_dims, b_dims);
  if (dims_of(first) != y_dims) {
    const int x = builder.tensor_in(first, row_major(builder.dims(first)));
    a = builder.temporary(layout);
    StepPtr expand = expand_step(builder.at(x), dims_of(first), builder.at(a), y_dims);
    expand->name = "expand";
    builder.add(std::move(expand), {x, a});
  } else {
    const Desc as_it_lies = builder.at(a).desc;
    const bool is_padded = has_padding(as_it_lies);
    const bool may_keep =
        builder.dims(first).size() == y_dims.size() && (!is_padded || op.algorithm != Algorithm::binary_div);
    bool is_per_channel = y_dims.size() > 2 && as_it_lies == channels_last(y_dims);
    for (size_t i = 0; i < b_dims.size(); ++i) is_per_channel &= i == 1 || b_dims[i] == 1;
    if (may_keep && builder.dims(second) == y_dims) {
      layout = as_it_lies;
      b = builder.tensor_in(second, layout);
      aligned.a = aligned.b = {elements_of(layout)};
    } else if (may_keep && is_per_channel) {
      layout = as_it_lies;
      aligned.a = {elements_of(layout) / y_dims[1], y_dims[1]};
      aligned.b = {1, b_dims[1]};
    } else {
      a = builder.tensor_in(first, row_major(builder.dims(first)));
    }
  }
  if (b < 0) b = builder.tensor_in(second, row_major(builder.dims(second)));
  const int y = builder.define(op.output, layout);
  StepPtr step = binary_step(op.algorithm, aligned, builder.at(a).place, builder.at(b).place, builder.at(y).place);
  step->name = op.name;
  step->part_ns = 5000;
  if (op.algorithm == Algorithm::binary_add || op.algorithm == Algorithm::binary_sub) step->growth = Growth::kSum;
  if (op.algorithm == Algorithm::binary_mul) step->growth = Growth::kProduct;
  step->ceiling = FLT_MAX;
  step->sources = {a, b};
  step->target = y;
  builder.add(std::move(step), {a, b, y});
  return {};
}

}  // namespace onednn
