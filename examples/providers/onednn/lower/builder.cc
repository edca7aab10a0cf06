// Grows a program; see builder.h.
#include "lower/builder.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace onednn {
namespace {

/// Whether both put every element at the same place; strides of dimensions of one element do not count.
bool is_same_layout(const Desc& a, const Desc& b) {
  if (a == b) return true;
  const auto& blocks_a = a.data.format_desc.blocking;
  const auto& blocks_b = b.data.format_desc.blocking;
  if (blocks_a.inner_nblks != 0 || blocks_b.inner_nblks != 0 || a.data.ndims != b.data.ndims) return false;
  for (int i = 0; i < a.data.ndims; ++i) {
    if (a.data.dims[i] != b.data.dims[i]) return false;
    if (a.data.dims[i] != 1 && blocks_a.strides[i] != blocks_b.strides[i]) return false;
  }
  return true;
}

/// The dimension along which a reorder is cut: the first of more than one element that neither layout has blocks of.
int cut_dimension(const Desc& from, const Desc& to) {
  for (const int dim : {0, 2, 1, 3, 4, 5})
    if (dim < from.data.ndims && from.data.dims[dim] > 1 && block_of(from, dim) == 1 && block_of(to, dim) == 1)
      return dim;
  return 0;
}

}  // namespace

Builder::Builder(const Group& group, const std::vector<PackedLayout>& packed, bool careful, Program* program)
    : group_(group), packed_(packed), careful_(careful), program_(*program) {
  tensor_of_.assign(group.values.size(), -1);
  buffer_of_slot_.assign(packed.size(), -1);
  size_t outputs = 0;
  for (const Value& value : group.values) {
    readers_.push_back(value.output >= 0 ? 1 : 0);  // an output never loses its last one
    if (value.output >= 0) outputs = std::max(outputs, static_cast<size_t>(value.output) + 1);
  }
  program_.output_shapes.resize(outputs);
  for (const Value& value : group.values)
    if (value.output >= 0) program_.output_shapes[static_cast<size_t>(value.output)] = value.shape;
  for (const Op& op : group.ops) {
    for (const int input : op.inputs)
      if (input != kNone) ++readers_[static_cast<size_t>(input)];
    if (op.residual != kNone) ++readers_[static_cast<size_t>(op.residual)];
  }
}

Dims Builder::dims(int value) const {
  const sdk::Shape& shape = group_.values[static_cast<size_t>(value)].shape;
  return shape.empty() ? Dims{1} : Dims(shape.begin(), shape.end());
}

int Builder::add_buffer(Buffer::Kind kind, int index, int64_t bytes) {
  Buffer buffer;
  buffer.kind = kind;
  buffer.index = index;
  buffer.bytes = bytes;
  program_.buffers.push_back(buffer);
  is_shared_.push_back(kind != Buffer::Kind::kArena);
  return static_cast<int>(program_.buffers.size()) - 1;
}

int Builder::add_tensor(const Desc& desc, Place place) {
  program_.tensors.push_back({desc, place});
  return static_cast<int>(program_.tensors.size()) - 1;
}

int Builder::tensor(int value) {
  int& tensor = tensor_of_[static_cast<size_t>(value)];
  if (tensor < 0) {
    const int buffer = add_buffer(Buffer::Kind::kInput, group_.values[static_cast<size_t>(value)].input, 0);
    tensor = add_tensor(row_major(dims(value)), {buffer, 0});
  }
  return tensor;
}

bool Builder::is_row_major(int tensor) const {
  const Desc& desc = at(tensor).desc;
  return is_same_layout(desc, row_major(desc.dims()));
}

int Builder::temporary(const Desc& desc) {
  return add_tensor(desc, {add_buffer(Buffer::Kind::kArena, 0, static_cast<int64_t>(desc.get_size())), 0});
}

int Builder::tensor_in(int value, const Desc& desc) {
  const int from = tensor(value);
  if (is_same_layout(at(from).desc, desc)) return from;
  for (const auto& [of, tensor] : relaid_)
    if (of == value && is_same_layout(at(tensor).desc, desc)) return tensor;
  const int to = temporary(desc);
  reorder(from, to);
  relaid_.emplace_back(value, to);
  return to;
}

int Builder::define(int value, const Desc& desc) {
  const int output = group_.values[static_cast<size_t>(value)].output;
  int& tensor = tensor_of_[static_cast<size_t>(value)];
  if (output >= 0 && is_same_layout(desc, row_major(desc.dims()))) {
    tensor = add_tensor(desc, {add_buffer(Buffer::Kind::kOutput, output, 0), 0});
  } else {
    tensor = temporary(desc);
  }
  return tensor;
}

void Builder::define_view(int value, int tensor) {
  const Place place = at(tensor).place;
  is_shared_[static_cast<size_t>(place.buffer)] = true;
  tensor_of_[static_cast<size_t>(value)] = add_tensor(row_major(dims(value)), place);
}

int Builder::define_in_place(int value, int tensor) {
  return tensor_of_[static_cast<size_t>(value)] = add_tensor(at(tensor).desc, at(tensor).place);
}

bool Builder::may_overwrite(int value, int tensor) const {
  return readers_[static_cast<size_t>(value)] == 1 && !is_shared_[static_cast<size_t>(at(tensor).place.buffer)];
}

Place Builder::packed_place(int slot, int64_t offset) {
  int& buffer = buffer_of_slot_[static_cast<size_t>(slot)];
  if (buffer < 0) buffer = add_buffer(Buffer::Kind::kPacked, slot, 0);
  return {buffer, offset};
}

int Builder::relay_packed(int slot, const Desc& packed, const Desc& wanted) {
  const int to = temporary(wanted);
  reorder(add_tensor(packed, packed_place(slot, 0)), to);
  return to;
}

void Builder::add(StepPtr step, const std::vector<int>& tensors) {
  const auto index = static_cast<int>(program_.steps.size());
  for (const int tensor : tensors) {
    Buffer& buffer = program_.buffers[static_cast<size_t>(at(tensor).place.buffer)];
    if (buffer.first == Buffer::kNever) buffer.first = index;
    buffer.last = index;
  }
  program_.steps.push_back(std::move(step));
}

void Builder::count_readers(const Op& op) {
  for (const int input : op.inputs)
    if (input != kNone) --readers_[static_cast<size_t>(input)];
  if (op.residual != kNone) --readers_[static_cast<size_t>(op.residual)];
}

void Builder::reorder(int from, int to) {
  const Tensor source = at(from), target = at(to);
  if (target.desc.get_size() == 0) return;
  auto step = std::make_unique<PrimitiveStep>();
  step->name = "reorder";
  step->growth = Growth::kSame;
  step->ceiling = FLT_MAX;
  step->sources = {from};
  step->target = to;
  constexpr int64_t kPartBytes = 1 << 17;
  const int dim = cut_dimension(source.desc, target.desc);
  const int64_t size = source.desc.data.dims[dim];
  const int64_t bytes = std::max<int64_t>(static_cast<int64_t>(target.desc.get_size()), 1);
  const int64_t rows = std::max<int64_t>(1, size * kPartBytes / bytes);
  int variant = -1;
  for (int64_t begin = 0, of = 0; begin < size; begin += rows) {
    const int64_t count = std::min(rows, size - begin);
    const bool is_whole = count == size;
    if (count != of) {
      const Desc part_from = is_whole ? source.desc : part_of(source.desc, dim, count);
      const Desc part_to = is_whole ? target.desc : part_of(target.desc, dim, count);
      const dnnl::reorder::primitive_desc pd(cpu(), part_from, cpu(), part_to, plain_attributes());
      variant = step->add_variant(dnnl::reorder(pd), {{DNNL_ARG_FROM, part_from}, {DNNL_ARG_TO, part_to}},
                                  pd.scratchpad_desc());
      of = count;
    }
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {{source.place.buffer, source.place.offset + begin * stride_bytes(source.desc, dim)},
                   {target.place.buffer, target.place.offset + begin * stride_bytes(target.desc, dim)}};
    step->add_call(std::move(call));
  }
  step->part_ns = static_cast<double>(std::min(bytes, kPartBytes)) * 0.3;
  add(std::move(step), {from, to});
}

void Builder::finish() {
  for (size_t i = 0; i < group_.values.size(); ++i) {
    const Value& value = group_.values[i];
    if (value.output < 0) continue;
    const int from = tensor(static_cast<int>(i));
    const Buffer& buffer = program_.buffers[static_cast<size_t>(at(from).place.buffer)];
    if (buffer.kind == Buffer::Kind::kOutput && buffer.index == value.output) continue;
    const Desc plain = row_major(dims(static_cast<int>(i)));
    reorder(from, add_tensor(plain, {add_buffer(Buffer::Kind::kOutput, value.output, 0), 0}));
  }
  program_.lay_out();
}

dnnl::primitive_attr plain_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

Tail tail_of(const Builder& builder, const Op& op, bool may_lose_nan) {
  Tail tail;
  if (op.residual != kNone) tail.post_ops.append_sum(1.f);
  for (const Function& function : op.functions) {
    if (function.loses_nan() && (builder.careful() || !may_lose_nan)) {
      tail.left.push_back(function);
      continue;
    }
    tail.post_ops.append_eltwise(1.f, function.algorithm, function.alpha, function.beta);
    tail.loses_nan = function.loses_nan();
    tail.keeps_bound = function.loses_nan();
    if (function.algorithm == dnnl::algorithm::eltwise_clip)
      tail.most = std::max(std::abs(double(function.alpha)), std::abs(double(function.beta)));
  }
  return tail;
}

}  // namespace onednn
