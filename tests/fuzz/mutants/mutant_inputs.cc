#include "tests/fuzz/mutants/mutant_inputs.h"

#include <algorithm>
#include <cstring>

#include "tests/fuzz/mutants/attribute_mutation.h"

namespace tenon::mutants {
namespace {

constexpr int64_t kMostElements = 1 << 16;
constexpr uint32_t kFloat = 1, kString = 8, kBool = 9;

// Of one element, rounded up: 6 bits take a byte here.
size_t element_bits(uint32_t dtype) {
  switch (dtype) {
    case 1:
    case 6:
    case 12: return 32;
    case 7:
    case 11:
    case 13:
    case 14: return 64;
    case 4:
    case 5:
    case 10:
    case 16: return 16;
    case 15: return 128;
    case 21:
    case 22:
    case 23: return 4;
    case 25:
    case 26: return 2;
    case 27:
    case 28: return 6;
    default: return 8;
  }
}

std::vector<int64_t> choose_shape(const tenon_port& port, const onnx::TensorProto* example, Random& random) {
  std::vector<int64_t> shape;
  const size_t known = example == nullptr ? 0 : static_cast<size_t>(example->dims_size());
  const size_t rank = port.rank >= 0 ? static_cast<size_t>(port.rank) : example != nullptr ? known : random.below(4);
  for (size_t i = 0; i < rank; ++i) {
    int64_t d = port.rank >= 0 ? port.shape[i] : -1;
    if (d < 0) d = known == rank && !random.one_in(4) ? example->dims(static_cast<int>(i)) : random.between(0, 4);
    shape.push_back(d);
  }
  return shape;
}

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) {
    if (d > kMostElements) return kMostElements + 1;
    count = std::min(count * d, kMostElements + 1);
  }
  return count;
}

std::string make_bytes(uint32_t dtype, int64_t count, Random& random) {
  std::string bytes((static_cast<size_t>(count) * element_bits(dtype) + 7) / 8, '\0');
  const size_t width = std::max<size_t>(1, element_bits(dtype) / 8);
  for (size_t at = 0; at + width <= bytes.size(); at += width) {
    const int64_t integer = dtype == kBool ? random.between(0, 1) : odd_integer(random);
    const float real = odd_float(random);
    if (dtype == kFloat)
      std::memcpy(bytes.data() + at, &real, sizeof real);
    else
      std::memcpy(bytes.data() + at, &integer, std::min(width, sizeof integer));
  }
  return bytes;
}

}  // namespace

MutantInputs::MutantInputs(const tenon_session& session, const Seed& seed, Random& random) {
  for (size_t i = 0; i < tenon_session_input_count(&session); ++i) {
    tenon_port port;
    if (tenon_session_input(&session, i, &port) != 0) continue;
    const auto named = std::find_if(seed.inputs.begin(), seed.inputs.end(),
                                    [&](const auto& tensor) { return tensor.name() == port.name; });
    const onnx::TensorProto* example = named != seed.inputs.end() ? &*named
                                       : i < seed.inputs.size()   ? &seed.inputs[i]
                                                                  : nullptr;
    add(port, example, random);
  }
}

void MutantInputs::add(const tenon_port& port, const onnx::TensorProto* example, Random& random) {
  const auto& shape = shapes_.emplace_back(choose_shape(port, example, random));
  const int64_t count = count_of(shape);
  if (count > kMostElements) return;  // the session says that it is missing
  tenon_tensor tensor{names_.emplace_back(port.name).c_str(),
                      port.dtype,
                      static_cast<uint32_t>(shape.size()),
                      shape.data(),
                      nullptr,
                      0};
  if (port.dtype == kString) {
    auto& strings = strings_.emplace_back();
    for (int64_t i = 0; i < count; ++i) strings.push_back(random.of({tenon_string{"", 0}, tenon_string{"a1", 2}}));
    tensor.data = strings.data();
    tensor.byte_length = strings.size() * sizeof(tenon_string);
  } else {
    const bool is_same = example != nullptr && static_cast<uint32_t>(example->data_type()) == port.dtype &&
                         std::equal(shape.begin(), shape.end(), example->dims().begin(), example->dims().end());
    const bool takes_example = is_same && !example->raw_data().empty() && !random.one_in(4);
    const std::string& bytes =
        bytes_.emplace_back(takes_example ? example->raw_data() : make_bytes(port.dtype, count, random));
    tensor.data = bytes.data();
    tensor.byte_length = bytes.size();
  }
  tensors_.push_back(tensor);
}

}  // namespace tenon::mutants
