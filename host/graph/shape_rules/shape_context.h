// What a shape rule sees of its node, and the arithmetic on dimensions that rules share. A context lives for one call
// and belongs to one thread. Rules never fail on what they do not know: an unknown dimension stays unknown. While a
// session opens the node's own types and constants are what is known; in a run, the tensors that came.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

using Dims = std::vector<Dim>;
/// Holds sums and products of a few int64 without overflow.
using WideInt = __int128;

/// No real tensor has more dimensions; a hostile model could ask for any number.
constexpr size_t kMaxRank = 64;

inline Dim known_dim(int64_t value) {
  return {value, {}};
}
inline Dim unknown_dim() {
  return {};
}
inline bool is_known(const Dim& d) {
  return d.value >= 0;
}
/// Surely the same number: equal values, or one name.
bool is_same(const Dim& a, const Dim& b);
/// The more specific of two dimensions that must be equal; nothing when they contradict each other.
std::optional<Dim> merge(const Dim& a, const Dim& b);
/// The dimension that a and b broadcast to; nothing when they do not.
std::optional<Dim> broadcast(const Dim& a, const Dim& b);
std::optional<Dims> broadcast(const Dims& a, const Dims& b);
/// Product of dimensions: known when all are (or one is 0), the one unknown when all others are 1. Nothing on overflow.
std::optional<Dim> product(const Dim* begin, const Dim* end);
std::string describe(const Dims& dims);
/// The dimensions of a tensor, where they follow from what is known; nullptr: not all do. The value may be null.
const Dims* proven_dims(const Value* value);

class ShapeContext {
 public:
  explicit ShapeContext(const Node& node);
  /// With the tensors of a run for inputs; nullptr: left out. They must outlive the context.
  ShapeContext(const Node& node, std::span<const tn_tensor* const> given);

  const Node& node() const { return node_; }
  int version() const { return node_.since_version; }
  size_t input_count() const { return node_.inputs.size(); }
  size_t output_count() const { return node_.outputs.size(); }
  bool has_input(size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != nullptr; }
  /// nullptr: left out, no tensor, or of unknown rank.
  const Dims* shape(size_t i) const;
  /// The values of a constant int32 or int64 input; nothing for any other.
  std::optional<std::vector<int64_t>> ints(size_t i) const;
  /// The values of a constant float input; nothing for any other.
  std::optional<std::vector<float>> floats(size_t i) const;
  /// Whether the inputs are the tensors of a run.
  bool is_in_run() const { return !given_.empty(); }
  /// The name that the schema gives to input i.
  std::string input_name(size_t i) const;

  /// What the node or the default of its operator's form says; the fallback is for attributes without a default.
  int64_t attr(std::string_view name, int64_t fallback = 0) const {
    return node_.int_attribute(name).value_or(fallback);
  }
  std::optional<std::vector<int64_t>> ints_attr(std::string_view name) const { return node_.ints_attribute(name); }
  /// The axes of an attribute, or of a constant input in the opsets that have moved it there. `given` tells whether the
  /// node states axes at all; nothing: they are computed at run time.
  std::optional<std::vector<int64_t>> axes(size_t input, bool* given) const;

  /// Output i has these dimensions; ignored when the node leaves it out.
  void set(size_t i, Dims dims);
  const std::optional<Dims>& inferred(size_t i) const { return outputs_[i]; }

  template <typename... Parts>
  Status fail(const Parts&... parts) const {
    return error(TN_INVALID_MODEL, describe(node_), ": ", parts...);
  }
  /// Input i has one of these ranks, or its rank is unknown. `meaning` says what the dimensions are.
  Status expect_rank(size_t i, size_t rank, std::string_view meaning) const;
  /// An axis in [-rank, rank-1] as an index.
  Result<size_t> axis(int64_t value, size_t rank) const;
  /// The same for several, which must differ.
  Result<std::vector<size_t>> distinct_axes(const std::vector<int64_t>& values, size_t rank) const;
  /// A dimension that a rule computed; an error when it is negative or does not fit in 64 bits.
  Result<Dim> computed(WideInt value, std::string_view what) const;

 private:
  /// What a constant input holds, or a tensor of the run.
  struct Content {
    uint32_t dtype;
    const void* data;
    int64_t count;
  };
  std::optional<Content> content(size_t i) const;

  const Node& node_;
  // Rules are of tensors with their channels second: of a node that has them last, input 0 and what is set are moved.
  const bool is_channels_last_;
  std::optional<Dims> moved_input_;
  std::span<const tn_tensor* const> given_;
  std::vector<Dims> given_dims_;  // of given_, where those are the inputs
  std::vector<std::optional<Dims>> outputs_ = std::vector<std::optional<Dims>>(node_.outputs.size());
};

}  // namespace tenon::host
