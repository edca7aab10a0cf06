#include "tests/fuzz/mutants/tensor_mutation.h"

#include <cstring>

#include "tests/fuzz/mutants/attribute_mutation.h"

namespace tenon::mutants {
namespace {

constexpr int kNewestType = 28;

int64_t odd_dimension(Random& random) {
  return random.one_in(6) ? odd_integer(random) : random.between(0, 5);
}

size_t element_bytes(int data_type) {
  switch (data_type) {
    case 1:
    case 6:
    case 12: return 4;
    case 7:
    case 11:
    case 13:
    case 14: return 8;
    case 4:
    case 5:
    case 10:
    case 16: return 2;
    case 15: return 16;
    default: return 1;
  }
}

// raw_data of the length that dimensions and type ask for, in odd values.
void refill(onnx::TensorProto& tensor, Random& random) {
  size_t count = 1;
  for (const int64_t d : tensor.dims()) {
    if (d < 0 || d > 4096) return;
    count *= static_cast<size_t>(d);
    if (count > 4096) return;
  }
  for (auto clear : {&onnx::TensorProto::clear_float_data, &onnx::TensorProto::clear_int32_data,
                     &onnx::TensorProto::clear_int64_data, &onnx::TensorProto::clear_double_data,
                     &onnx::TensorProto::clear_uint64_data, &onnx::TensorProto::clear_string_data})
    (tensor.*clear)();
  std::string data(count * element_bytes(tensor.data_type()), '\0');
  for (size_t i = 0; i < count; ++i) {
    const int64_t integer = odd_integer(random);
    const float real = odd_float(random);
    char* at = data.data() + i * element_bytes(tensor.data_type());
    if (tensor.data_type() == 1)
      std::memcpy(at, &real, 4);
    else if (tensor.data_type() == 9)
      *at = static_cast<char>(integer & 1);
    else
      std::memcpy(at, &integer, std::min<size_t>(8, element_bytes(tensor.data_type())));
  }
  tensor.set_raw_data(std::move(data));
}

}  // namespace

void mutate_type(onnx::ValueInfoProto& info, Random& random) {
  if (random.one_in(12)) {
    info.clear_type();
    return;
  }
  if (random.one_in(16)) {
    info.mutable_type()->mutable_sequence_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(1);
    return;
  }
  if (!info.type().has_tensor_type()) return;
  auto& type = *info.mutable_type()->mutable_tensor_type();
  if (random.one_in(3)) {
    type.set_elem_type(static_cast<int>(random.between(0, kNewestType + 1)));
    return;
  }
  auto& shape = *type.mutable_shape();
  const int rank = shape.dim_size();
  const int i = rank == 0 ? 0 : static_cast<int>(random.below(rank));
  switch (random.below(6)) {
    case 0: type.clear_shape(); break;
    case 1:
      if (rank > 0) shape.mutable_dim()->DeleteSubrange(i, 1);
      break;
    case 2: shape.add_dim()->set_dim_value(odd_dimension(random)); break;
    case 3:
      if (rank > 0) shape.mutable_dim(i)->set_dim_param(random.of({"?", "N", "batch", ""}));
      break;
    default:
      if (rank > 0) shape.mutable_dim(i)->set_dim_value(odd_dimension(random));
  }
}

void mutate_tensor(onnx::TensorProto& tensor, Random& random) {
  const int rank = tensor.dims_size();
  switch (random.below(7)) {
    case 0: tensor.set_data_type(static_cast<int>(random.between(0, kNewestType + 1))); break;
    case 1:
      if (rank > 0) tensor.set_dims(static_cast<int>(random.below(rank)), odd_dimension(random));
      break;
    case 2: tensor.add_dims(odd_dimension(random)); break;
    case 3:
      if (rank > 0) tensor.mutable_dims()->Truncate(rank - 1);
      break;
    case 4:
      if (!tensor.raw_data().empty()) tensor.mutable_raw_data()->pop_back();
      break;
    default: break;
  }
  if (!random.one_in(4)) refill(tensor, random);
}

}  // namespace tenon::mutants
