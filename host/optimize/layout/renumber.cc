#include "host/optimize/layout/renumber.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <tenon/sdk/geometry/axes.hpp>

#include "host/graph/layout.h"
#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host {
namespace {

constexpr int kNowhere = -1;

enum AxisTrait : uint32_t {
  kReadsFirst = 0,
  kReadsAll = 1u << 0,  // its inputs have one layout, all of them
  kFolds = 1u << 1,     // makes one element of those along the axes, and may drop these
  kNamesLeading =
      1u << 2,  // where it names no axes, it means the first ones, as many as input 1 or `starts` has numbers
  kGrows = 1u << 3,
  kScaledAlong = 1u << 4,  // input 1 has a number for each place of the axis, or one: more dimensions would move, too
};

// `axes`: the attribute that names an axis or several, `axes_input`: the input that does; what the node has of them
// counts. Where it has none, the lists count: a number for each axis, or several times as many in the same order.
struct AxisOperator {
  std::string_view op_type;
  int first_version;  // forms before mean another thing
  uint32_t traits;
  std::string_view axes;
  int axes_input = kNowhere;
  std::array<std::string_view, 2> list_attributes = {};
  std::array<int, 3> list_inputs = {kNowhere, kNowhere, kNowhere};
};

constexpr AxisOperator kAxisOperators[] = {
    {"ArgMax", 1, kFolds, "axis"},
    {"ArgMin", 1, kFolds, "axis"},
    {"Concat", 4, kReadsAll, "axis"},
    {"DequantizeLinear", 10, kScaledAlong, "axis"},
    {"Hardmax", 13, kReadsFirst, "axis"},
    {"LogSoftmax", 13, kReadsFirst, "axis"},
    {"LpNormalization", 1, kReadsFirst, "axis"},
    {"Pad", 1, kReadsFirst, "", 3, {"pads", "paddings"}, {1, kNowhere, kNowhere}},
    {"QuantizeLinear", 10, kScaledAlong, "axis"},
    {"ReduceL1", 1, kFolds, "axes", 1},
    {"ReduceL2", 1, kFolds, "axes", 1},
    {"ReduceLogSum", 1, kFolds, "axes", 1},
    {"ReduceLogSumExp", 1, kFolds, "axes", 1},
    {"ReduceMax", 1, kFolds, "axes", 1},
    {"ReduceMean", 1, kFolds, "axes", 1},
    {"ReduceMin", 1, kFolds, "axes", 1},
    {"ReduceProd", 1, kFolds, "axes", 1},
    {"ReduceSum", 1, kFolds, "axes", 1},
    {"ReduceSumSquare", 1, kFolds, "axes", 1},
    {"Resize", 10, kGrows, "axes", kNowhere, {}, {1, 2, 3}},
    {"Slice", 1, kNamesLeading, "axes", 3},
    {"Softmax", 13, kReadsFirst, "axis"},
    {"Split", 1, kReadsFirst, "axis"},
    {"Tile", 6, kGrows, "", kNowhere, {}, {1, kNowhere, kNowhere}},
    {"Upsample", 7, kGrows, "", kNowhere, {"scales"}, {1, kNowhere, kNowhere}},
};

const AxisOperator* row_of(const Node& node) {
  if (!node.domain.empty()) return nullptr;
  const auto row = std::find_if(std::begin(kAxisOperators), std::end(kAxisOperators),
                                [&](const AxisOperator& r) { return r.op_type == node.op_type; });
  return row != std::end(kAxisOperators) && node.since_version >= row->first_version ? row : nullptr;
}

bool has_input(const Node& node, int i) {
  return i >= 0 && static_cast<size_t>(i) < node.inputs.size() && node.inputs[static_cast<size_t>(i)] != nullptr;
}

/// Axes from the front, in the order in which they are named.
using Axes = std::vector<size_t>;

size_t moved_axis(size_t axis, size_t rank) {
  if (axis == 0) return 0;
  return axis == 1 ? rank - 1 : axis - 1;
}

bool are_in_order(const Axes& axes) {
  return std::is_sorted(axes.begin(), axes.end());
}

bool is_scaled_along(const Node& node) {
  if (!has_input(node, 1)) return false;
  const auto& dims = node.inputs[1]->type.dims;
  return dims && dims->size() <= 1;
}

class Renumberer {
 public:
  Renumberer(const Node& node, const AxisOperator& row, size_t rank) : node_(node), row_(row), rank_(rank) {
    result_.attributes = node.attributes;
    result_.reads_all = (row.traits & kReadsAll) != 0;
    result_.grows = (row.traits & kGrows) != 0;
  }

  Result<std::optional<Renumbered>> run() {
    bool is_known = true;
    const std::optional<std::vector<int64_t>> named = named_axes(&is_known);
    if (!is_known) return std::optional<Renumbered>();
    Axes axes;
    if (named) {
      const auto indices = sdk::distinct_axes(*named, rank_);
      if (!indices.is_ok()) return std::optional<Renumbered>();  // the node will say so
      axes = indices.value();
      TENON_RETURN_IF_ERROR(name_axes(axes));
    } else {
      for (size_t axis = 0; axis < rank_; ++axis) axes.push_back(axis);
      TENON_ASSIGN_OR_RETURN(const bool are_moved, move_lists());
      if (!are_moved) return std::optional<Renumbered>();
    }
    if (!place_results(std::move(axes))) return std::optional<Renumbered>();
    return std::optional<Renumbered>(std::move(result_));
  }

 private:
  std::optional<std::vector<int64_t>> named_axes(bool* is_known) const {
    if (const auto axis = node_.int_attribute(row_.axes)) return std::vector<int64_t>{*axis};
    if (auto axes = node_.ints_attribute(row_.axes); axes && !axes->empty()) return axes;
    if (has_input(node_, row_.axes_input)) {
      auto axes = ShapeContext(node_).ints(static_cast<size_t>(row_.axes_input));
      *is_known = axes.has_value();
      if (axes && !axes->empty()) return axes;
      return std::nullopt;
    }
    if ((row_.traits & kNamesLeading) == 0) return std::nullopt;
    std::vector<int64_t> leading;
    const auto count = leading_count();
    *is_known = count.has_value();
    for (int64_t axis = 0; count && axis < *count; ++axis) leading.push_back(axis);
    return leading;
  }

  std::optional<int64_t> leading_count() const {
    if (const auto starts = node_.ints_attribute("starts")) return static_cast<int64_t>(starts->size());
    if (!has_input(node_, 1)) return std::nullopt;
    const auto& dims = node_.inputs[1]->type.dims;
    if (!dims || dims->size() != 1 || (*dims)[0].value < 0 || (*dims)[0].value > static_cast<int64_t>(rank_))
      return std::nullopt;
    return (*dims)[0].value;
  }

  // Says the axes where the node does, or where its form has a place for them.
  Status name_axes(const Axes& axes) {
    std::vector<int64_t> moved;
    for (const size_t axis : axes) moved.push_back(static_cast<int64_t>(moved_axis(axis, rank_)));
    const bool is_input =
        has_input(node_, row_.axes_input) || (!row_.axes.empty() && row_.axes_input != kNowhere &&
                                              node_.find_attribute(row_.axes) == nullptr && has_input(node_, 1));
    if (is_input) {
      TENON_ASSIGN_OR_RETURN(Tensor constant, integers(moved));
      result_.constants.emplace_back(static_cast<size_t>(row_.axes_input), std::move(constant));
      return {};
    }
    Attribute attribute{std::string(row_.axes), moved};
    if (node_.int_attribute(row_.axes)) attribute.payload = moved[0];
    for (Attribute& a : result_.attributes)
      if (a.name == attribute.name) {
        a = std::move(attribute);
        return {};
      }
    result_.attributes.push_back(std::move(attribute));
    return {};
  }

  // Of the type of the other integers that the node reads.
  Result<Tensor> integers(const std::vector<int64_t>& values) const {
    const size_t like = has_input(node_, row_.axes_input) ? static_cast<size_t>(row_.axes_input) : 1;
    const tn_dtype dtype = node_.inputs[like]->type.dtype == TN_INT32 ? TN_INT32 : TN_INT64;
    TENON_ASSIGN_OR_RETURN(Tensor t,
                           Tensor::allocate(dtype, {static_cast<int64_t>(values.size())}, Residence::kComputed));
    for (size_t i = 0; i < values.size(); ++i) {
      if (dtype == TN_INT32) {
        static_cast<int32_t*>(t.mutable_data())[i] = static_cast<int32_t>(values[i]);
      } else {
        static_cast<int64_t*>(t.mutable_data())[i] = values[i];
      }
    }
    return t;
  }

  // False where a list is computed, or has not a number for each axis.
  Result<bool> move_lists() {
    for (Attribute& a : result_.attributes) {
      if (std::find(row_.list_attributes.begin(), row_.list_attributes.end(), a.name) == row_.list_attributes.end())
        continue;
      auto* ints = std::get_if<std::vector<int64_t>>(&a.payload);
      auto* floats = std::get_if<std::vector<float>>(&a.payload);
      if (!(ints != nullptr && move_list(*ints)) && !(floats != nullptr && move_list(*floats))) return false;
    }
    for (const int i : row_.list_inputs) {
      if (!has_input(node_, i)) continue;
      const Value& value = *node_.inputs[static_cast<size_t>(i)];
      if (!value.is_constant() || value.constant->shape().size() != 1) return false;
      if (value.constant->element_count() == 0) continue;
      TENON_ASSIGN_OR_RETURN(std::optional<Tensor> moved, moved_list(*value.constant));
      if (!moved) return false;
      result_.constants.emplace_back(static_cast<size_t>(i), std::move(*moved));
    }
    return true;
  }

  template <typename T>
  bool move_list(std::vector<T>& list) const {
    if (list.size() % rank_ != 0) return false;
    const std::vector<T> was = list;
    for (size_t i = 0; i < was.size(); ++i) list[i / rank_ * rank_ + moved_axis(i % rank_, rank_)] = was[i];
    return true;
  }

  Result<std::optional<Tensor>> moved_list(const Tensor& list) const {
    const auto count = static_cast<size_t>(list.element_count());
    if (count % rank_ != 0 || list.data() == nullptr) return std::optional<Tensor>();
    TENON_ASSIGN_OR_RETURN(Tensor moved, Tensor::allocate(list.dtype(), list.shape(), Residence::kComputed));
    const size_t width = list.byte_length() / count;
    for (size_t i = 0; i < count; ++i)
      std::memcpy(
          static_cast<std::byte*>(moved.mutable_data()) + (i / rank_ * rank_ + moved_axis(i % rank_, rank_)) * width,
          static_cast<const std::byte*>(list.data()) + i * width, width);
    return std::optional<Tensor>(std::move(moved));
  }

  // Whether the results come out as they were, or moved. Folding goes on in the order in which it did.
  bool place_results(Axes axes) {
    const Value* y = node_.outputs.empty() ? nullptr : node_.outputs[0];
    if (y == nullptr || !y->type.dims) return false;
    const bool folds = (row_.traits & kFolds) != 0, drops = y->type.dims->size() != rank_;
    if (!folds) return !drops;
    std::sort(axes.begin(), axes.end());
    Axes folded, kept;
    for (size_t axis = 0; axis < rank_; ++axis)
      (std::binary_search(axes.begin(), axes.end(), axis) ? folded : kept).push_back(moved_axis(axis, rank_));
    result_.moves_results = !drops;
    return are_in_order(folded) && (!drops || are_in_order(kept));
  }

  const Node& node_;
  const AxisOperator& row_;
  const size_t rank_;
  Renumbered result_;
};

}  // namespace

Result<std::optional<Renumbered>> renumber(const Node& node, size_t rank) {
  const AxisOperator* row = row_of(node);
  if (row == nullptr || ((row->traits & kScaledAlong) != 0 && !is_scaled_along(node)))
    return std::optional<Renumbered>();
  return Renumberer(node, *row, rank).run();
}

}  // namespace tenon::host
