// MatMul and Gemm. A matrix B, constant or not, is used in the layout that oneDNN likes, and one product of M x K by
// K x N is cut by rows of A, or by columns of B where A has few; batches are cut by matrices.
#include <algorithm>
#include <tenon/sdk/geometry/matmul.hpp>

#include "lower/weights.h"

namespace onednn {
namespace {

constexpr double kPartFlops = 8e6;
constexpr int64_t kMostParts = 32;
constexpr int64_t kFewRows = 32;
constexpr auto kElement = static_cast<int64_t>(sizeof(float));
constexpr auto kFloat = dnnl::memory::data_type::f32;
constexpr int kBiasOperand = DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1;

Place beside(Place place, int64_t bytes) {
  return {place.buffer, place.offset + bytes};
}

class ProductLowering {
 public:
  ProductLowering(Builder& builder, const Op& op)
      : builder_(builder), op_(op), tail_(tail_of(builder, op, op.slot != kNone)) {
    const Dims a = builder.dims(op.inputs[0]), b = builder.dims(op.inputs[1]);
    k_ = op.transposes_a ? a[0] : a.back();
    n_ = builder.dims(op.output).back();
    m_ = sdk::element_count(sdk::ShapeView(a)) / std::max<int64_t>(k_, 1);
    is_matrix_ = b.size() == 2;
    attributes_ = plain_attributes();
    if (op.alpha != 1) attributes_.set_output_scales(0, {op.alpha});
    dnnl::post_ops post_ops;
    // The scale would count for a bias, too.
    adds_bias_behind_ = has_bias() && op.alpha != 1;
    if (adds_bias_behind_) post_ops.append_binary(dnnl::algorithm::binary_add, row_major({1, n_}));
    for (int i = 0; i < tail_.post_ops.len(); ++i) {
      float scale, alpha, beta;
      dnnl::algorithm algorithm;
      if (tail_.post_ops.kind(i) == dnnl::primitive::kind::sum) {
        post_ops.append_sum(1.f);
      } else {
        tail_.post_ops.get_params_eltwise(i, scale, algorithm, alpha, beta);
        post_ops.append_eltwise(scale, algorithm, alpha, beta);
      }
    }
    attributes_.set_post_ops(post_ops);
  }

  sdk::Status lower() {
    step_->name = op_.name;
    a_ = builder_.tensor_in(op_.inputs[0], row_major(builder_.dims(op_.inputs[0])));
    b_ = op_.slot == kNone ? builder_.tensor_in(op_.inputs[1], row_major(builder_.dims(op_.inputs[1]))) : -1;
    if (has_bias()) bias_ = builder_.tensor_in(op_.inputs[2], row_major(builder_.dims(op_.inputs[2])));
    const Desc y = row_major(builder_.dims(op_.output));
    if (op_.residual != kNone) residual_ = builder_.tensor_in(op_.residual, y);
    const bool adds_in_place =
        residual_ >= 0 && residual_ == builder_.tensor(op_.residual) && builder_.may_overwrite(op_.residual, residual_);
    y_ = adds_in_place ? builder_.define_in_place(op_.output, residual_) : builder_.define(op_.output, y);
    copies_residual_ = residual_ >= 0 && !adds_in_place;
    if (is_matrix_) {
      cut_matrix();
    } else {
      cut_batch();
    }
    finish_step();
    return {};
  }

 private:
  bool has_bias() const { return op_.inputs.size() > 2 && op_.inputs[2] != kNone; }

  Desc a_desc() const { return op_.transposes_a ? Desc({m_, k_}, kFloat, Dims{1, m_}) : row_major({m_, k_}); }
  Desc b_desc() const {
    if (op_.slot != kNone) return builder_.packed(op_.slot).weight;
    return op_.transposes_b ? Desc({k_, n_}, kFloat, Dims{1, k_}) : row_major({k_, n_});
  }
  Place b_place(int64_t bytes) {
    return op_.slot != kNone ? builder_.packed_place(op_.slot, bytes) : beside(builder_.at(b_).place, bytes);
  }

  int add_variant(const Desc& a, const Desc& b, const Desc& y) {
    const int64_t columns = y.data.dims[y.data.ndims - 1];
    Dims bias_dims(static_cast<size_t>(y.data.ndims), 1);
    bias_dims.back() = columns;
    const Desc bias = row_major(bias_dims);
    const auto pd = product_primitive(a, b, has_bias() && !adds_bias_behind_ ? bias : Desc(), y, attributes_);
    std::vector<PrimitiveStep::Operand> operands{{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, y}};
    if (has_bias()) operands.push_back({adds_bias_behind_ ? kBiasOperand : DNNL_ARG_BIAS, bias});
    return step_->add_variant(dnnl::matmul(pd), std::move(operands), pd.scratchpad_desc());
  }

  void cut_matrix() {
    const double flops = 2.0 * static_cast<double>(m_) * static_cast<double>(k_) * static_cast<double>(n_);
    const int64_t wanted = std::clamp<int64_t>(static_cast<int64_t>(flops / kPartFlops), 1, kMostParts);
    const int64_t unit = std::max<int64_t>(64, block_of(b_desc(), 1));
    // A weight is read once for each part of rows: by columns it is read once in all.
    const bool by_columns = m_ < kFewRows && n_ > unit && !adds_bias_behind_;
    if (by_columns) {
      const int64_t parts = std::clamp<int64_t>(k_ * n_ / 65536, wanted, kMostParts);
      cut_columns(std::max(unit, (n_ / parts + unit - 1) / unit * unit));
    } else {
      cut_rows(std::max<int64_t>(kFewRows, (m_ + wanted - 1) / wanted));
    }
    step_->part_ns = flops / static_cast<double>(step_->parts) / 50;
  }

  void cut_rows(int64_t height) {
    const Desc a = a_desc();
    int variant = -1;
    for (int64_t begin = 0, of = 0; begin < m_; begin += height) {
      const int64_t count = std::min(height, m_ - begin);
      const Desc y = row_major({count, n_});
      if (count != of) variant = add_variant(part_of(a, 0, count), b_desc(), y);
      of = count;
      add_call(variant, begin * stride_bytes(a, 0), 0, 0, begin * n_ * kElement, count * n_ * kElement);
    }
  }

  void cut_columns(int64_t width) {
    const Desc a = a_desc(), b = b_desc();
    Place own;
    std::vector<int> variants;
    for (int64_t first = 0; first < n_; first += width) {
      const int64_t count = std::min(width, n_ - first);
      const bool is_new = first == 0 || count != width;
      variants.push_back(is_new ? add_variant(a, part_of(b, 1, count), row_major({m_, count})) : variants.back());
    }
    if (m_ > 1) own = step_->add_worker_bytes(m_ * width * kElement);
    for (int64_t first = 0, i = 0; first < n_; first += width, ++i) {
      const int64_t count = std::min(width, n_ - first), offset = first * kElement, bytes = count * kElement;
      const int64_t b_offset = first / block_of(b, 1) * stride_bytes(b, 1);
      const int variant = variants[static_cast<size_t>(i)];
      if (m_ == 1) {
        add_call(variant, 0, b_offset, offset, offset, bytes);
        continue;
      }
      PrimitiveStep::Call call = call_of(variant, 0, b_offset, offset, own);
      const int64_t row = n_ * kElement;
      if (residual_ >= 0)
        call.before.push_back({beside(builder_.at(residual_).place, offset), own, m_, bytes, row, bytes});
      call.after.push_back({own, beside(builder_.at(y_).place, offset), m_, bytes, bytes, row});
      step_->add_call(std::move(call));
    }
  }

  PrimitiveStep::Call call_of(int variant, int64_t a_offset, int64_t b_offset, int64_t bias_offset, Place y) {
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {beside(builder_.at(a_).place, a_offset), b_place(b_offset), y};
    if (bias_ >= 0) call.places.push_back(beside(builder_.at(bias_).place, bias_offset));
    return call;
  }

  void add_call(int variant, int64_t a_offset, int64_t b_offset, int64_t bias_offset, int64_t y_offset,
                int64_t y_bytes) {
    const Place y = beside(builder_.at(y_).place, y_offset);
    PrimitiveStep::Call call = call_of(variant, a_offset, b_offset, bias_offset, y);
    if (copies_residual_) call.before.push_back({beside(builder_.at(residual_).place, y_offset), y, 1, y_bytes, 0, 0});
    step_->add_call(std::move(call));
  }

  /// Equal batches lie one after the other and go by several; else each matrix finds its operands.
  void cut_batch() {
    const Dims a = builder_.dims(op_.inputs[0]), b = builder_.dims(op_.inputs[1]), y = builder_.dims(op_.output);
    const int64_t rows = a[a.size() - 2], a_bytes = rows * k_ * kElement, b_bytes = k_ * n_ * kElement,
                  y_bytes = rows * n_ * kElement;
    int64_t batch = 1;
    for (size_t i = 0; i + 2 < y.size(); ++i) batch *= y[i];
    const bool is_equal = std::equal(a.begin(), a.end() - 2, b.begin(), b.end() - 2);
    const double flops = 2.0 * static_cast<double>(rows) * static_cast<double>(k_) * static_cast<double>(n_);
    const int64_t least = (batch + kMostParts - 1) / kMostParts;
    const int64_t together =
        is_equal ? std::clamp<int64_t>(static_cast<int64_t>(kPartFlops / 4 / flops), least, std::max(batch, least)) : 1;
    int variant = -1;
    for (int64_t begin = 0, of = 0; begin < batch; begin += together) {
      const int64_t count = std::min(together, batch - begin);
      if (count != of)
        variant = add_variant(batch_desc(count, rows, k_), batch_desc(count, k_, n_), batch_desc(count, rows, n_));
      of = count;
      const int64_t at_a = is_equal ? begin : batch_index(begin, y, a),
                    at_b = is_equal ? begin : batch_index(begin, y, b);
      add_call(variant, at_a * a_bytes, at_b * b_bytes, 0, begin * y_bytes, count * y_bytes);
    }
    step_->part_ns = flops * static_cast<double>(together) / 50;
  }

  static Desc batch_desc(int64_t count, int64_t rows, int64_t columns) { return row_major({count, rows, columns}); }

  /// Which matrix of an operand goes into the index-th of the result.
  static int64_t batch_index(int64_t index, const Dims& result, const Dims& operand) {
    int64_t found = 0, step = 1;
    for (size_t i = result.size() - 2; i-- > 0;) {
      if (operand[i] != 1) found += index % result[i] * step;
      index /= result[i];
      step *= operand[i];
    }
    return found;
  }

  void finish_step() {
    step_->slot = op_.slot;
    step_->multiply_adds = sdk::element_count(builder_.dims(op_.output)) * k_;
    step_->growth = tail_.keeps_bound && op_.slot != kNone ? Growth::kGain : Growth::kUnknown;
    std::vector<int> sources = {a_};
    for (const int tensor : {bias_, residual_})
      if (tensor >= 0) sources.push_back(tensor);
    add_with_tail(builder_, tail_, std::move(step_), std::move(sources), b_, y_);
  }

  Builder& builder_;
  const Op& op_;
  const Tail tail_;
  dnnl::primitive_attr attributes_;
  int64_t m_ = 0, k_ = 0, n_ = 0;
  bool is_matrix_ = true, adds_bias_behind_ = false, copies_residual_ = false;
  int a_ = -1, b_ = -1, bias_ = -1, residual_ = -1, y_ = -1;
  std::unique_ptr<PrimitiveStep> step_ = std::make_unique<PrimitiveStep>();
};

}  // namespace

sdk::Status lower_product(Builder& builder, const Op& op) {
  return ProductLowering(builder, op).lower();
}

}  // namespace onednn
