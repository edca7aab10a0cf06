// Compress: the slices along `axis` (without one: the elements of the flattened input) for which the condition is true.
// A condition shorter than the axis counts as false for the rest. ReverseSequence: for each entry of the batch axis,
// the first sequence_lens[b] slices of the time axis in reverse order and the others as they are; the two axes are the
// first two, either way round.
#include "ops/select/index.h"

namespace tenon::cpu_blas {
namespace {

class Compress final : public sdk::Kernel {
 public:
  explicit Compress(const sdk::KernelInfo& info)
      : node_(describe(info)), has_axis_(info.has_int("axis")), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), condition = run.input(1);
    if (condition.rank() != 1)
      return sdk::invalid_argument(node_, ": input condition has shape ", sdk::shape_text(condition.shape()),
                                   ", expected a 1-D tensor");
    sdk::Shape shape{x.count()};
    if (has_axis_) shape.assign(x.shape().begin(), x.shape().end());
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, static_cast<int64_t>(shape.size())));
    const int64_t size = shape[static_cast<size_t>(axis)];
    const int64_t outer = extent(shape, 0, axis), inner = extent(shape, axis + 1, static_cast<int64_t>(shape.size()));
    sdk::Shape kept;
    for (int64_t i = 0; i < condition.count(); ++i) {
      // Read as a byte: a model may hold bools that are neither 0 nor 1.
      if (static_cast<const uint8_t*>(condition.raw())[i] == 0) continue;
      if (i >= size)
        return sdk::invalid_argument(node_, ": input condition selects index ", i, ", but axis ", axis, " has size ",
                                     size);
      kept.push_back(i);
    }
    const auto count = static_cast<int64_t>(kept.size());
    shape[static_cast<size_t>(axis)] = count;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    run.count(TN_COUNT_BYTES, 2 * y.byte_length());
    const size_t slice = static_cast<size_t>(inner) * element_size(x.dtype());
    const char* from = static_cast<const char*>(x.raw());
    char* to = static_cast<char*>(y.raw());
    run.parallel_for(outer * count, static_cast<double>(slice) * 0.1 + 3, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        copy_slice(to + static_cast<size_t>(i) * slice,
                   from + static_cast<size_t>(i / count * size + kept[static_cast<size_t>(i % count)]) * slice, slice);
    });
    return {};
  }

 private:
  std::string node_;
  bool has_axis_;
  int64_t axis_;
};

class ReverseSequence final : public sdk::Kernel {
 public:
  explicit ReverseSequence(const sdk::KernelInfo& info)
      : node_(describe(info)), batch_axis_(info.attr_int("batch_axis")), time_axis_(info.attr_int("time_axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument(node_, ": the input has shape ", sdk::shape_text(x.shape()),
                                   ", expected rank 2 or more");
    if ((batch_axis_ != 0 || time_axis_ != 1) && (batch_axis_ != 1 || time_axis_ != 0))
      return sdk::invalid_argument(node_, ": batch_axis and time_axis are ", batch_axis_, " and ", time_axis_,
                                   ", expected 0 and 1 or 1 and 0");
    const int64_t batch = x.dim(batch_axis_), time = x.dim(time_axis_);
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> lengths, read_integers(node_, run.input(1)));
    if (static_cast<int64_t>(lengths.size()) != batch || run.input(1).rank() > 1)
      return sdk::invalid_argument(node_, ": input sequence_lens has shape ", sdk::shape_text(run.input(1).shape()),
                                   ", expected ", batch, ", the size of the batch axis");
    for (const int64_t length : lengths)
      if (length < 0 || length > time)
        return sdk::invalid_argument(node_, ": input sequence_lens holds ", length, ", expected 0 to ", time,
                                     ", the size of the time axis");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    run.count(TN_COUNT_BYTES, 2 * y.byte_length());
    const size_t slice = static_cast<size_t>(extent(x.shape(), 2, x.rank())) * element_size(x.dtype());
    const char* from = static_cast<const char*>(x.raw());
    char* to = static_cast<char*>(y.raw());
    const int64_t second = x.dim(1);
    run.parallel_for(batch * time, static_cast<double>(slice) * 0.1 + 5, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = batch_axis_ == 0 ? i / second : i % second, t = batch_axis_ == 0 ? i % second : i / second;
        const int64_t length = lengths[static_cast<size_t>(b)], source = t < length ? length - 1 - t : t;
        const int64_t at = batch_axis_ == 0 ? b * second + source : source * second + b;
        copy_slice(to + static_cast<size_t>(i) * slice, from + static_cast<size_t>(at) * slice, slice);
      }
    });
    return {};
  }

 private:
  std::string node_;
  int64_t batch_axis_, time_axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_compress(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Compress>(info));
}

sdk::Result<sdk::KernelPtr> make_reverse_sequence(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<ReverseSequence>(info));
}

}  // namespace tenon::cpu_blas
