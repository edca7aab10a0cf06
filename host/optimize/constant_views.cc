#include "host/optimize/constant_views.h"

#include <algorithm>

#include "host/base/dtype.h"
#include "host/graph/view_rules.h"

namespace tenon::host {
namespace {

bool is_private(const Tensor& tensor) {
  return tensor.residence() != Residence::kMapped && tensor.residence() != Residence::kPackFile &&
         tensor.residence() != Residence::kBorrowed;
}

// Elements of less than a byte make a view where it begins and ends with a byte, or with the tensor.
std::optional<Tensor> part_of(const Tensor& source, const ElementView& view) {
  const CheckedSize bits = CheckedSize::from_signed(dtype_bits(source.dtype()));
  const auto begin = (CheckedSize::from_signed(view.offset) * bits).get();
  const auto count = checked_element_count(view.shape).get();
  const auto length = checked_byte_length(source.dtype(), view.shape).get();
  if (!begin || !count || !length || *begin % 8 != 0) return std::nullopt;
  const bool is_at_end = static_cast<uint64_t>(view.offset) + *count == static_cast<uint64_t>(source.element_count());
  const auto span = (CheckedSize(*count) * bits).get();
  if (!span || (*span % 8 != 0 && !is_at_end)) return std::nullopt;
  if (!(CheckedSize(*begin / 8) + *length).fits(source.byte_length())) return std::nullopt;
  return source.part(view.shape, static_cast<size_t>(*begin / 8), static_cast<size_t>(*length));
}

}  // namespace

std::optional<std::vector<Tensor>> constant_views(const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == nullptr || !node.inputs[0]->is_constant()) return std::nullopt;
  const Tensor& source = *node.inputs[0]->constant;
  if (source.data() == nullptr) return std::nullopt;
  const auto views = views_of(node);
  if (!views) return std::nullopt;
  std::vector<Tensor> tensors(views->size());
  size_t covered = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (node.outputs[i] == nullptr) continue;
    auto tensor = part_of(source, (*views)[i]);
    if (!tensor) return std::nullopt;
    covered += tensor->byte_length();
    tensors[i] = std::move(*tensor);
  }
  if (is_private(source) && covered < source.byte_length()) return std::nullopt;
  return tensors;
}

}  // namespace tenon::host
