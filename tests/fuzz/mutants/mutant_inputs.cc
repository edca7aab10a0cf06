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
    tenon_port port{};
    port.struct_size = sizeof port;
    if (tenon_session_input(&session, i, &port) != 0) continue;
    const tenon_value_type type{sizeof type, port.kind, port.dtype, port.held, port.key};
    const auto named = std::find_if(seed.inputs.begin(), seed.inputs.end(),
                                    [&](const auto& tensor) { return tensor.name() == port.name; });
    const onnx::TensorProto* example = named != seed.inputs.end() ? &*named
                                       : i < seed.inputs.size()   ? &seed.inputs[i]
                                                                  : nullptr;
    const tenon_value* value = make_value(type, port, example, random);
    // One that is missing is for the session to say.
    if (value != nullptr) values_.push_back({sizeof(tenon_named_value), names_.emplace_back(port.name).c_str(), value});
  }
}

const tenon_value* MutantInputs::keep(tenon_value* value) {
  kept_.emplace_back(value, tenon_value_destroy);
  return value;
}

const tenon_value* MutantInputs::make_value(tenon_value_type type, const tenon_port& port,
                                            const onnx::TensorProto* example, Random& random) {
  tenon_value* value = nullptr;
  if (type.kind == TENON_MAP) return make_map(type, port, random);
  if (type.kind == TENON_TENSOR) {
    const auto tensor = make_tensor(port, example, random);
    if (tensor) tenon_value_of_tensor(&*tensor, &value);
    return keep(value);
  }
  tenon_value_type held = type;
  held.kind = type.held;
  held.held = TENON_TENSOR;
  if (type.kind == TENON_OPTIONAL) {
    const tenon_value* element = random.one_in(3) ? nullptr : make_value(held, port, nullptr, random);
    tenon_value_of_optional(element, &value);
    return keep(value);
  }
  std::vector<const tenon_value*> elements;
  for (int64_t i = random.between(0, 3); i > 0; --i)
    if (const tenon_value* element = make_value(held, port, nullptr, random)) elements.push_back(element);
  tenon_value_of_elements(elements.data(), elements.size(), &value);
  return keep(value);
}

const tenon_value* MutantInputs::make_map(const tenon_value_type& type, const tenon_port& port, Random& random) {
  const int64_t length = random.between(0, 3);
  const auto list = [&](uint32_t dtype) {
    tenon_port list_port = port;
    list_port.dtype = dtype;
    list_port.rank = 1;
    list_port.shape = &length;
    return make_tensor(list_port, nullptr, random);
  };
  const auto keys = list(type.key), values = list(type.dtype);
  tenon_value* value = nullptr;
  if (keys && values) tenon_value_of_map(&*keys, &*values, &value);
  return keep(value);
}

std::optional<tenon_tensor> MutantInputs::make_tensor(const tenon_port& port, const onnx::TensorProto* example,
                                                      Random& random) {
  const auto& shape = shapes_.emplace_back(choose_shape(port, example, random));
  const int64_t count = count_of(shape);
  if (count > kMostElements) return std::nullopt;
  tenon_tensor tensor{sizeof tensor,     "", port.dtype, static_cast<uint32_t>(shape.size()), shape.data(), nullptr, 0,
                      TENON_MEMORY_HOST, 0};
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
  return tensor;
}

}  // namespace tenon::mutants
