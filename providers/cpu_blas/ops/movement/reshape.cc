// Reshape, Flatten, Squeeze, Unsqueeze: the same elements under another shape. Y may be X, and then nothing is copied.
#include <tenon/sdk/geometry/reshape.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

/// Base of the kernels here: a shape from the input's shape and, for some, from the integers of input 1.
class ShapeChange : public sdk::Kernel {
 public:
  explicit ShapeChange(const sdk::KernelInfo& info) : node_(describe(info)) {}
  sdk::Status run(sdk::RunContext& run) const override {
    std::vector<int64_t> integers = integers_;
    if (reads_input_ && run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(integers, read_integers(node_, run.input(1)));
    }
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, reshape(x.shape(), integers));
    return copy_as(run, x, shape);
  }

 protected:
  virtual sdk::Result<sdk::Shape> reshape(sdk::ShapeView shape, const std::vector<int64_t>& integers) const = 0;

  std::string node_;
  std::vector<int64_t> integers_;  // what an attribute gives
  bool reads_input_ = false;       // what input 1 gives replaces it
};

class Reshape final : public ShapeChange {
 public:
  explicit Reshape(const sdk::KernelInfo& info) : ShapeChange(info), allow_zero_(info.attr_int("allowzero") != 0) {
    reads_input_ = true;
  }

 private:
  sdk::Result<sdk::Shape> reshape(sdk::ShapeView shape, const std::vector<int64_t>& wanted) const override {
    return sdk::reshaped(shape, wanted, allow_zero_);
  }

  bool allow_zero_;
};

class Flatten final : public ShapeChange {
 public:
  explicit Flatten(const sdk::KernelInfo& info)
      : ShapeChange(info), axis_(info.attr_int("axis")), version_(info.since_version()) {}

 private:
  sdk::Result<sdk::Shape> reshape(sdk::ShapeView shape, const std::vector<int64_t>&) const override {
    const int64_t rank = static_cast<int64_t>(shape.size());
    TN_ASSIGN_OR_RETURN(const size_t at, sdk::flatten_index(axis_, shape.size(), version_));
    const auto axis = static_cast<int64_t>(at);
    return sdk::Shape{extent(shape, 0, axis), extent(shape, axis, rank)};
  }

  int64_t axis_;
  int version_;
};

class Squeeze final : public ShapeChange {
 public:
  explicit Squeeze(const sdk::KernelInfo& info) : ShapeChange(info) {
    integers_ = info.attr_ints("axes");
    reads_input_ = info.since_version() >= 13;
    all_ = reads_input_ ? !info.input(1) : !info.has_ints("axes");
  }

 private:
  sdk::Result<sdk::Shape> reshape(sdk::ShapeView shape, const std::vector<int64_t>& axes) const override {
    TN_ASSIGN_OR_RETURN(const std::vector<bool> dropped, sdk::dropped_axes(shape, all_ ? nullptr : &axes));
    sdk::Shape result;
    for (size_t i = 0; i < shape.size(); ++i)
      if (!dropped[i]) result.push_back(shape[i]);
    return result;
  }

  bool all_ = false;
};

class Unsqueeze final : public ShapeChange {
 public:
  explicit Unsqueeze(const sdk::KernelInfo& info) : ShapeChange(info) {
    integers_ = info.attr_ints("axes");
    reads_input_ = info.since_version() >= 13;
  }

 private:
  sdk::Result<sdk::Shape> reshape(sdk::ShapeView shape, const std::vector<int64_t>& axes) const override {
    TN_ASSIGN_OR_RETURN(const std::vector<bool> added, sdk::inserted_axes(axes, shape.size()));
    sdk::Shape result;
    size_t next = 0;
    for (bool one : added) result.push_back(one ? 1 : shape[next++]);
    return result;
  }
};

template <typename K>
sdk::Result<sdk::KernelPtr> make(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<K>(info));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_reshape(const sdk::KernelInfo& info) {
  return make<Reshape>(info);
}
sdk::Result<sdk::KernelPtr> make_flatten(const sdk::KernelInfo& info) {
  return make<Flatten>(info);
}
sdk::Result<sdk::KernelPtr> make_squeeze(const sdk::KernelInfo& info) {
  return make<Squeeze>(info);
}
sdk::Result<sdk::KernelPtr> make_unsqueeze(const sdk::KernelInfo& info) {
  return make<Unsqueeze>(info);
}

}  // namespace tenon::cpu_blas
