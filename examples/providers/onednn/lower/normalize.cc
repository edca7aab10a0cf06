// BatchNormalization alone, LayerNormalization, Softmax, LogSoftmax and LRN. oneDNN's softmax spreads NaN and infinity
// otherwise than ONNX: it needs a proof that there are none, or is a loop.
#include <algorithm>
#include <cfloat>
#include <tenon/sdk/geometry/axes.hpp>

#include "lower/builder.h"

namespace onednn {
namespace {

constexpr int64_t kPartElements = 16384;
constexpr auto kElement = static_cast<int64_t>(sizeof(float));

Place beside(Place place, int64_t elements) {
  return {place.buffer, place.offset + elements * kElement};
}

/// Adds calls over `rows` rows of `row` elements, several at once: `make` gives the variant for a number of rows.
template <typename Make>
void cut_rows(PrimitiveStep* step, int64_t rows, int64_t row, Place x, Place y, const std::vector<Place>& others,
              const Make& make) {
  const int64_t together = std::max<int64_t>(1, kPartElements / std::max<int64_t>(row, 1));
  int variant = -1;
  for (int64_t begin = 0, of = 0; begin < rows; begin += together) {
    const int64_t count = std::min(together, rows - begin);
    if (count != of) variant = make(count);
    of = count;
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {beside(x, begin * row), beside(y, begin * row)};
    call.places.insert(call.places.end(), others.begin(), others.end());
    step->add_call(std::move(call));
  }
  step->part_ns = static_cast<double>(std::min(together, rows) * row);
}

int plain_input(Builder& builder, int value) {
  return builder.tensor_in(value, row_major(builder.dims(value)));
}

}  // namespace

sdk::Status lower_softmax(Builder& builder, const Op& op) {
  const sdk::Shape& shape = builder.group().values[static_cast<size_t>(op.inputs[0])].shape;
  TN_ASSIGN_OR_RETURN(const size_t axis, sdk::axis_index(op.axis, shape.size()));
  const sdk::ShapeView all = shape;
  const int64_t outer = sdk::element_count(all.subspan(0, axis));
  const int64_t length = op.flattens ? sdk::element_count(all.subspan(axis, all.size() - axis)) : shape[axis];
  const int64_t inner = sdk::element_count(all) / outer / length;
  const bool is_log = op.algorithm == dnnl::algorithm::softmax_log;
  const int x = plain_input(builder, op.inputs[0]);
  const int y = builder.define(op.output, row_major(builder.dims(op.output)));
  if (builder.careful()) {
    StepPtr loop = softmax_loop(builder.at(x), builder.at(y), outer, length, inner, is_log);
    loop->name = op.name;
    builder.add(std::move(loop), {x, y});
    return {};
  }
  auto step = std::make_unique<PrimitiveStep>();
  cut_rows(step.get(), outer, length * inner, builder.at(x).place, builder.at(y).place, {}, [&](int64_t count) {
    const Desc desc = row_major({count, length, inner});
    using Softmax = dnnl::softmax_v2_forward;
    const Softmax::primitive_desc pd(Softmax::desc(dnnl::prop_kind::forward_inference, op.algorithm, desc, desc, 1),
                                     plain_attributes(), cpu());
    return step->add_variant(Softmax(pd), {{DNNL_ARG_SRC, desc}, {DNNL_ARG_DST, desc}}, pd.scratchpad_desc());
  });
  step->name = op.name;
  step->needs_range = true;
  step->growth = Growth::kOne;
  step->sources = {x};
  if (!is_log) step->target = y;
  builder.add(std::move(step), {x, y});
  return {};
}

sdk::Status lower_layer_norm(Builder& builder, const Op& op) {
  const sdk::Shape& shape = builder.group().values[static_cast<size_t>(op.inputs[0])].shape;
  TN_ASSIGN_OR_RETURN(const size_t axis, sdk::axis_index(op.axis, shape.size()));
  const int64_t rows = sdk::element_count(sdk::ShapeView(shape).subspan(0, axis));
  const int64_t row = sdk::element_count(sdk::ShapeView(shape)) / rows;
  const int x = plain_input(builder, op.inputs[0]);
  std::vector<int> used{x};
  std::vector<Place> others;
  std::vector<PrimitiveStep::Operand> operands;
  auto flags = dnnl::normalization_flags::none;
  const auto take = [&](size_t input, dnnl::normalization_flags flag, int name) {
    if (input >= op.inputs.size() || op.inputs[input] == kNone) return;
    used.push_back(plain_input(builder, op.inputs[input]));
    others.push_back(builder.at(used.back()).place);
    operands.push_back({name, row_major({row})});
    flags = flags | flag;
  };
  take(1, dnnl::normalization_flags::use_scale, DNNL_ARG_SCALE);
  take(2, dnnl::normalization_flags::use_shift, DNNL_ARG_SHIFT);
  const int y = builder.define(op.output, row_major(builder.dims(op.output)));
  used.push_back(y);
  auto step = std::make_unique<PrimitiveStep>();
  cut_rows(step.get(), rows, row, builder.at(x).place, builder.at(y).place, others, [&](int64_t count) {
    const Desc desc = row_major({count, row});
    using Norm = dnnl::layer_normalization_forward;
    const Norm::primitive_desc pd(Norm::desc(dnnl::prop_kind::forward_inference, desc, op.epsilon, flags),
                                  plain_attributes(), cpu());
    std::vector<PrimitiveStep::Operand> all{{DNNL_ARG_SRC, desc}, {DNNL_ARG_DST, desc}};
    all.insert(all.end(), operands.begin(), operands.end());
    return step->add_variant(Norm(pd), std::move(all), pd.scratchpad_desc());
  });
  step->name = op.name;
  builder.add(std::move(step), used);
  return {};
}

sdk::Status lower_normalize(Builder& builder, const Op& op) {
  // Channels last, every pixel is a row of its own; else every channel of an image is.
  const Dims dims = builder.dims(op.inputs[0]);
  const int64_t channels = dims[1], pixels = sdk::element_count(sdk::ShapeView(dims)) / channels / dims[0];
  const int lies = builder.tensor(op.inputs[0]);
  const bool is_last = dims.size() == 2 || builder.at(lies).desc == channels_last(dims);
  const Desc layout = is_last && dims.size() > 2 ? channels_last(dims) : row_major(dims);
  const int x = builder.tensor_in(op.inputs[0], layout);
  std::vector<int> used{x};
  std::vector<Place> others;
  constexpr int kNames[] = {DNNL_ARG_SCALE, DNNL_ARG_SHIFT, DNNL_ARG_MEAN, DNNL_ARG_VARIANCE};
  std::vector<PrimitiveStep::Operand> operands;
  for (size_t i = 0; i < 4; ++i) {
    used.push_back(plain_input(builder, op.inputs[i + 1]));
    others.push_back(builder.at(used.back()).place);
    operands.push_back({kNames[i], row_major({channels})});
  }
  const int y = builder.define(op.output, layout);
  used.push_back(y);
  auto step = std::make_unique<PrimitiveStep>();
  const auto make = [&](const Desc& desc) {
    using Norm = dnnl::batch_normalization_forward;
    using Flags = dnnl::normalization_flags;
    const Norm::primitive_desc pd(Norm::desc(dnnl::prop_kind::forward_inference, desc, op.epsilon,
                                             Flags::use_global_stats | Flags::use_scale | Flags::use_shift),
                                  plain_attributes(), cpu());
    std::vector<PrimitiveStep::Operand> all{{DNNL_ARG_SRC, desc}, {DNNL_ARG_DST, desc}};
    all.insert(all.end(), operands.begin(), operands.end());
    return step->add_variant(Norm(pd), std::move(all), pd.scratchpad_desc());
  };
  if (is_last) {
    cut_rows(step.get(), dims[0] * pixels, channels, builder.at(x).place, builder.at(y).place, others,
             [&](int64_t count) {
               return make(channels_last({1, channels, count, 1}));
             });
  } else {
    cut_rows(step.get(), dims[0], channels * pixels, builder.at(x).place, builder.at(y).place, others,
             [&](int64_t count) {
               return make(row_major({count, channels, pixels, 1}));
             });
  }
  step->name = op.name;
  builder.add(std::move(step), used);
  return {};
}

sdk::Status lower_lrn(Builder& builder, const Op& op) {
  const Dims dims = builder.dims(op.inputs[0]);
  const int x = plain_input(builder, op.inputs[0]);
  const int y = builder.define(op.output, row_major(dims));
  const int64_t image = sdk::element_count(sdk::ShapeView(dims)) / dims[0];
  auto step = std::make_unique<PrimitiveStep>();
  cut_rows(step.get(), dims[0], image, builder.at(x).place, builder.at(y).place, {}, [&](int64_t count) {
    const Desc desc = row_major({count, dims[1], dims[2], dims[3]});
    const dnnl::lrn_forward::primitive_desc pd(
        dnnl::lrn_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels, desc, op.size,
                                op.alpha, op.beta, op.offset),
        plain_attributes(), cpu());
    return step->add_variant(dnnl::lrn_forward(pd), {{DNNL_ARG_SRC, desc}, {DNNL_ARG_DST, desc}}, pd.scratchpad_desc());
  });
  step->name = op.name;
  builder.add(std::move(step), {x, y});
  return {};
}

}  // namespace onednn
