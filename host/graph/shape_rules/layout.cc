// Shape rules of operators that keep the elements and change how they are arranged.
#include <algorithm>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/geometry/blocks.hpp>
#include <tenon/sdk/geometry/broadcast.hpp>
#include <tenon/sdk/geometry/reshape.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"
#include "host/graph/shape_rules/told_dims.h"

namespace tenon::host::shape_rules {
namespace {

// How many elements lie in the dimensions that are known, and which are not.
struct Volume {
  WideInt known = 1;
  std::vector<const Dim*> unknown;
  bool overflow = false;

  void add(const Dim& d) {
    if (!is_known(d)) {
      unknown.push_back(&d);
    } else if (d.value != 0 && known > INT64_MAX / d.value) {
      overflow = true;
    } else {
      known *= d.value;
    }
  }
};

// Dimensions of input and output that are surely the same cancel each other.
void cancel_common(Volume& a, Volume& b) {
  std::erase_if(a.unknown, [&](const Dim* d) {
    const auto twin = std::find_if(b.unknown.begin(), b.unknown.end(),
                                   [&](const Dim* other) { return d == other || is_same(*d, *other); });
    if (twin == b.unknown.end()) return false;
    b.unknown.erase(twin);
    return true;
  });
}

// The dimension that the -1 of a Reshape stands for.
Result<Dim> remaining_dim(const ShapeContext& c, const Dims& x, const std::vector<const Dim*>& others) {
  Volume in, out;
  for (const Dim& d : x) in.add(d);
  for (const Dim* d : others) out.add(*d);
  if (in.overflow || out.overflow) return c.fail("the shape has too many elements for 64 bits");
  cancel_common(in, out);
  if (!out.unknown.empty() || out.known == 0) return unknown_dim();
  if (in.unknown.empty()) {
    if (in.known % out.known != 0)
      return c.fail("the input ", describe(x), " has ", static_cast<int64_t>(in.known),
                    " elements, which the stated dimensions, ", static_cast<int64_t>(out.known),
                    " in all, do not divide: correct the shape that it is given");
    return known_dim(static_cast<int64_t>(in.known / out.known));
  }
  return in.unknown.size() == 1 && in.known == out.known ? *in.unknown[0] : unknown_dim();
}

Status check_element_count(const ShapeContext& c, const Dims& x, const Dims& y) {
  const auto before = product(x.data(), x.data() + x.size());
  const auto after = product(y.data(), y.data() + y.size());
  if (before && after && is_known(*before) && is_known(*after) && before->value != after->value)
    return c.fail("the input ", describe(x), " has ", before->value, " elements, but the new shape ", describe(y),
                  " has ", after->value, ": both must have the same number");
  return {};
}

// What is left to say when the new shape is computed at run time: its rank, at best.
void set_rank_of(ShapeContext& c, size_t shape_input) {
  const Dims* target = c.shape(shape_input);
  if (target != nullptr && target->size() == 1 && is_known((*target)[0]) &&
      (*target)[0].value <= static_cast<int64_t>(kMaxRank))
    c.set(0, Dims(static_cast<size_t>((*target)[0].value)));
}

// Blocks of block x block go from the channels to the place, or back.
Status move_blocks(ShapeContext& c, bool to_space) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 4, "it is N x C x H x W"));
  const Dims* x = c.shape(0);
  const int64_t block = c.attr("blocksize");
  TENON_RETURN_IF_ERROR(from_sdk(c, sdk::check_block(block)));
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const auto sizes, from_sdk(c, sdk::block_moved_shape(sizes_of(*x), block, to_space)));
  Dims y{(*x)[0]};
  for (size_t i = 1; i < sizes.size(); ++i) y.push_back(sizes[i] < 0 ? unknown_dim() : known_dim(sizes[i]));
  c.set(0, std::move(y));
  return {};
}

using Told = std::vector<ToldDim>;

std::optional<std::vector<int64_t>> numbers_of(const Told& told) {
  std::vector<int64_t> numbers;
  for (const ToldDim& d : told) {
    if (!d.number) return std::nullopt;
    numbers.push_back(*d.number);
  }
  return numbers;
}

// Dimension i of a Reshape to `wanted`, which is no -1. A dimension of x that is told by its name stays what it is
// where it was; elsewhere it may be the 0 that keeps what is there.
Result<Dim> reshaped_dim(const ShapeContext& c, const ToldDim& wanted, size_t i, const Dims* x, bool allow_zero) {
  if (!wanted.number) {
    const bool is_kept = x != nullptr && i < x->size() && is_same((*x)[i], wanted.dim);
    return allow_zero || is_kept ? wanted.dim : unknown_dim();
  }
  const int64_t d = *wanted.number;
  if (d < -1) return c.fail("the new shape has ", d, " at index ", i, ", expected -1, 0 or a size");
  if (d != 0 || allow_zero) return known_dim(d);
  if (x == nullptr) return unknown_dim();
  if (i < x->size()) return (*x)[i];
  return c.fail("the new shape has 0 at index ", i, ", but the input ", describe(*x),
                " has no dimension there to keep: state the size, or set allowzero for an empty one");
}

Status reshape_to(ShapeContext& c, const Told& target, bool allow_zero) {
  const Dims* x = c.shape(0);
  Dims y(target.size());
  std::optional<size_t> wildcard;
  bool is_sure = true;  // that the wildcard is what the others leave
  for (size_t i = 0; i < y.size(); ++i) {
    if (target[i].number == -1) {
      if (wildcard)
        return c.fail("the new shape has -1 at ", *wildcard, " and at ", i, ", but only one can be computed");
      wildcard = i;
      continue;
    }
    TENON_ASSIGN_OR_RETURN(y[i], reshaped_dim(c, target[i], i, x, allow_zero));
    is_sure = is_sure && (is_known(y[i]) || x == nullptr || target[i].number || !y[i].symbol.empty());
  }
  if (x != nullptr && wildcard && is_sure) {
    std::vector<const Dim*> others;
    for (size_t i = 0; i < y.size(); ++i)
      if (i != *wildcard) others.push_back(x != nullptr && target[i].number == 0 && !allow_zero ? &(*x)[i] : &y[i]);
    TENON_ASSIGN_OR_RETURN(y[*wildcard], remaining_dim(c, *x, others));
  } else if (x != nullptr && !wildcard) {
    TENON_RETURN_IF_ERROR(check_element_count(c, *x, y));
  }
  c.set(0, std::move(y));
  return {};
}

}  // namespace

Status reshape(ShapeContext& c) {
  const auto attribute = c.version() < 5 ? c.ints_attr("shape") : std::nullopt;
  const auto target = attribute ? told_numbers(*attribute) : c.version() < 5 ? std::nullopt : told(c, 1);
  if (!target) {
    set_rank_of(c, 1);
    return {};
  }
  if (target->size() > kMaxRank)
    return c.fail("the new shape has ", target->size(), " dimensions, expected at most ", kMaxRank);
  const Dims* x = c.shape(0);
  const bool allow_zero = c.attr("allowzero") != 0;
  const auto numbers = numbers_of(*target);
  if (!numbers || x == nullptr || !std::all_of(x->begin(), x->end(), is_known))
    return reshape_to(c, *target, allow_zero);
  TENON_ASSIGN_OR_RETURN(const auto sizes, from_sdk(c, sdk::reshaped(sizes_of(*x), *numbers, allow_zero)));
  Dims known;
  for (const int64_t size : sizes) known.push_back(known_dim(size));
  c.set(0, std::move(known));
  return {};
}

Status flatten(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const size_t axis, from_sdk(c, sdk::flatten_index(c.attr("axis"), x->size(), c.version())));
  const auto rows = product(x->data(), x->data() + axis);
  const auto columns = product(x->data() + axis, x->data() + x->size());
  if (!rows || !columns) return c.fail("the input ", describe(*x), " has too many elements for 64 bits");
  c.set(0, {*rows, *columns});
  return {};
}

Status transpose(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const auto perm = c.ints_attr("perm");
  TENON_ASSIGN_OR_RETURN(const auto from, from_sdk(c, sdk::permuted_axes(perm ? &*perm : nullptr, x->size())));
  Dims y;
  for (const size_t i : from) y.push_back((*x)[i]);
  c.set(0, std::move(y));
  return {};
}

Status squeeze(ShapeContext& c) {
  const Dims* x = c.shape(0);
  bool given = false;
  const auto axes = c.axes(1, &given);
  if (x == nullptr || !axes) return {};
  if (!given && !std::all_of(x->begin(), x->end(), is_known)) return {};
  TENON_ASSIGN_OR_RETURN(const auto dropped, from_sdk(c, sdk::dropped_axes(sizes_of(*x), given ? &*axes : nullptr)));
  Dims y;
  for (size_t i = 0; i < x->size(); ++i)
    if (!dropped[i]) y.push_back((*x)[i]);
  c.set(0, std::move(y));
  return {};
}

Status unsqueeze(ShapeContext& c) {
  const Dims* x = c.shape(0);
  bool given = false;
  const auto axes = c.axes(1, &given);
  if (x == nullptr || !axes) return {};
  TENON_ASSIGN_OR_RETURN(const auto inserted, from_sdk(c, sdk::inserted_axes(*axes, x->size())));
  Dims y;
  auto next = x->begin();
  for (const bool is_new : inserted) y.push_back(is_new ? known_dim(1) : *next++);
  c.set(0, std::move(y));
  return {};
}

// A dimension that is asked for by its name is that one where x has 1, and elsewhere what x has.
Status expand(ShapeContext& c) {
  const Dims* x = c.shape(0);
  const auto target = told(c, 1);
  if (x == nullptr || !target) return {};
  Dims asked;
  for (const ToldDim& d : *target) {
    if (d.number && *d.number < 0) return c.fail("the new shape has ", *d.number, ", expected 0 or more");
    asked.push_back(d.number ? known_dim(*d.number) : d.dim);
  }
  TENON_RETURN_IF_ERROR(from_sdk(c, sdk::broadcast_shape(sizes_of(*x), sizes_of(asked))).status());
  if (auto y = broadcast(*x, asked)) c.set(0, std::move(*y));
  return {};
}

Status depth_to_space(ShapeContext& c) {
  return move_blocks(c, true);
}

Status space_to_depth(ShapeContext& c) {
  return move_blocks(c, false);
}

}  // namespace tenon::host::shape_rules
