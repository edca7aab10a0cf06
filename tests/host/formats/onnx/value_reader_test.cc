#include "host/formats/onnx/value_reader.h"

#include <catch2/catch.hpp>

#include "tests/support/onnx_models.h"
#include "tests/support/run_values.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
using Kind = ValueType::Kind;

namespace {

void set_floats(onnx::TensorProto& tensor, const Floats& values) {
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const float value : values) tensor.add_float_data(value);
}

}  // namespace

TEST_CASE("a SequenceProto is read with its tensors", "[value_reader]") {
  const TempFolder folder;
  onnx::SequenceProto proto;
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  set_floats(*proto.add_tensor_values(), {1, 2});
  set_floats(*proto.add_tensor_values(), {});
  const auto file = folder.write("input_0.pb", proto.SerializeAsString());
  CHECK(floats_of(must(read_value_proto(file, floats_in(Kind::kSequence)))) == std::vector<Floats>{{1, 2}, {}});
}

TEST_CASE("an OptionalProto is read, empty or with what it holds", "[value_reader]") {
  const TempFolder folder;
  onnx::OptionalProto proto;
  const ValueType type = floats_in(Kind::kOptional, Kind::kSequence);
  const auto empty = folder.write("empty.pb", proto.SerializeAsString());
  CHECK(describe(must(read_value_proto(empty, type))) == "optional(sequence(float)) of 0");
  set_floats(*proto.mutable_sequence_value()->add_tensor_values(), {3});
  const auto full = folder.write("full.pb", proto.SerializeAsString());
  CHECK(floats_of(must(read_value_proto(full, type)).elements()[0]) == std::vector<Floats>{{3}});
}

TEST_CASE("a MapProto is read as keys and values", "[value_reader]") {
  const TempFolder folder;
  onnx::MapProto proto;
  proto.set_key_type(onnx::TensorProto::INT64);
  for (const int64_t key : {5, 6}) {
    proto.add_keys(key);
    onnx::TensorProto& value = *proto.mutable_values()->add_tensor_values();
    value.set_data_type(onnx::TensorProto::FLOAT);
    value.add_float_data(static_cast<float>(key) / 2);
  }
  const ValueType type = floats_in(Kind::kMap, Kind::kTensor, TN_INT64);
  const RunValue map = must(read_value_proto(folder.write("map.pb", proto.SerializeAsString()), type));
  CHECK(ints_of(map.keys()) == Ints{5, 6});
  CHECK(values_of(map.values()) == Floats{2.5f, 3});
  proto.add_keys(7);
  CHECK_FALSE(read_value_proto(folder.write("more_keys.pb", proto.SerializeAsString()), type).is_ok());
}

TEST_CASE("a file that holds no such value is refused", "[value_reader]") {
  const TempFolder folder;
  const auto file = folder.write("input_0.pb", "\xff\xff\xff");
  for (const Kind kind : {Kind::kTensor, Kind::kSequence, Kind::kOptional, Kind::kMap})
    CHECK(read_value_proto(file, floats_in(kind)).status().code() == TN_INVALID_MODEL);
}
