#include "tests/fuzz/mutants/attribute_mutation.h"

#include <limits>

namespace tenon::mutants {
namespace {

using Type = onnx::AttributeProto;

void change_type(onnx::AttributeProto& attribute, Random& random) {
  const std::string name = attribute.name();
  attribute.Clear();
  attribute.set_name(name);
  switch (random.below(6)) {
    case 0:
      attribute.set_type(Type::INT);
      attribute.set_i(odd_integer(random));
      break;
    case 1:
      attribute.set_type(Type::FLOAT);
      attribute.set_f(odd_float(random));
      break;
    case 2:
      attribute.set_type(Type::STRING);
      attribute.set_s("text");
      break;
    case 3: attribute.set_type(Type::INTS); break;
    case 4: attribute.set_type(Type::FLOATS); break;
    default:
      attribute.set_type(Type::TENSOR);
      attribute.mutable_t()->set_data_type(1);
      attribute.mutable_t()->add_float_data(odd_float(random));
  }
}

template <typename List, typename Make>
void change_list(List& list, Random& random, Make make) {
  const int count = list.size();
  switch (random.below(4)) {
    case 0: list.Truncate(count == 0 ? 0 : static_cast<int>(random.below(count))); break;
    case 1:
      for (size_t more = 1 + random.below(4); more > 0; --more) list.Add(make());
      break;
    default:
      if (count == 0)
        list.Add(make());
      else
        list.Set(static_cast<int>(random.below(count)), make());
  }
}

void change_value(onnx::AttributeProto& attribute, const Corpus& corpus, Random& random) {
  switch (attribute.type()) {
    case Type::INT: attribute.set_i(odd_integer(random)); break;
    case Type::FLOAT: attribute.set_f(odd_float(random)); break;
    case Type::STRING:
      attribute.set_s(random.one_in(4) ? random.of({"", "SAME", "odd"}) : random.of(corpus.texts));
      break;
    case Type::INTS: change_list(*attribute.mutable_ints(), random, [&] { return odd_integer(random); }); break;
    case Type::FLOATS: change_list(*attribute.mutable_floats(), random, [&] { return odd_float(random); }); break;
    default: change_type(attribute, random);
  }
}

}  // namespace

int64_t odd_integer(Random& random) {
  if (!random.one_in(3)) return random.between(-3, 5);
  return random.of({int64_t{0}, int64_t{7}, int64_t{16}, int64_t{100}, int64_t{-100}, int64_t{65536}, int64_t{1} << 31,
                    (int64_t{1} << 31) - 1, -(int64_t{1} << 31), int64_t{1} << 32, int64_t{1} << 40, int64_t{1} << 62,
                    std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(),
                    std::numeric_limits<int64_t>::min() + 1});
}

float odd_float(Random& random) {
  if (random.one_in(2)) return static_cast<float>(random.between(-40, 40)) / 8;
  return random.of({0.f, -0.f, 1.f, 1e-30f, -1e-30f, 1e30f, -1e30f, 3.4e38f, std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(),
                    std::numeric_limits<float>::denorm_min()});
}

void mutate_attributes(onnx::NodeProto& node, const Corpus& corpus, Random& random) {
  const int count = node.attribute_size();
  const auto known = corpus.attributes.find(node.op_type());
  if (known != corpus.attributes.end() && (count == 0 || random.one_in(3))) {
    const onnx::AttributeProto& borrowed = random.of(known->second);
    // Mostly in place of the one that is there.
    for (auto& attribute : *node.mutable_attribute())
      if (attribute.name() == borrowed.name() && !random.one_in(8)) {
        attribute = borrowed;
        return;
      }
    *node.add_attribute() = borrowed;
    if (random.one_in(2)) change_value(*node.mutable_attribute(count), corpus, random);
    return;
  }
  if (count == 0) return;
  const int i = static_cast<int>(random.below(count));
  switch (random.below(8)) {
    case 0: node.mutable_attribute()->DeleteSubrange(i, 1); break;
    case 1: change_type(*node.mutable_attribute(i), random); break;
    case 2: node.mutable_attribute(i)->set_name(random.of({"axis", "axes", "odd", "to", "mode"})); break;
    default: change_value(*node.mutable_attribute(i), corpus, random);
  }
}

}  // namespace tenon::mutants
