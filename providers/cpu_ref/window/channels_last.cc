// The operators of com.ms.internal.nhwc: those of the ONNX domain, on tensors whose channels are last. Each is the ONNX
// operator's kernel between two moves of the channels, so its answers are that kernel's, bit for bit. Of a tensor of
// rank 2 or less nothing moves. Scratch: what is moved, with its channels second, beside the kernel's own.
#include "window/channels_last.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <tenon/sdk/kernel.hpp>
#include <tenon/sdk/run.hpp>

#include "shape_math.h"
#include "window/forwarded_run.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kLeastRank = 3;

// In bytes; these operators have no narrower types.
size_t width_of(uint32_t dtype) {
  return size_t(sdk::bits_per_element(tn_dtype(dtype))) / 8;
}

enum class Move { kToFirst, kToLast };

// `from` is batch x a x b, `to` batch x b x a. Tile by tile, so that neither is read or written in long leaps alone.
template <int64_t width>
void swap_elements(int64_t batch, int64_t a, int64_t b, const std::byte* from, std::byte* to) {
  constexpr int64_t kTile = 32;
  for (int64_t n = 0; n < batch; ++n, from += a * b * width, to += a * b * width)
    for (int64_t rows = 0; rows < a; rows += kTile)
      for (int64_t columns = 0; columns < b; columns += kTile)
        for (int64_t j = columns; j < std::min(b, columns + kTile); ++j)
          for (int64_t i = rows; i < std::min(a, rows + kTile); ++i)
            std::memcpy(to + (j * a + i) * width, from + (i * b + j) * width, width);
}

void swap_dimensions(int64_t batch, int64_t a, int64_t b, size_t width, const std::byte* from, std::byte* to) {
  switch (width) {
    case 1: return swap_elements<1>(batch, a, b, from, to);
    case 2: return swap_elements<2>(batch, a, b, from, to);
    case 4: return swap_elements<4>(batch, a, b, from, to);
    default: return swap_elements<8>(batch, a, b, from, to);
  }
}

// `first`: the shape with the channels second.
void move_channels(Move move, const sdk::Shape& first, size_t width, const void* from, void* to) {
  int64_t places = 1;
  for (size_t i = 2; i < first.size(); ++i) places *= first[i];
  if (first[0] * first[1] * places == 0) return;
  const bool to_first = move == Move::kToFirst;
  swap_dimensions(first[0], to_first ? places : first[1], to_first ? first[1] : places, width,
                  static_cast<const std::byte*>(from), static_cast<std::byte*>(to));
}

sdk::Shape with_channels_first(const int64_t* shape, uint32_t rank) {
  sdk::Shape first(shape, shape + rank);
  std::rotate(first.begin() + 1, first.end() - 1, first.end());
  return first;
}

sdk::Shape with_channels_last(const int64_t* shape, uint32_t rank) {
  sdk::Shape last(shape, shape + rank);
  std::rotate(last.begin() + 1, last.begin() + 2, last.end());
  return last;
}

// A run as the ONNX operator's kernel sees it: input 0 and the outputs of rank 3 and more have their channels second.
// All else is the host's. Lives on the stack of the run that it stands before.
class MovedRun final : public ForwardedRun {
 public:
  explicit MovedRun(sdk::RunContext& run) : ForwardedRun(run) {}

  sdk::Status run(const sdk::Kernel& kernel) {
    TN_RETURN_IF_ERROR(take_input());
    TN_RETURN_IF_ERROR(run_inner(kernel));
    for (const Output& output : outputs_)
      move_channels(Move::kToLast, output.first, output.width, output.memory, output.to.data);
    return {};
  }

 private:
  struct Output {
    sdk::Shape first;  // the tensor's shape in the kernel's eyes
    tn_tensor to;
    size_t width;
    void* memory;
  };

  sdk::Status take_input() {
    const tn_tensor* x = run_.host()->run->input(run_.c(), 0);
    is_moved_ = x != nullptr && x->rank >= kLeastRank;
    if (!is_moved_) return {};
    x_ = *x;
    x_shape_ = with_channels_first(x->shape, x->rank);
    x_.shape = x_shape_.data();
    TN_ASSIGN_OR_RETURN(std::byte * memory, run_.scratch<std::byte>(x->byte_length));
    move_channels(Move::kToFirst, x_shape_, width_of(x->dtype), x->data, memory);
    x_.data = memory;
    return {};
  }

  const tn_tensor* input(uint32_t i) const override {
    return i == 0 && is_moved_ ? &x_ : run_.host()->run->input(run_.c(), i);
  }

  tn_status* output(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override {
    const tn_run_api* api = run_.host()->run;
    if (rank < kLeastRank) return api->output(run_.c(), i, dtype, shape, rank, out);
    const sdk::Shape last = with_channels_last(shape, rank);
    if (tn_status* failure = api->output(run_.c(), i, dtype, last.data(), rank, out)) return failure;
    void* memory = api->scratch(run_.c(), out->byte_length, 64);
    if (memory == nullptr)
      return host_.status_create(TN_OUT_OF_MEMORY, sdk::to_tn_str("no memory to move the channels of an output"));
    outputs_.push_back({{shape, shape + rank}, *out, width_of(dtype), memory});
    out->shape = outputs_.back().first.data();
    out->data = memory;
    return nullptr;
  }

  bool is_moved_ = false;
  tn_tensor x_{};
  sdk::Shape x_shape_;
  std::deque<Output> outputs_;  // which stay where they are
};

class ChannelsLast final : public sdk::Kernel {
 public:
  explicit ChannelsLast(sdk::KernelPtr kernel) : kernel_(std::move(kernel)) {}

  sdk::Status run(sdk::RunContext& run) const override { return MovedRun(run).run(*kernel_); }

 private:
  const sdk::KernelPtr kernel_;
};

}  // namespace

sdk::KernelPtr for_channels_last(sdk::KernelPtr kernel) {
  return std::make_unique<ChannelsLast>(std::move(kernel));
}

#define CHANNELS_LAST(op)                                                              \
  sdk::Result<sdk::KernelPtr> make_##op(const sdk::KernelInfo& info);                  \
  sdk::Result<sdk::KernelPtr> make_##op##_channels_last(const sdk::KernelInfo& info) { \
    TN_ASSIGN_OR_RETURN(sdk::KernelPtr kernel, make_##op(info));                       \
    return for_channels_last(std::move(kernel));                                       \
  }
CHANNELS_LAST(average_pool)
CHANNELS_LAST(batch_normalization)
CHANNELS_LAST(conv)
CHANNELS_LAST(conv_transpose)
CHANNELS_LAST(global_average_pool)
CHANNELS_LAST(global_lp_pool)
CHANNELS_LAST(global_max_pool)
CHANNELS_LAST(lp_pool)
CHANNELS_LAST(lrn)
#undef CHANNELS_LAST

}  // namespace tenon::cpu_ref
