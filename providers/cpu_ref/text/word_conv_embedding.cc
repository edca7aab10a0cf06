// WordConvEmbedding: y[word, f] = the largest tanh of b[f] + the sum of W[f] times the characters in a window of the
// word, over all windows of W's width that lie in the word, or the first where the word is shorter. A word is a row of
// character numbers, and as long as it has numbers above 0; one that begins with 0 gives zeros. W is filters x 1 x
// width x size, C has the numbers of each character. Computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "linear/dot.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class WordConvEmbedding final : public sdk::Kernel {
 public:
  /// The numbers of filters, characters in a window and numbers in a character; -1: not told.
  WordConvEmbedding(int64_t filters, int64_t width, int64_t size) : filters_(filters), width_(width), size_(size) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_RETURN_IF_ERROR(check(run));
    const sdk::TensorView words = run.input(0), w = run.input(1);
    const int64_t length = words.dim(1), filters = w.dim(0);
    const int64_t dims[] = {words.dim(0), filters};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, dims));
    const double cost = double(length) * double(w.count());
    return run.parallel_for(words.dim(0), cost, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i)
        TN_RETURN_IF_ERROR(embed(run, words.data<int32_t>() + i * length, y.data<float>() + i * filters));
      return {};
    });
  }

 private:
  sdk::Status check(const sdk::RunContext& run) const {
    const sdk::TensorView words = run.input(0), w = run.input(1), c = run.input(3);
    if (words.rank() != 2)
      return sdk::invalid_argument("input Sequence has shape ", sdk::shape_text(words.shape()),
                                   ", expected words x characters");
    if (w.rank() != 4 || w.dim(1) != 1 || (filters_ != -1 && w.dim(0) != filters_) ||
        (width_ != -1 && w.dim(2) != width_) || (size_ != -1 && w.dim(3) != size_))
      return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()),
                                   ", expected filters x 1 x width x size by embedding_size, conv_window_size and "
                                   "char_embedding_size where these are given");
    if (w.dim(2) < 1 || w.dim(2) > words.dim(1))
      return sdk::invalid_argument("input W has windows of ", w.dim(2), " characters, expected 1 to the ", words.dim(1),
                                   " of a word");
    TN_RETURN_IF_ERROR(check_shape(run.input(2), "B", {w.dim(0)}, "a number for each filter"));
    if (c.rank() != 2 || c.dim(1) != w.dim(3))
      return sdk::invalid_argument("input C has shape ", sdk::shape_text(c.shape()), ", expected characters x ",
                                   w.dim(3));
    return {};
  }

  static sdk::Status embed(const sdk::RunContext& run, const int32_t* word, float* y) {
    const sdk::TensorView w = run.input(1), c = run.input(3);
    const int64_t filters = w.dim(0), width = w.dim(2), size = w.dim(3), row = run.input(0).dim(1);
    std::fill_n(y, filters, 0.0f);
    const int64_t length = word[0] > 0 ? std::count_if(word, word + row, [](int32_t id) { return id > 0; }) : 0;
    if (length == 0) return {};
    const int64_t windows = std::max<int64_t>(1, length - width + 1);
    for (int64_t i = 0; i < windows + width - 1; ++i)
      if (word[i] < 0 || word[i] >= c.dim(0))
        return sdk::invalid_argument("input Sequence has character ", word[i], ", expected 0 to ", c.dim(0) - 1);
    for (int64_t f = 0; f < filters; ++f) {
      double best = -INFINITY;
      for (int64_t first = 0; first < windows; ++first) {
        double sum = double(run.input(2).data<float>()[f]);
        for (int64_t i = 0; i < width; ++i)
          sum += dot(w.data<float>() + (f * width + i) * size, c.data<float>() + word[first + i] * size, size);
        best = std::max(best, sum);
      }
      y[f] = float(std::tanh(best));
    }
    return {};
  }

  const int64_t filters_, width_, size_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_word_conv_embedding(const sdk::KernelInfo& info) {
  return std::make_unique<WordConvEmbedding>(info.attr_int("embedding_size", -1), info.attr_int("conv_window_size", -1),
                                             info.attr_int("char_embedding_size", -1));
}

}  // namespace tenon::cpu_ref
