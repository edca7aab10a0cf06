// The operators of com.microsoft.nchwc, which onnxruntime writes into models that it has optimized for one machine:
// those of the ONNX domain on float tensors N x C x H x W whose elements lie as N x C/b x H x W x b, C being a multiple
// of the block b. Each is the ONNX operator's kernel between two moves of the elements; scratch: what is moved, in its
// plain order, beside the kernel's own. ReorderInput moves N x C x H x
// W, or with channels_last N x H x W x C, into blocks, with zeros behind the last channel; ReorderOutput moves
// `channels` of them back. Weights of Conv lie as O/b x I/b x kernel x b of I x b of O, or, where X has fewer channels
// than b and is not in blocks, and where each channel has a filter of its own, as O/b x I x kernel x b of O.
//
// b is 16 where onnxruntime ran on a processor with AVX-512 and 8 elsewhere on x86-64, which the model does not say; see
// block_of().
#include <algorithm>
#include <deque>
#include <set>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "shape_math.h"
#include "window/forwarded_run.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_fused_conv(const sdk::KernelInfo& info);
sdk::Result<sdk::KernelPtr> make_max_pool(const sdk::KernelInfo& info);
sdk::Result<sdk::KernelPtr> make_average_pool(const sdk::KernelInfo& info);
sdk::Result<sdk::KernelPtr> make_global_max_pool(const sdk::KernelInfo& info);
sdk::Result<sdk::KernelPtr> make_global_average_pool(const sdk::KernelInfo& info);
sdk::Result<sdk::KernelPtr> make_integer_upsample(const sdk::KernelInfo& info);

namespace {

constexpr std::string_view kBlockedDomain = "com.microsoft.nchwc";

int64_t rounded_up(int64_t channels, int64_t block) {
  return (channels + block - 1) / block * block;
}

/// How many channels lie in a tensor of blocks; -1: not known.
int64_t channels_in(sdk::ValueView value) {
  // Below a ReorderInput the shapes are known in the run alone, but for those that weights say.
  for (int64_t steps = 0; value && steps < 1000; ++steps) {
    const sdk::TensorView info = value.info();
    if (info.has_rank() && info.rank() == 4 && info.dim(1) >= 0) return info.dim(1);
    const sdk::NodeView producer = value.producer();
    if (!producer || producer.domain() != kBlockedDomain || producer.op_type() == "ReorderInput") return -1;
    if (producer.op_type() == "Conv") {
      const sdk::TensorView w = producer.input(1).info();
      return w.has_rank() && w.rank() == 4 ? w.dim(0) : -1;
    }
    value = producer.input(0);
  }
  return -1;
}

/// What the channels of a node's tensors say of the block; 0: nothing.
int64_t block_told_by(const sdk::NodeView& node) {
  if (node.domain() != kBlockedDomain) return 0;
  const int64_t in = channels_in(node.input(0));
  if (node.op_type() == "Conv") {
    const sdk::TensorView w = node.input(1).info();
    if (w.has_rank() && w.rank() == 4 && w.dim(0) > 0 && w.dim(0) % 16 != 0) return 8;
    // As many channels that are no blocks are fewer than a block.
    if (in > 8 && in % 8 != 0) return 16;
  } else if (node.op_type() == "ReorderOutput") {
    const int64_t channels = node.attr_int("channels");
    const bool is_8 = in == rounded_up(channels, 8), is_16 = in == rounded_up(channels, 16);
    if (is_8 != is_16) return is_8 ? 8 : 16;
  } else if (in > 0 && in % 16 != 0 && node.op_type() != "ReorderInput") {
    return 8;
  }
  return 0;
}

/// The block that onnxruntime has on this processor, and reads each model of blocks with.
int64_t block_of_this_processor() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") ? 16 : 8;
#else
  return 16;
#endif
}

void warn_of_assumed_block(const tn_host* host, int64_t block) {
  host->log(TN_LOG_WARN,
            sdk::to_tn_str("channels lie in blocks of 8 or 16, as the processor that onnxruntime optimized the model on "
                           "had it, and nothing in the model tells which: " +
                           std::to_string(block) +
                           " is taken as onnxruntime takes it on this processor; results are wrong if the model was "
                           "made on one of another kind"));
}

/// The block of the tensors around a node: from the first node that tells it of those that hang together with it, else
/// the processor's, of which one of these nodes warns.
int64_t block_of(const sdk::KernelInfo& from) {
  constexpr size_t kMostNodes = 20000;
  std::set<const tn_node*> seen{from.c()};
  std::deque<sdk::NodeView> open{from};
  const auto visit = [&](const sdk::NodeView& node) {
    if (node && seen.size() < kMostNodes && seen.insert(node.c()).second) open.push_back(node);
  };
  while (!open.empty()) {
    const sdk::NodeView node = open.front();
    open.pop_front();
    if (const int64_t block = block_told_by(node); block != 0) return block;
    for (uint32_t i = 0; i < node.input_count(); ++i)
      if (node.input(i)) visit(node.input(i).producer());
    for (uint32_t i = 0; i < node.output_count(); ++i)
      if (node.output(i))
        for (const sdk::NodeView& consumer : node.output(i).consumers()) visit(consumer);
  }
  const int64_t block = block_of_this_processor();
  const bool is_first = std::none_of(seen.begin(), seen.find(from.c()), [&](const tn_node* node) {
    return sdk::NodeView(from.host()->graph, node).domain() == kBlockedDomain;
  });
  if (is_first && from.purpose() == TN_FOR_RUNS) warn_of_assumed_block(from.host(), block);
  return block;
}

/// N x C x H x W from or to blocks. `channels`: those of the plain tensor; blocks hold zeros behind them.
void move_blocks(bool to_blocks, const sdk::Shape& shape, int64_t channels, int64_t block, const float* from,
                 float* to) {
  const int64_t plane = shape[2] * shape[3], blocked = shape[1];
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < blocked; ++c)
      for (int64_t p = 0; p < plane; ++p) {
        const int64_t in_blocks = ((n * blocked + c / block * block) * plane + p * block) + c % block;
        const int64_t plain = (n * channels + c) * plane + p;
        if (to_blocks) to[in_blocks] = c < channels ? from[plain] : 0.0f;
        if (!to_blocks && c < channels) to[plain] = from[in_blocks];
      }
}

/// A run as the ONNX operator's kernel sees it. All but float tensors of blocks is the host's. Lives on the stack of
/// the run that it stands before.
class BlockedRun final : public ForwardedRun {
 public:
  explicit BlockedRun(sdk::RunContext& run) : ForwardedRun(run) {}

  /// Input i, whose elements `move` writes in their plain order, as many as the input has.
  template <typename Move>
  sdk::Status replace(uint32_t i, Move&& move) {
    inputs_[i] = *run_.host()->run->input(run_.c(), i);
    TN_ASSIGN_OR_RETURN(float* const memory, run_.scratch<float>(inputs_[i].byte_length / sizeof(float)));
    move(run_.input(i).data<float>(), memory);
    inputs_[i].data = memory;
    return {};
  }

  sdk::Status run(const sdk::Kernel& kernel, int64_t block) {
    TN_RETURN_IF_ERROR(run_inner(kernel));
    if (memory_ == nullptr) return {};
    if (shape_.size() != 4 || shape_[1] % block != 0)
      return sdk::invalid_argument("the output has shape ", sdk::shape_text(shape_),
                                   ", expected N x channels in blocks of ", block, " x H x W");
    move_blocks(true, shape_, shape_[1], block, memory_, static_cast<float*>(output_.data));
    return {};
  }

 private:
  static constexpr uint32_t kInputs = 4;

  const tn_tensor* input(uint32_t i) const override {
    return i < kInputs && inputs_[i].struct_size != 0 ? &inputs_[i] : run_.host()->run->input(run_.c(), i);
  }

  tn_status* output(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override {
    const tn_run_api* api = run_.host()->run;
    if (tn_status* failure = api->output(run_.c(), i, dtype, shape, rank, out)) return failure;
    if (i != 0) return nullptr;
    output_ = *out;
    shape_.assign(shape, shape + rank);
    memory_ = static_cast<float*>(api->scratch(run_.c(), std::max<size_t>(out->byte_length, 1), 64));
    if (memory_ == nullptr)
      return host_.status_create(TN_OUT_OF_MEMORY, sdk::to_tn_str("no memory to move the channels of an output"));
    out->data = memory_;
    return nullptr;
  }

  tn_tensor inputs_[kInputs]{};
  tn_tensor output_{};
  sdk::Shape shape_;
  float* memory_ = nullptr;
};

class Blocked final : public sdk::Kernel {
 public:
  Blocked(sdk::KernelPtr kernel, int64_t block, int64_t groups)
      : kernel_(std::move(kernel)), block_(block), groups_(groups) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 4)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x H x W");
    BlockedRun blocked(run);
    const bool is_conv = groups_ > 0, is_plain = is_conv && x.dim(1) < block_;
    if (!is_plain) TN_RETURN_IF_ERROR(unblock(run, blocked, 0, "X"));
    if (is_conv && run.input(1).rank() == 4) {
      const sdk::TensorView w = run.input(1);
      const bool by_output = is_plain || (w.dim(1) == 1 && groups_ == x.dim(1));
      if (w.dim(0) % block_ != 0 || (!by_output && w.dim(1) % block_ != 0))
        return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()), ", expected filters",
                                     by_output ? "" : " and channels", " in blocks of ", block_);
      TN_RETURN_IF_ERROR(
          blocked.replace(1, [&](const float* from, float* to) { move_weights(w, by_output ? 1 : block_, from, to); }));
    }
    if (is_conv && run.has_input(3)) TN_RETURN_IF_ERROR(unblock(run, blocked, 3, "Sum"));
    return blocked.run(*kernel_, block_);
  }

 private:
  sdk::Status unblock(sdk::RunContext& run, BlockedRun& blocked, uint32_t i, const char* name) const {
    const sdk::Shape shape = to_shape(run.input(i).shape());
    if (shape.size() != 4 || shape[1] % block_ != 0)
      return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(shape), ", expected N x channels in ",
                                   "blocks of ", block_, " x H x W");
    return blocked.replace(
        i, [&](const float* from, float* to) { move_blocks(false, shape, shape[1], block_, from, to); });
  }

  /// `in_block`: inputs that lie together.
  void move_weights(const sdk::TensorView& w, int64_t in_block, const float* from, float* to) const {
    const int64_t outputs = w.dim(0), inputs = w.dim(1), taps = w.dim(2) * w.dim(3);
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t i = 0; i < inputs; ++i)
        for (int64_t k = 0; k < taps; ++k) {
          const int64_t input_block = o / block_ * (inputs / in_block) + i / in_block;
          const int64_t at = ((input_block * taps + k) * in_block + i % in_block) * block_ + o % block_;
          to[(o * inputs + i) * taps + k] = from[at];
        }
  }

  const sdk::KernelPtr kernel_;
  const int64_t block_, groups_;  // 0 groups: no convolution
};

class ReorderInput final : public sdk::Kernel {
 public:
  ReorderInput(int64_t block, bool channels_last) : block_(block), channels_last_(channels_last) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 4)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected four dimensions");
    sdk::Shape shape = to_shape(x.shape());
    if (channels_last_) std::rotate(shape.begin() + 1, shape.end() - 1, shape.end());
    const int64_t channels = shape[1], plane = shape[2] * shape[3];
    TN_ASSIGN_OR_RETURN(shape[1], add(channels, block_ - 1));
    shape[1] -= shape[1] % block_;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    const float* plain = x.data<float>();
    if (channels_last_) {
      TN_ASSIGN_OR_RETURN(float* const moved, run.scratch<float>(size_t(x.count())));
      for (int64_t i = 0; i < x.count(); ++i) {
        const int64_t c = i % channels, p = i / channels % plane, n = i / channels / plane;
        moved[(n * channels + c) * plane + p] = plain[i];
      }
      plain = moved;
    }
    move_blocks(true, shape, channels, block_, plain, y.data<float>());
    return {};
  }

 private:
  int64_t block_;
  bool channels_last_;
};

class ReorderOutput final : public sdk::Kernel {
 public:
  ReorderOutput(int64_t block, int64_t channels, bool channels_last)
      : block_(block), channels_(channels), channels_last_(channels_last) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 4 || x.dim(1) != rounded_up(channels_, block_))
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x ",
                                   rounded_up(channels_, block_), " x H x W, the ", channels_,
                                   " channels in blocks of ", block_);
    const int64_t height = x.dim(2), width = x.dim(3), plane = height * width;
    sdk::Shape shape{x.dim(0), channels_, height, width};
    if (channels_last_) shape = {x.dim(0), height, width, channels_};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    if (!channels_last_) {
      move_blocks(false, to_shape(x.shape()), channels_, block_, x.data<float>(), y.data<float>());
      return {};
    }
    TN_ASSIGN_OR_RETURN(float* const plain, run.scratch<float>(size_t(y.count())));
    move_blocks(false, to_shape(x.shape()), channels_, block_, x.data<float>(), plain);
    for (int64_t i = 0; i < y.count(); ++i) {
      const int64_t c = i % channels_, p = i / channels_ % plane, n = i / channels_ / plane;
      y.data<float>()[i] = plain[(n * channels_ + c) * plane + p];
    }
    return {};
  }

 private:
  int64_t block_, channels_;
  bool channels_last_;
};

template <typename Make>
sdk::Result<sdk::KernelPtr> make_blocked(const sdk::KernelInfo& info, int64_t groups, Make&& make) {
  TN_ASSIGN_OR_RETURN(sdk::KernelPtr kernel, make(info));
  return std::make_unique<Blocked>(std::move(kernel), block_of(info), groups);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_blocked_conv(const sdk::KernelInfo& info) {
  const int64_t groups = info.attr_int("group");
  if (groups < 1) return sdk::invalid_model("attribute group is ", groups, ", expected 1 or more");
  return make_blocked(info, groups, make_fused_conv);
}
sdk::Result<sdk::KernelPtr> make_blocked_max_pool(const sdk::KernelInfo& info) {
  return make_blocked(info, 0, make_max_pool);
}
sdk::Result<sdk::KernelPtr> make_blocked_average_pool(const sdk::KernelInfo& info) {
  return make_blocked(info, 0, make_average_pool);
}
sdk::Result<sdk::KernelPtr> make_blocked_global_max_pool(const sdk::KernelInfo& info) {
  return make_blocked(info, 0, make_global_max_pool);
}
sdk::Result<sdk::KernelPtr> make_blocked_global_average_pool(const sdk::KernelInfo& info) {
  return make_blocked(info, 0, make_global_average_pool);
}

sdk::Result<sdk::KernelPtr> make_blocked_upsample(const sdk::KernelInfo& info) {
  return make_blocked(info, 0, make_integer_upsample);
}

sdk::Result<sdk::KernelPtr> make_reorder_input(const sdk::KernelInfo& info) {
  return std::make_unique<ReorderInput>(block_of(info), info.attr_int("channels_last") != 0);
}

sdk::Result<sdk::KernelPtr> make_reorder_output(const sdk::KernelInfo& info) {
  const int64_t channels = info.attr_int("channels");
  if (channels < 1 || channels > INT32_MAX)
    return sdk::invalid_model("attribute channels is ", channels, ", expected a positive number");
  return std::make_unique<ReorderOutput>(block_of(info), channels, info.attr_int("channels_last") != 0);
}

}  // namespace tenon::cpu_ref
